"""Which runs go: recovery at start, a bounded memory, a clean stop, and defects that hold one run only."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from engine.message import Request, Unavailable
from engine.runtime import crowd, dispatch, journal
from engine.runtime.dispatch import Dispatcher
from engine.runtime.states import State
from tests.engine.runtime.house import attention, change, engine, one_route, order, rows
from tests.engine.world import World

OUT = "      - {id: out, call: {to: sink, operation: send, body: '$(body//id)'}}\n"


def ready(world: World, count: int) -> None:
    """Many runs that are ready in the store, as after a long stop of a peer."""
    first = rows(world, "SELECT * FROM run WHERE seq = 1")[0]
    names = [row[1] for row in rows(world, "PRAGMA table_info(run)")]

    def operation(conn: Any) -> None:
        marks = ", ".join("?" for _ in names)
        for number in range(count):
            row = dict(zip(names, first, strict=True))
            row.update(seq=None, id=f"copy{number}", state="ready", ended_at=None, attempts=0, step="out")
            conn.exec_driver_sql(f"INSERT INTO run VALUES ({marks})", tuple(row.values()))

    world.daemon.store.write_now(operation)


@pytest.mark.limit(60)
async def test_thousands_of_ready_runs_go_and_memory_is_bounded(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        world.channel("sink").answer = lambda request: seen.append(world.daemon.runtime.dispatcher.queued)
        seen: list[int] = []
        await world.put(order(1), "order")
        await world.ended()
        ready(world, 1500)
        world.daemon.runtime.poke()
        await world.until(lambda: len(seen) >= 1501, 50)
        await world.ended(1501)
        assert max(seen) <= dispatch.MEMORY
        assert len({request.run for request in world.channel("sink").requests}) == 1000  # it keeps that many


async def test_due_runs_are_claimed_as_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "MEMORY", 10)
    monkeypatch.setattr(dispatch, "ACTIVE", 2)
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        await world.put(order(1), "order")
        await world.ended()
        ready(world, 60)
        seen: list[int] = []
        world.channel("sink").answer = lambda request: seen.append(world.daemon.runtime.dispatcher.queued)
        await world.daemon.store.write(
            lambda conn: conn.exec_driver_sql("UPDATE run SET state = 'waiting', due_at = 5 WHERE state = 'ready'")
        )
        world.daemon.runtime.dispatcher.wake_at(5)
        await world.ended(61)
        assert len(seen) == 60
        assert max(seen) <= 10


async def test_a_run_that_gets_on_starts_to_count_anew(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        await world.put(order(1), "order")
        await world.ended()
    change(tmp_path, "UPDATE run SET state = 'running', starts = 2, ended_at = NULL")
    change(tmp_path, "DELETE FROM effect")
    async with engine(tmp_path) as world:
        await world.ended()
        assert [row["starts"] for row in world.runs()] == [0]
        assert len(world.channel("sink").requests) == 1


async def test_a_clean_stop_gives_back_and_counts_no_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "STEP_END", 0.1)
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        never: Deferred[None] = Deferred()

        async def hangs(request: Request) -> None:
            await never

        world.channel("sink").call = hangs
        await world.put(order(1), "order")
        await world.until(lambda: bool(rows(world, "SELECT 1 FROM effect")))
        assert world.runs()[0]["state"] == "running"
    with sqlite3.connect(tmp_path / "var" / "waybill.sqlite") as db:
        assert db.execute("SELECT state, starts FROM run").fetchall() == [("ready", 0)]
        assert db.execute("SELECT state FROM effect").fetchall() == [("intended",)]
    async with engine(tmp_path) as world:
        await world.ended()
        assert len(world.channel("sink").requests) == 1


async def test_nothing_is_claimed_before_what_was_open_is_recovered(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        await world.put(order(1), "order")
        await world.ended()
    change(tmp_path, "UPDATE run SET state = 'ready', ended_at = NULL, attempts = 0")
    change(tmp_path, "DELETE FROM effect")
    world = World(tmp_path)
    world.daemon.store.open()
    world.daemon.runtime.dispatcher.poke()  # a folder that finds a file while the engine is starting
    assert world.daemon.runtime.room() == 0
    await world.daemon.store.write(lambda conn: None)
    assert [row["state"] for row in world.runs()] == ["ready"]
    world.daemon.store.close()


async def test_a_defect_outside_a_step_holds_only_its_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        runtime, route_of = world.daemon.runtime, world.daemon.runtime.route

        def sick(name: str, revision: str) -> Any:
            if not held:
                held.append(name)
                raise KeyError("植入" + "甲")
            return route_of(name, revision)

        held: list[str] = []
        runtime.route = sick  # type: ignore[method-assign]
        await world.put(order(1), "order")
        await world.until(lambda: world.runs()[0]["state"] == "held")
        await world.put(order(2), "order")
        await world.ended()
        (row,) = world.runs(state="held")
        assert (row["seq"], row["code"]) == (1, "WB-2999")
        assert row["reason"].startswith("defect: KeyError at ")
        assert attention(world) == ["bug"]
        assert runtime.counters()["bugs"] == 1
        assert "bug in run" in caplog.text
        assert "植入" not in caplog.text


async def test_a_store_that_does_not_answer_gives_the_run_back(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        runtime, route_of = world.daemon.runtime, world.daemon.runtime.route

        def away(name: str, revision: str) -> Any:
            if not asked:
                asked.append(name)
                raise Unavailable("WB-1012", "the store does not answer now")
            return route_of(name, revision)

        asked: list[str] = []
        runtime.route = away  # type: ignore[method-assign]
        await world.put(order(1), "order")
        await world.ended()
        assert not attention(world)


def test_hold_leaves_a_run_that_is_not_running(tmp_path: Path, reactor: Any) -> None:
    from engine.store.database import Store

    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    new = journal.NewRun("m", "r", "1", "out", None, State.READY, {})
    store.write_now(lambda conn: journal.create(conn, new, 1))
    store.write_now(lambda conn: dispatch.hold(conn, 1, "WB-2999", "defect", 2))
    assert store.read_now(lambda conn: journal.state_of(conn, 1)["state"]) == "ready"
    store.write_now(lambda conn: journal.claim_ready(conn, 1))
    store.write_now(lambda conn: dispatch.hold(conn, 1, "WB-2999", "defect", 2))
    assert store.read_now(lambda conn: journal.state_of(conn, 1)["state"]) == "held"
    store.close()


class Quiet:
    """As much of a runtime as a crowd needs."""

    def __init__(self) -> None:
        self.reactor = Clock()


def crowded() -> tuple[Dispatcher, Clock]:
    runtime = Quiet()
    made = Dispatcher(runtime)  # type: ignore[arg-type]
    made._active.update(range(dispatch.CROWD))
    return made, runtime.reactor


def entered(turn: Deferred[None] | None) -> list[None]:
    seen: list[None] = []
    assert turn is not None
    _ = turn.addCallback(seen.append)
    return seen


def test_a_listener_waits_while_much_is_at_work() -> None:
    made, clock = crowded()
    seen = entered(made.turn())
    assert not seen
    clock.advance(crowd.PATIENCE)
    assert seen == [None]
    made._active.pop()
    assert made.turn() is None


def test_runs_that_wait_for_a_peer_crowd_nobody_out() -> None:
    made, _ = crowded()
    seen = entered(made.turn())
    made.park()
    assert seen == [None]
    assert made.turn() is None
    made.unpark()
    assert made.turn() is not None
