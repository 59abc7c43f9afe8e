"""Signals from one run to others, in each of their states; none is lost, whoever is first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, DeferredList

from engine.runtime import journal, signals
from engine.runtime.outcome import Run
from engine.runtime.signals import Signal
from engine.runtime.states import State
from engine.site.model import Receive, Route, Step
from engine.store.database import Store
from tests.engine.runtime.house import SINK, SOURCE, engine, events, order, rows
from tests.engine.world import World

SITE = f"""{SOURCE}{SINK.replace("REPEAT", "unknown")}routes:
  target:
    receive: {{from: source, operation: order, identity: [//id]}}
    labels: {{no: {{path: //id}}}}
    steps:
      - {{id: keep, set: {{values: {{data: '$(body/data)'}}}}}}
      - {{id: poll, status: Pending, wait: {{for: poll, call: {{to: sink, operation: find}}, every: 30s, until: 72h}}}}
      - {{id: out, call: {{to: sink, operation: send, body: '$(data)'}}}}
  update:
    receive: {{from: source, operation: update, identity: [//u]}}
    labels: {{no: {{path: //id}}}}
    steps:
      - {{id: sig, signal: {{route: target, labels: {{no: '$(body/id)'}}, do: DO, MORE}}}}
"""
SET = SITE.replace("DO", "set").replace("MORE", "values: {data: '$(body/data)'}, set_labels: {no: '$(body/id)'}")
CANCEL = SITE.replace("DO", "cancel").replace(", MORE", "")
WAKE = SITE.replace("DO", "wake").replace("MORE", "if_none: done")


def update(number: int, data: str = "new", key: int = 1) -> str:
    return f"<u-><u>{key}</u><id>{number}</id><data>{data}</data></u->"


async def waiting(world: World) -> None:
    await world.put(order(1, "<data>old</data>"), "order")
    await world.until(lambda: bool(world.runs(route="target", state="waiting")))


async def signalled(world: World, body: str = "") -> dict[str, Any]:
    await world.put(body or update(1), "update")
    await world.until(lambda: bool(world.runs(route="update", state="done")))
    return world.runs(route="target")[0]


async def test_set_changes_what_a_waiting_run_will_use(tmp_path: Path) -> None:
    async with engine(tmp_path, SET) as world:
        await waiting(world)
        await signalled(world)
        world.channel("sink").answer = lambda request: {"found": "1"}
        await world.daemon.store.write(lambda conn: conn.exec_driver_sql("UPDATE run SET due_at = 1 WHERE seq = 1"))
        world.daemon.runtime.dispatcher.wake_at(1)
        await world.ended(2)
        assert world.channel("sink").requests[-1].arguments["body"] == "new"
        assert "changed" in events(world, 1)


async def test_cancel_ends_a_waiting_run(tmp_path: Path) -> None:
    async with engine(tmp_path, CANCEL) as world:
        await waiting(world)
        target = await signalled(world)
        assert (target["state"], target["step"]) == ("cancelled", "poll")
        again = await signalled(world, update(1, key=2))
        assert again["state"] == "cancelled"


async def test_wake_makes_a_poll_ask_now(tmp_path: Path) -> None:
    async with engine(tmp_path, WAKE) as world:
        await waiting(world)
        world.channel("sink").answer = lambda request: {"found": "1"}
        await signalled(world)
        await world.ended(2)


async def test_a_wake_while_the_poll_is_asking_is_not_lost(tmp_path: Path) -> None:
    async with engine(tmp_path, WAKE) as world:
        asking: list[Deferred[None]] = []
        sink = world.channel("sink")
        call = sink.call

        async def slow(request: Any) -> Any:
            if not asking:
                asking.append(Deferred())
                await asking[0]
            return await call(request)

        sink.call = slow
        await world.put(order(1, "<data>old</data>"), "order")
        await world.until(lambda: bool(asking))
        target = await signalled(world)
        assert target["state"] == "running"
        answers = [None, {"found": "1"}]
        sink.answer = lambda request: answers.pop(0) if answers else None
        asking[0].callback(None)
        await world.ended(2)


async def test_signals_to_a_running_run_are_applied_in_order_at_its_settle(tmp_path: Path) -> None:
    async with engine(tmp_path, SET) as world:
        asking: list[Deferred[None]] = []
        sink = world.channel("sink")
        call = sink.call

        async def slow(request: Any) -> Any:
            if not asking:
                asking.append(Deferred())
                await asking[0]
            return await call(request)

        sink.call, sink.answer = slow, lambda request: {"found": "1"}
        await world.put(order(1, "<data>old</data>"), "order")
        await world.until(lambda: bool(asking))
        for key in range(3):
            await world.put(update(1, f"new {key}", key), "update")
            await world.until(lambda: len(world.runs(route="update", state="done")) == key + 1)  # noqa: B023
        asking[0].callback(None)
        await world.ended(4)
        assert sink.requests[-1].arguments["body"] == "new 2"
        assert rows(world, "SELECT count(*) FROM signal WHERE applied_at IS NULL") == [(0,)]


async def test_cancel_of_a_running_run_is_applied_after_its_effect(tmp_path: Path) -> None:
    async with engine(tmp_path, CANCEL) as world:
        asking: list[Deferred[None]] = []
        sink = world.channel("sink")
        call = sink.call

        async def slow(request: Any) -> Any:
            asking.append(Deferred())
            await asking[-1]
            return await call(request)

        sink.call, sink.answer = slow, lambda request: {"found": "1"}
        await world.put(order(1, "<data>old</data>"), "order")
        await world.until(lambda: bool(asking))
        await signalled(world)
        asking[0].callback(None)
        await world.ended(state="cancelled")
        assert len(asking) == 1


async def test_before_its_creation_a_signal_waits(tmp_path: Path) -> None:
    async with engine(tmp_path, CANCEL) as world:
        await world.put(update(1), "update")
        await world.until(lambda: bool(world.runs(route="update", state="waiting")))
        await world.put(order(1, "<data>old</data>"), "order")
        await world.ended()
        await world.ended(state="cancelled")


@pytest.mark.limit(60)
async def test_no_wake_up_is_lost_whoever_comes_first(tmp_path: Path) -> None:
    count = 60
    async with engine(tmp_path, CANCEL) as world:
        work = []
        for number in range(count):
            pair = [
                Deferred.fromCoroutine(world.put(order(number, "<data>x</data>"), "order")),
                Deferred.fromCoroutine(world.put(update(number, key=number), "update")),
            ]
            work += pair if number % 2 else pair[::-1]
        await DeferredList(work, fireOnOneErrback=True)
        await world.until(lambda: len(world.runs(route="update", state="done")) == count, 40)
        await world.until(lambda: len(world.runs(route="target", state="cancelled")) == count, 40)


async def test_a_label_that_is_set_later_wakes_too(tmp_path: Path) -> None:
    site = CANCEL.replace("{id: keep, set: {values:", "{id: keep, set: {labels: {late: '$(body/id)'}, values:")
    site = site.replace("labels: {no: '$(body/id)'}, do", "labels: {late: '$(body/id)'}, do")
    site = site.replace(
        "    labels: {no: {path: //id}}\n", "    labels: {no: {path: //id}, late: {optional: true}}\n", 1
    )
    async with engine(tmp_path, site) as world:
        await world.put(update(1), "update")
        await world.until(lambda: bool(world.runs(route="update", state="waiting")))
        await world.put(order(1, "<data>old</data>"), "order")
        await world.ended(state="cancelled")


async def test_if_none_done(tmp_path: Path) -> None:
    async with engine(tmp_path, WAKE) as world:
        await world.put(update(9), "update")
        await world.ended()
        assert rows(world, "SELECT data FROM value WHERE name = 'sig'")[0][0] is not None


# --- writer functions, on rows in each state


def step(name: str, verb: str) -> Step:
    return Step(name, verb, None, into=name)


STEPS = (step("order", "transform"), step("wait", "wait"), step("sign", "sign"), step("out", "call"))
ROUTE = Route("r", "1", Receive(("source",)), (), STEPS)


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path, reactor: Any) -> Iterator[Store]:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


SOURCE_RUN = Run(99, "source", "m", None, 99, None, "update", "1", None, "sig", 0, 1, 1, 1)


def give(store: Store, state: str, at: str, verb: str) -> tuple[str, str]:
    """A run in this state at this step gets a signal: what was done, and its state then."""
    new = journal.NewRun("m", "r", "1", at, None, State.RUNNING, {"no": ("7", False)})

    def operation(conn: Any) -> tuple[str, str]:
        conn.exec_driver_sql("DELETE FROM run")
        seq = journal.create(conn, new, 1).seq
        conn.exec_driver_sql("UPDATE run SET state = ? WHERE seq = ?", (state, seq))
        found = signals.find(conn, "r", {"no": "7"})
        what = Signal(verb, {"order/priority": "high"} if verb == "set" else {}, {})
        (hit,) = signals.deliver(conn, SOURCE_RUN, found, what, lambda name, revision: ROUTE, 5)
        return hit.done, journal.state_of(conn, seq)["state"]

    return store.write_now(operation)


@pytest.mark.parametrize(
    ("state", "at", "set_", "cancel", "wake"),
    [
        ("ready", "wait", ("set", "ready"), ("cancelled", "cancelled"), ("nothing", "ready")),
        ("waiting", "wait", ("set", "waiting"), ("cancelled", "cancelled"), ("woken", "ready")),
        ("running", "wait", ("queued", "running"), ("queued", "running"), ("queued", "running")),
        ("held", "wait", ("set", "held"), ("cancelled", "cancelled"), ("nothing", "held")),
        ("dead", "wait", ("set", "dead"), ("cancelled", "cancelled"), ("nothing", "dead")),
        ("waiting", "sign", ("set", "waiting"), ("cancelled", "cancelled"), ("woken", "ready")),
        ("waiting", "out", ("attention", "waiting"), ("attention", "waiting"), ("woken", "ready")),
        ("dead", "out", ("attention", "dead"), ("attention", "dead"), ("nothing", "dead")),
        ("done", "out", ("attention", "done"), ("attention", "done"), ("nothing", "done")),
        ("cancelled", "wait", ("nothing", "cancelled"), ("nothing", "cancelled"), ("nothing", "cancelled")),
        ("cancelled", "out", ("nothing", "cancelled"), ("nothing", "cancelled"), ("nothing", "cancelled")),
    ],
)
def test_each_signal_in_each_state(
    store: Store, state: str, at: str, set_: tuple[str, str], cancel: tuple[str, str], wake: tuple[str, str]
) -> None:
    assert give(store, state, at, "set") == set_
    assert give(store, state, at, "cancel") == cancel
    assert give(store, state, at, "wake") == wake


def test_a_report_that_waits_for_its_signature_is_blocked_until_it_is_read_again(store: Store) -> None:
    give(store, "waiting", "sign", "set")
    assert "changed" in store.read_now(lambda conn: conn.exec_driver_sql("SELECT blocked FROM run").scalar() or "")
    give(store, "waiting", "wait", "set")
    assert store.read_now(lambda conn: conn.exec_driver_sql("SELECT blocked FROM run").scalar()) == ""


def test_a_change_of_a_value_that_does_not_exist_yet_waits_for_it(store: Store) -> None:
    give(store, "waiting", "wait", "set")
    kept = store.read_now(lambda conn: journal.values_of(conn, 1))
    assert [row["name"] for row in kept] == [signals.OVERRIDES]
    assert signals.with_changes("order", {"a": "b"}, {"order": {"priority": "high"}}) == {"a": "b", "priority": "high"}


def test_late_updates_are_listed(store: Store) -> None:
    give(store, "done", "out", "cancel")
    reasons = store.read_now(lambda conn: conn.exec_driver_sql("SELECT kind, reason FROM attention").fetchall())
    assert [tuple(row) for row in reasons] == [("update", "cancel came when the report was sent")]


@given(st.lists(st.sampled_from(["target", "waiter"]), min_size=2, max_size=6))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_waiter_is_registered_or_finds_whatever_the_order(store: Store, sequence: list[str]) -> None:
    """Writer operations in any order: after each target there is no waiter left that still waits."""

    def operation(conn: Any) -> int:
        for table in ("wait", "label", "run"):
            conn.exec_driver_sql(f"DELETE FROM {table}")
        for now, kind in enumerate(sequence, 1):
            if kind == "target":
                new = journal.NewRun("m", "r", "1", "wait", None, State.READY, {"no": ("7", False)})
                journal.create(conn, new, now)
                signals.wake_waiters(conn, "r", {"no": "7"}, now)
            elif not signals.find(conn, "r", {"no": "7"}):
                new = journal.NewRun("m", "update", "1", "sig", None, State.RUNNING, {})
                born = journal.create(conn, new, now)
                journal.move(conn, journal.state_of(conn, born.seq), State.WAITING, now)
                key = signals.match_keys("r", {"no": "7"})[0]
                conn.exec_driver_sql(
                    "INSERT INTO wait (run, kind, step, armed_at, match_key) VALUES (?, 'signal', 'sig', 1, ?)",
                    (born.seq, key),
                )
        return int(conn.exec_driver_sql("SELECT count(*) FROM run WHERE state = 'waiting'").scalar() or 0)

    left = store.write_now(operation)
    assert left == 0 or "target" not in sequence


def test_a_late_update_stays_open_when_its_run_ends(store: Store) -> None:
    give(store, "dead", "out", "cancel")

    def operation(conn: Any) -> list[Any]:
        row = signals.find(conn, "r", {"no": "7"})[0]
        journal.move(conn, row, State.CANCELLED, 9)
        return [tuple(found) for found in conn.exec_driver_sql("SELECT code, closed_at FROM attention").fetchall()]

    assert store.write_now(operation) == [("WB-4201", None)]
