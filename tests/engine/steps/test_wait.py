"""`wait`: polls that ask again, files below their connection."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.message import InDoubt, Refused, Unavailable
from engine.ops import persons
from engine.site.problems import Invalid
from engine.steps.wait import BAD_TIME, _moment
from tests.engine.runtime.house import attention, engine, events, one_route, order, rows

POLL = """\
      - {id: found, wait: {for: poll, call: {to: sink, operation: find, body: '$(body/id)'}, every: 20ms, until: 1h}}
      - {id: out, call: {to: sink, operation: send, body: '$(found/name)'}}
"""
FILE = "      - {id: report, wait: {for: file, in: drop, path: '$(body//folder)', name: '*.pdf'}}\n"
DROP = "  drop: {type: folder, path: drop, poll: 10m}\n"


async def test_a_poll_asks_until_there_is_an_answer(tmp_path: Path) -> None:
    outcomes: list[Any] = [
        None, "", [], {}, Unavailable("WB-3001", "down"), InDoubt("WB-3002", "no answer"), {"name": "x"},
    ]  # fmt: skip

    def answer(request: Any) -> Any:
        outcome = outcomes.pop(0) if outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async with engine(tmp_path, one_route(POLL)) as world:
        world.channel("sink").answer = answer
        await world.put(order(1), "order")
        await world.ended()
        requests = list(world.channel("sink").requests)
        assert [request.operation for request in requests] == ["find"] * 7 + ["send"]
        assert requests[-1].arguments["body"] == "x"
        assert rows(world, "SELECT step FROM effect") == [("out",)]
        assert events(world).count("waits") == 1


async def test_an_answer_that_is_not_as_expected_is_not_yet(tmp_path: Path) -> None:
    site = POLL.replace("find, body", "find, expect: {path: $(body/name), is: y}, body")
    async with engine(tmp_path, one_route(site)) as world:
        names = ["x", "y"]
        world.channel("sink").answer = lambda request: {"name": names.pop(0)} if names else None
        await world.put(order(1), "order")
        await world.ended()
        assert world.channel("sink").requests[-1].arguments["body"] == "y"


async def test_a_poll_that_is_refused_follows_on_error(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(POLL)) as world:

        def refuse(request: Any) -> None:
            raise Refused("WB-3003", "no such thing")

        world.channel("sink").answer = refuse
        await world.put(order(1), "order")
        await world.ended(state="dead")
        assert attention(world) == ["dead"]


@pytest.mark.parametrize("folder", ["/etc", "../up", "a/../../b"])
async def test_a_folder_is_below_its_connection(tmp_path: Path, folder: str) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, one_route(FILE, extra=DROP)) as world:
        await world.put(order(1, f"<folder>{folder}</folder>"), "order")
        (dead,) = await world.ended(state="dead")
        assert dead["code"] == "WB-5003"


async def test_a_folder_is_registered_as_its_connection_says_it(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, one_route(FILE, extra=DROP)) as world:
        await world.put(order(1, "<folder>a//b/</folder>"), "order")
        await world.ended(state="waiting")
        assert rows(world, "SELECT kind, connection, folder, pattern FROM wait") == [("file", "drop", "a/b", "*.pdf")]


@pytest.mark.parametrize(
    "wait",
    [
        "{for: poll}", "{for: file, in: drop}", "{for: file, path: a}", "{for: rain}", "soon", "{for: time}",
        "{for: time, at: '08:00', until: 1h}", "{for: person, question: x}", "{for: person, answers: [a]}",
        "{for: person, question: x, answers: ['Yes!']}",
        f"{{for: person, question: {'x' * 161}, answers: [a]}}", "{for: time, until: 1h, every: 1m}", "{for: signal}",
    ],
)  # fmt: skip
async def test_what_a_wait_needs(tmp_path: Path, wait: str) -> None:
    (tmp_path / "drop").mkdir()
    with pytest.raises(Invalid):
        async with engine(tmp_path, one_route(f"      - {{id: w, wait: {wait}}}\n", extra=DROP)):
            pass


# ---- for: time

TIME = "      - {id: pause, wait: {for: time, WHEN}}\n"


async def test_it_waits_for_a_while(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(TIME.replace("WHEN", "until: 300ms"))) as world:
        await world.put(order(1), "order")
        (done,) = await world.ended()
        assert done["ended_at"] - done["created_at"] >= 300
        assert rows(world, "SELECT count(*) FROM wait") == [(0,)]


async def test_it_waits_until_a_date_that_outlasts_a_restart(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(TIME.replace("WHEN", "at: $(body/day)"))) as world:
        await world.put(order(1, "<day>2999-01-01T08:00</day>"), "order")
        await world.put(order(2, "<day>20200101</day>"), "order")
        await world.ended(1)
        (waiting,) = await world.ended(state="waiting")
        assert waiting["waits_for"] == "the time 2999-01-01 08:00" + waiting["waits_for"][-6:]
        assert rows(world, "SELECT kind, until_at FROM wait") == [("time", waiting["due_at"])]
    async with engine(tmp_path) as world:
        assert world.runs(state="waiting")[0]["due_at"] == waiting["due_at"]


async def test_what_is_no_date_is_refused(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(TIME.replace("WHEN", "at: $(body/day)"))) as world:
        await world.put(order(1, "<day>tomorrow</day>"), "order")
        (dead,) = await world.ended(state="dead")
        assert dead["code"] == BAD_TIME


def test_dates_with_a_zone_and_times_of_the_day() -> None:
    began = int(datetime(2026, 11, 20, 12, 0).astimezone().timestamp() * 1000)
    later = int(datetime(2026, 11, 20, 12, 30).astimezone().timestamp() * 1000)
    assert _moment("12:30", began) == later
    assert _moment("2026-11-20 12:30", began) == later
    assert _moment("20261120123000", began) == later
    assert _moment("12:00", began) == began
    assert _moment("11:59", began) > later
    noon = int(datetime(2026, 11, 20, 12, 0, tzinfo=UTC).timestamp() * 1000)
    assert _moment("2026-11-20T12:00:00Z", began) == noon
    assert _moment("2026-11-20T13:00:00+01:00", began) == noon


# ---- for: person

ASK = """\
      - {id: ask, wait: {for: person, question: Send it?, answers: ['yes', 'no']}}
      - {id: no, when: {path: $(ask/answer), is: 'no'}, stop: {reason: nobody wants it}}
      - {id: out, call: {to: sink, operation: send, body: '$(ask/by): $(ask/note)'}}
