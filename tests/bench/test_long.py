"""Whether memory grows: what is made of the samples."""

import pytest

from bench import long


def samples(grow, start=0.0):
    return [
        {"messages": 1000.0 * n, "daemon_mb": 50 + start * (n < 3) + grow * n, "workers_mb": 40.0,
         "wal_mb": 4.0 + (n == 5), "store_mb": 2.0 * n}
        for n in range(21)
    ]  # fmt: skip


def test_growth_is_found():
    told = long.judge(samples(grow=0.5))
    assert told["slope_mb_per_million"] == pytest.approx(500)
    assert told["workers_slope_mb_per_million"] == 0
    assert (told["end_mb"], told["peak_mb"]) == (100.0, 100.0)
    assert (told["wal_peak_mb"], told["store_mb"]) == (5.0, 40.0)


def test_what_happens_at_the_beginning_is_no_growth():
    assert long.judge(samples(grow=0.0, start=-30.0))["slope_mb_per_million"] == pytest.approx(0)


def test_a_run():
    told = long.run(60, connections=4, every=0.2)
    assert (told["lost"], told["doubled"]) == (0, 0)
    assert told["samples"][-1]["messages"] == 60
    assert told["samples"][-1]["daemon_mb"] > 10
    assert "60 messages" in long.lines(told)[0]
