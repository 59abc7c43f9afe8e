"""Effects by the ledger: one act once, doubt kept until it is answered, values kept and read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from engine.message import INLINE_LIMIT, InDoubt, Refused, Request, Response, Unavailable
from engine.ops import runs
from engine.runtime import runtime
from tests.engine.runtime.house import attention, change, engine, one_route, order, rows
from tests.engine.world import World

OUT = "      - {id: out, call: {to: sink, operation: send, body: '$(body//id)'DOUBT}}\n"
DOWN = Unavailable("WB-3001", "the peer does not answer")


def site(repeat: str, doubt: str = "") -> str:
    return one_route(OUT.replace("DOUBT", f", in_doubt: {doubt}" if doubt else ""), repeat)


async def cut_off(folder: Path, text: str) -> None:
    """A store as a crash leaves it whose request was under way."""
    async with engine(folder, text) as world:
        await world.put(order(1), "order")
        await world.ended()
    change(folder, "UPDATE run SET state = 'running', step = 'out', ended_at = NULL, attempts = 1")
    change(folder, "UPDATE effect SET state = 'intended', settled_at = NULL")
    change(folder, "DELETE FROM value WHERE name != 'body'")


def count(world: World) -> int:
    return len(world.channel("sink").requests)


def effect(world: World) -> list[Any]:
    return rows(world, "SELECT state, attempts FROM effect")


async def test_a_crash_while_intended_same_is_repeated(tmp_path: Path) -> None:
    await cut_off(tmp_path, site("same"))
    async with engine(tmp_path) as world:
        await world.ended()
        assert count(world) == 1
        assert effect(world) == [("done", 2)]


async def test_a_crash_while_intended_unknown_is_a_persons(tmp_path: Path) -> None:
    await cut_off(tmp_path, site("unknown", "person"))
    async with engine(tmp_path) as world:
        await world.ended(state="held")
        assert count(world) == 0
        assert effect(world)[0][0] == "doubt"
        assert attention(world) == ["doubt"]


async def test_a_crash_while_intended_unknown_is_repeated_where_the_step_says_so(tmp_path: Path) -> None:
    await cut_off(tmp_path, site("unknown", "repeat"))
    async with engine(tmp_path) as world:
        await world.ended()
        assert count(world) == 1


@pytest.mark.parametrize("done", [True, False])
async def test_a_crash_while_intended_ask_asks(tmp_path: Path, done: bool) -> None:
    await cut_off(tmp_path, site("ask"))
    world = World(tmp_path)
    asked: list[str] = []

    async def ask(request: Request) -> Response | None:
        asked.append(request.key)
        return Response({"told": "yes"}) if done else None

    build = world.daemon._build_channels

    def built() -> None:
        build()
        world.channel("sink").ask = ask

    world.daemon._build_channels = built  # type: ignore[method-assign]
    await world.start()
    try:
        await world.ended()
        assert len(asked) == 1
        assert count(world) == (0 if done else 1)
        assert effect(world)[0][0] == "done"
    finally:
        await world.stop()


async def test_a_question_without_answer_leaves_the_doubt(tmp_path: Path) -> None:
    await cut_off(tmp_path, site("ask"))
    world = World(tmp_path)
    outcomes: list[Any] = [DOWN, InDoubt("WB-3002", "no answer"), DOWN, Response({"told": "yes"})]

    async def ask(_request: Request) -> Response | None:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, Response)
        return outcome

    build = world.daemon._build_channels

    def built() -> None:
        build()
        world.channel("sink").ask = ask

    world.daemon._build_channels = built  # type: ignore[method-assign]
    await world.start()
    try:
        await world.ended()
        assert outcomes == []
        assert count(world) == 0, "it had been done: nothing is sent again"
        assert effect(world) == [("done", 1)]
    finally:
        await world.stop()


async def test_doubt_while_it_runs(tmp_path: Path) -> None:
    async with engine(tmp_path, site("ask")) as world:
        sink, known = world.channel("sink"), list[str]()

        def answer(request: Request) -> None:
            if not known:
                known.append(request.key)
                raise InDoubt("WB-3002", "no answer came")

        sink.answer = answer
        await world.put(order(1), "order")
        await world.ended()
        assert count(world) == 1, "the peer, asked, said that it was done"


@pytest.mark.parametrize(("repeat", "doubt"), [("same", ""), ("unknown", "repeat")])
async def test_doubt_that_may_be_repeated_is_retried(tmp_path: Path, repeat: str, doubt: str) -> None:
    async with engine(tmp_path, site(repeat, doubt)) as world:
        tries: list[int] = []

        def answer(request: Request) -> None:
            tries.append(request.attempt)
            if len(tries) < 3:
                raise InDoubt("WB-3002", "no answer came")

        world.channel("sink").answer = answer
        await world.put(order(1), "order")
        await world.ended()
        assert tries == [1, 2, 3]


async def doubtful(world: World) -> dict[str, Any]:
    """The one run, held in doubt after one request."""

    told: list[str] = []

    def answer(request: Request) -> None:
        if not told:
            told.append(request.key)
            raise InDoubt("WB-3002", "no answer came")

    world.channel("sink").answer = answer
    await world.put(order(1), "order")
    await world.ended(state="held")
    return world.runs()[0]


@pytest.mark.parametrize(("answer", "requests"), [("arrived", 1), ("again", 2), ("ask", 1)])
async def test_the_three_answers_of_a_person(tmp_path: Path, answer: str, requests: int) -> None:
    async with engine(tmp_path, site("unknown", "person")) as world:
        row = await doubtful(world)
        with pytest.raises(Refused):
            await world.daemon.store.write(lambda conn: runs.retry(conn, row["id"], "op"))
        await world.daemon.store.write(lambda conn: runs.answer_doubt(conn, row["id"], answer, "op", "asked by phone"))
        world.daemon.runtime.poke()
        await world.ended()
        assert count(world) == requests
        assert effect(world)[0][0] == "done"
        assert attention(world) == []


async def test_a_full_disk_before_the_request_keeps_an_older_doubt(tmp_path: Path) -> None:
    await cut_off(tmp_path, site("unknown", "person"))
    async with engine(tmp_path) as world:
        await world.ended(state="held")
        run = world.runs()[0]
        await world.daemon.store.write(lambda conn: runs.answer_doubt(conn, run["id"], "ask", "op", ""))
        sink = world.channel("sink")

        async def down(_request: Request) -> None:
            raise DOWN

        sink.ask = down
        world.daemon.runtime.poke()
        await world.until(lambda: bool(world.runs(state="waiting")))
        assert effect(world) == [("ask", 1)], "the peer was not reached: the doubt stands"


async def test_expect_not_met_is_retried_or_refused(tmp_path: Path) -> None:
    expects = OUT.replace("DOUBT", ", expect: {path: $(body/code), is: '0'}MORE")
    refuses = expects.replace("MORE", ", not_expected: refuse").replace("id: out", "id: two")
    steps = expects.replace("MORE", "") + refuses
    async with engine(tmp_path, one_route(steps)) as world:
        answers = [{"code": "1"}, {"code": "0"}, {"code": "1"}]
        world.channel("sink").answer = lambda request: answers.pop(0)
        await world.put(order(1), "order")
        await world.ended(state="dead")
        (row,) = world.runs()
        assert (row["step"], row["code"]) == ("two", "WB-2007")
        assert rows(world, "SELECT step, state, attempts FROM effect ORDER BY step") == [
            ("out", "done", 2), ("two", "refused", 1),
        ]  # fmt: skip


async def test_large_values_are_blobs_and_are_read_again(tmp_path: Path) -> None:
    steps = """\
      - {id: big, call: {to: sink, operation: big}}
      - {id: out, call: {to: sink, operation: send, body: '$(big)'}}
"""
    async with engine(tmp_path, one_route(steps)) as world:
        text = "é" * INLINE_LIMIT
        tries: list[int] = []

        def answer(request: Request) -> str | None:
            if request.operation == "big":
                return text
            tries.append(1)
            if len(tries) == 1:
                raise DOWN  # the run waits, and its values are read again
            return None

        world.channel("sink").answer = answer
        await world.put(order(1), "order")
        await world.ended()
        assert world.channel("sink").requests[-1].arguments["body"] == text
        ((data, blob),) = rows(world, "SELECT data, blob FROM value WHERE name = 'big'")
        assert data is None
        assert len(blob) == 64


async def test_a_sink_that_never_answers_is_given_up_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "GUARD", 0.05)
    async with engine(tmp_path, site("unknown", "person").replace("in_doubt", "timeout: 10ms, in_doubt")) as world:

        async def never(_request: Request) -> Any:
            return await Deferred()

        world.channel("sink").call = never
        await world.put(order(1), "order")
        await world.ended(state="held")
        assert world.runs()[0]["code"] == "WB-3002"
