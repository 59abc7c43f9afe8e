"""What is written for many runs at once is what would be written for each alone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from twisted.internet import reactor

from engine.message import Incoming
from engine.runtime import journal, ledger, signals
from engine.runtime.arrivals import ACCEPT, Accepting, Arrival, Taker, accept_alone
from engine.runtime.joined import (
    INTEND,
    SETTLE,
    Intending,
    Settling,
    intend_alone,
    may_intend,
    may_settle,
    settle_alone,
)
from engine.runtime.outcome import EffectEnd, Next, Run
from engine.runtime.settle import Draft
from engine.runtime.states import State
from engine.site.model import Label, Receive, Route, Step
from engine.store.database import Store
from engine.store.writer import Apart

STEPS = (Step("change", "transform", None, into="change"), Step("send", "call", None, into="send", status="Sent"))
ROUTE = Route("r", "1", Receive(("source",)), (Label("id"), Label("name", phi=True)), STEPS)
TABLES = {
    "identity": "scope, key, content, reply, at",
    "message": "connection, operation, route, received_at, outcome, content_type, size, body, meta, reply",
    "run": "seq, route, revision, state, status, step, attempts, starts, first_try_at, since, created_at, ended_at",
    "label": "run, name, value, phi",
    "value": "run, name, kind, data, at",
    "effect": 'root, "key", run, step, connection, operation, state, attempts, at, settled_at, code, reason',
    "event": "run, at, kind, step, code, text",
}


@pytest.fixture(name="stores")
def fixture_stores(tmp_path: Path) -> Iterator[list[Store]]:
    stores = [Store(tmp_path / name, reactor, durable=False) for name in ("joined", "alone")]
    for store in stores:
        store.open()
    yield stores
    for store in stores:
        store.close()


def arriving(number: int, now: int, room: bool = True) -> Accepting:
    incoming = Incoming("source", "order", f"<a>{number}</a>".encode())
    arrival = Arrival(f"m{now}-{number}", incoming, None, f"c{number}", "s", f"k{number}")
    return Accepting(arrival, (Taker(ROUTE, {"id": str(number), "name": "示例"}),), b"reply", room, now)


def drafted(run: Run) -> Draft:
    return Draft({"change": (("text", f"value of {run.seq}".encode()), None)}, {}, [("done", "change", "")])


def intending(run: Run, now: int) -> Intending:
    at = run.at_step("send", "Sent", now)
    return Intending(at, drafted(at), ledger.Intent(ledger.effect_key(at, "send"), "sink", "put"), now)


def settling(item: Intending, now: int, answer: str = "ok") -> Settling:
    outcome = Next(effects=(EffectEnd(item.intent.key, "done"),), note=answer)
    draft = Draft({"send": (("text", answer.encode()), None)})
    return Settling(item.run, ROUTE, draft, outcome, None, 5, now)


def content(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    def query(conn: Connection) -> dict[str, list[tuple[Any, ...]]]:
        return {
            table: sorted(map(tuple, conn.exec_driver_sql(f"SELECT {columns} FROM {table}").fetchall()), key=repr)
            for table, columns in TABLES.items()
        }

    return store.read_now(query)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(counts=st.lists(st.integers(1, 90), min_size=1, max_size=3))
def test_together_is_as_alone(stores: list[Store], counts: list[int]) -> None:
    joined, alone = stores
    numbers = iter(range(10_000))
    before = len(content(joined)["run"])
    for now, count in enumerate(counts, 1000 + before):
        items = [arriving(1_000_000 * before + next(numbers), now) for _ in range(count)]
        one = joined.write_now(partial(ACCEPT.together, items=items))
        other = [alone.write_now(partial(accept_alone, item=item)) for item in items]
        runs = [stored.runs[0] for stored in one]
        assert [run.seq for run in runs] == [stored.runs[0].seq for stored in other]
        intents = [intending(run, now + 1) for run in runs]
        assert all(map(may_intend, intents))
        entries = joined.write_now(partial(INTEND.together, items=intents))
        assert entries == [alone.write_now(partial(intend_alone, item=item)) for item in intents]
        ends = [settling(item, now + 2) for item in intents]
        assert all(may_settle(end.run, end.draft, end.outcome, ROUTE, None) for end in ends)
        after = joined.write_now(partial(SETTLE.together, items=ends))
        again = [alone.write_now(partial(settle_alone, item=end)) for end in ends]
        assert {one.state for one in (*after, *again)} == {State.DONE}
    assert content(joined) == content(alone)


def first(store: Store, count: int = 3) -> list[Run]:
    stored = store.write_now(lambda conn: ACCEPT.together(conn, [arriving(n, 1000) for n in range(count)]))
    return [one.runs[0] for one in stored]


def test_a_known_identity_parts_them(stores: list[Store]) -> None:
    first(stores[0])
    with pytest.raises(Exception, match="UNIQUE"):
        stores[0].write_now(lambda conn: ACCEPT.together(conn, [arriving(9, 1001), arriving(1, 1001)]))
    assert len(content(stores[0])["message"]) == 3


def test_a_run_that_waits_for_another_parts_them(stores: list[Store]) -> None:
    waiter = first(stores[0], 1)[0]

    def wait(conn: Connection) -> None:
        conn.exec_driver_sql(
            "INSERT INTO wait (run, kind, step, armed_at, match_key) VALUES (?, 'signal', 's', 0, 'x')", (waiter.seq,)
        )

    stores[0].write_now(wait)
    with pytest.raises(Apart):
        stores[0].write_now(lambda conn: ACCEPT.together(conn, [arriving(5, 1001)]))


def test_an_effect_that_is_in_the_ledger_parts_them(stores: list[Store]) -> None:
    items = [intending(run, 1001) for run in first(stores[0])]
    stores[0].write_now(lambda conn: INTEND.together(conn, items[:1]))
    with pytest.raises(Exception, match="UNIQUE"):
        stores[0].write_now(lambda conn: INTEND.together(conn, items))
    assert len(content(stores[0])["effect"]) == 1


def test_a_run_that_was_moved_parts_them(stores: list[Store]) -> None:
    items = [intending(run, 1001) for run in first(stores[0])]
    stores[0].write_now(
        lambda conn: journal.move(conn, journal.state_of(conn, items[1].run.seq), State.CANCELLED, 1001)
    )
    with pytest.raises(Apart):
        stores[0].write_now(lambda conn: INTEND.together(conn, items))
    assert not content(stores[0])["effect"]


def test_a_signal_that_reached_a_run_parts_them(stores: list[Store]) -> None:
    items = [intending(run, 1001) for run in first(stores[0])]
    stores[0].write_now(lambda conn: INTEND.together(conn, items))

    def signalled(conn: Connection) -> None:
        conn.exec_driver_sql(
            "INSERT INTO signal (run, source, verb, data, at) VALUES (?, 0, 'cancel', ?, 1001)",
            (items[2].run.seq, signals.as_json({"values": {}, "labels": {}, "reason": "no"})),
        )

    stores[0].write_now(signalled)
    ends = [settling(item, 1002) for item in items]
    with pytest.raises(sqlite3.IntegrityError, match="apart"):
        stores[0].write_now(lambda conn: SETTLE.together(conn, ends))
    assert {row[3] for row in content(stores[0])["run"]} == {"running"}


@pytest.mark.parametrize("what", ["not fresh", "a label", "a child", "an order", "overdue"])
def test_what_is_never_joined(stores: list[Store], what: str) -> None:
    run = first(stores[0], 1)[0].at_step("send", None, 1001)
    draft = Draft()
    match what:
        case "not fresh":
            run.fresh = False
        case "a label":
            draft.labels["id"] = ("1", False)
        case "a child":
            run.parent = 1
        case "an order":
            run.ordered = True
        case "overdue":
            draft.overdue = "late"
    assert not may_settle(run, draft, Next(), ROUTE, None)
