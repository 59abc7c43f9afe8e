"""Numbers of the last hour, and errors without content."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.runtime.counters import MINUTES, Counters, Spark
from engine.site.model import Connection, Receive, Route, Site


@pytest.fixture(name="minute")
def fixture_minute(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    minute = [1000]
    monkeypatch.setattr("time.monotonic", lambda: minute[0] * 60.0)
    return minute


def test_events_by_minute(minute: list[int]) -> None:
    spark = Spark()
    spark.add()
    spark.add()
    minute[0] += 2
    spark.add()
    assert spark.values()[-3:] == [2, 0, 1]
    minute[0] += MINUTES * 3
    assert spark.values() == [0] * MINUTES
    spark.add()
    assert spark.values()[-1] == 1


def test_what_came_went_and_failed() -> None:
    route = Route("r", "1", Receive(("in",)), (), ())
    count = Counters(
        Site(Path(), {"in": Connection("in", "t", None), "out": Connection("out", "t", None)}, {}, {"r": route}, {}, {})
    )
    count.received("in", "r", "accepted")
    count.received("in", "r", "repeat")
    count.refused("in", "WB-1001 not XML")
    count.sent("out")
    count.failed("out", "down")
    count.settled("r", "done")
    count.settled("r", "waiting")
    count.settled("gone", "done")
    count.changed("out", "down", "connection refused")
    found = count.as_dict()
    into, out = found["connections"]["in"], found["connections"]["out"]
    assert (into["in"], into["repeats"], into["errors"], into["last_error"]) == (3, 1, 1, "WB-1001 not XML")
    assert (into["refused"], into["failed"], out["refused"], out["failed"]) == (1, 0, 0, 1)
    assert into["last_error_at"] is not None
    assert (out["out"], out["errors"], out["last_error"]) == (1, 1, "down")
    assert (found["routes"]["r"]["in"], found["routes"]["r"]["out"], found["bugs"]) == (2, 1, 0)
    assert [one[1:] for one in count.history("out")] == [("down", "connection refused")]
    assert count.history("in") == count.history("unknown") == []


def test_what_a_reload_brought_is_counted_from_its_first_message() -> None:
    count = Counters(Site(Path(), {}, {}, {}, {}, {}))
    count.received("new_in", "new", "accepted")
    count.sent("new_out")
    count.settled("new", "done")
    found = count.as_dict()
    assert (found["connections"]["new_in"]["in"], found["connections"]["new_out"]["out"]) == (1, 1)
    assert found["routes"]["new"]["out"] == 1


def test_the_rate_is_that_of_the_last_sixty_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [60000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    spark = Spark()
    for _ in range(60):
        spark.add()
    assert spark.rate() == 60
    now[0] += 75
    spark.add()
    assert spark.rate() == 1 + 60 * 0.75
    now[0] += 120
    assert spark.rate() == 0
