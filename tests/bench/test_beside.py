"""A store beside a daemon, small."""

from bench import beside


def test_all_three():
    told = beside.run(400, searches=5)
    assert told["start_again_s"] > 0
    assert told["search"]["p95_ms"] >= told["search"]["p50_ms"] > 0
    assert told["prune"]["load"]["refused"] == 0
    assert told["prune"]["load"]["acks_per_s"] > 0
    assert any("400 messages stored" in line for line in beside.lines(told))
