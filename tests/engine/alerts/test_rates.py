"""Messages in the last hour, out of counters."""

from __future__ import annotations

from engine.alerts.rates import KEPT, Rates, counted

HOUR = 3600.0


def test_a_window_is_known_when_it_has_passed() -> None:
    rates = Rates()
    for second in range(0, 7201, 5):
        rates.sample([("in", HOUR)], {"in": second // 10}, float(second))
        count, whole = rates.count("in", HOUR, second // 10, float(second))
        assert whole is (second >= HOUR)
        assert abs(count - min(second, HOUR) / 10) <= 2


def test_what_is_asked_no_more_is_forgotten_and_what_is_kept_is_bounded() -> None:
    rates = Rates()
    for second in range(0, 100_000, 5):
        rates.sample([("in", HOUR)], {}, float(second))
    assert len(rates._samples[("in", HOUR)]) <= KEPT + 2
    rates.sample([], {}, 0.0)
    assert rates.count("in", HOUR, 5, 0.0) == (0, False)


def test_a_source_counts_what_comes_a_sink_what_goes() -> None:
    told = {"connections": {"a": {"in": 3, "out": 1}, "b": {"in": 3, "out": 1}, "c": {}}}
    assert counted(told, ["a"]) == {"a": 3, "b": 1, "c": 0}
