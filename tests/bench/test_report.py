"""Figures in words."""

from bench import report

ROW = {
    "connections": 32, "delivered": 10, "delivered_per_s": 3100.4, "acks_per_s": 3200.0, "ack_p50_ms": 8.0,
    "ack_p99_ms": 24.0, "end_p50_ms": 11.0, "end_p99_ms": 30.0, "cpu_s_per_1000": 0.39,
    "generator_cpu_s_per_1000": 0.05, "sink_cpu_s_per_1000": 0.04, "written_per_message": 12345,
    "growth_per_message": 3456, "pss_mb": 150, "foreign_cores": 0.1, "disturbed": False, "lost": 0, "doubled": 0,
    "fsync_ms": 1.5, "strange": 0, "spoilt": 0, "refused": 0,
}  # fmt: skip
MACHINE = {"processor": "any", "cores": 2, "memory_gib": 4, "kernel": "6", "python": "3", "fsync_ms": 1.0, "load": 0}


def result(**changes):
    part = {"route": "mllp", "in_flight": 8, "ordered": False, "rows": [{**ROW, **changes}]}
    return {"at": "2026-01-05T08:00:00+00:00", "machine": MACHINE, "parts": [part]}


def test_what_is_wanted_and_reached():
    told = [target.line() for target in report.targets(result())]
    assert told[0] == "reached: delivered a second at 32 connections: 3,100.4 (wanted at least 3,000)"
    assert len(told) == 4
    assert all(line.startswith("reached") for line in told)


def test_what_is_not_reached_is_said_so():
    found = report.targets(result(delivered_per_s=2999.0, ack_p99_ms=26.0, cpu_s_per_1000=0.41, pss_mb=220))
    assert [target.good for target in found] == [False] * 4
    assert found[0].line().startswith("NOT reached")


def test_a_disturbed_figure_is_marked():
    told = "\n".join(report.lines(result(disturbed=True, foreign_cores=0.9)))
    assert "(wanted at least 3,000) !" in told
    assert "others used more than 0.3 of a core" in told


def test_a_fault_is_loud():
    assert report.line(ROW).count("LOST") == 0
    assert "3 LOST" in report.line({**ROW, "lost": 3})
    assert not report.all_sound(result(doubled=1))
    assert report.all_sound(result())


def test_the_table_of_a_page():
    head, rule, row = report.table(result()["parts"][0])
    assert head.count("|") == rule.count("|") == row.count("|") == len(report.COLUMNS) + 1
    assert "| 3,100 |" in row