"""


async def test_a_person_answers(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(ASK, "same")) as world:
        for number in (1, 2):
            await world.put(order(number), "order")
        first, second = await world.ended(2, "waiting")
        assert first["waits_for"] == "a person: Send it?"
        assert attention(world) == ["person", "person"]
        store = world.daemon.store
        await store.write(lambda conn: persons.answer(conn, first["id"], "yes", "li", "as agreed"))
        await store.write(lambda conn: persons.answer(conn, second["id"], "no", "li"))
        world.daemon.runtime.poke()
        await world.ended()
        await world.ended(state="filtered")
        (request,) = world.channel("sink").requests
        assert request.arguments["body"] == "li: as agreed"
        assert attention(world) == []


# ---- for: signal

SIGNAL = """connections:
  source: {type: memory_in}
routes:
  target:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {no: {path: //id}, by: {optional: true}}
    steps:
      - {id: hold, wait: {for: time, until: PAUSE}}
      - {id: told, wait: {for: signal, from: caller, labels: {no: '$(body/id)'}WAIT}}
      - {id: keep, set: {labels: {by: '$(told/route)'}}}
SECOND  caller:
    receive: {from: source, operation: call, identity: [//id]}
    labels: {no: {path: //id}}
    steps:
      - {id: tell, signal: {route: target, labels: {no: '$(body/no)'}, do: wake, if_none: done}}
"""


def signals(pause: str = "1ms", wait: str = "", second: str = "") -> str:
    return SIGNAL.replace("PAUSE", pause).replace("WAIT", wait).replace("SECOND", second)


async def call(world: Any, number: int) -> None:
    await world.put(f"<call><id>{number}</id><no>1</no></call>", "call")


async def test_a_signal_of_another_route_wakes_it(tmp_path: Path) -> None:
    async with engine(tmp_path, signals()) as world:
        await world.put(order(1), "order")
        await world.until(lambda: rows(world, "SELECT kind FROM wait") == [("wake",)])
        await call(world, 9)
        await world.ended(2)
        assert rows(world, "SELECT value FROM label WHERE name = 'by'") == [("caller",)]


async def test_a_signal_that_comes_early_is_remembered(tmp_path: Path) -> None:
    async with engine(tmp_path, signals(pause="1s")) as world:
        await world.put(order(1), "order")
        await world.until(lambda: rows(world, "SELECT kind FROM wait") == [("time",)])
        await call(world, 9)
        await world.until(lambda: rows(world, "SELECT verb FROM signal") == [("wake",)])
        await world.ended(2)
        assert rows(world, "SELECT value FROM label WHERE name = 'by'") == [("caller",)]


async def test_a_signal_counts_once(tmp_path: Path) -> None:
    second = "      - {id: again, wait: {for: signal}}\n"
    async with engine(tmp_path, signals(second=second)) as world:
        await world.put(order(1), "order")
        await world.until(lambda: rows(world, "SELECT step FROM wait") == [("told",)])
        await call(world, 9)
        await world.until(lambda: rows(world, "SELECT step FROM wait") == [("again",)])
        await call(world, 10)
        await world.ended(3)


async def test_no_signal_in_time(tmp_path: Path) -> None:
    async with engine(tmp_path, signals(wait=", until: 30ms, on_timeout: {then: dead}")) as world:
        await world.put(order(1), "order")
        (dead,) = await world.ended(state="dead")
        assert dead["reason"] == "a signal of caller did not come in time"
