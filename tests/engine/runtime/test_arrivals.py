"""What arrives, as the writer keeps it; `test_joined` compares many at once with each alone."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection
from twisted.internet import reactor

from engine.message import Finding, Incoming
from engine.runtime.arrivals import ACCEPT, Accepting, Arrival, Stored, Taker, accept_alone, meta_of, new_run, refuse
from engine.runtime.identities import former, key_of
from engine.runtime.states import State
from engine.site.model import Label, Receive, Route, Step
from engine.store.database import Store, _Direct
from engine.store.writer import Job

ROUTE = Route(
    "r", "1", Receive(("source",)), (Label("id"), Label("name", phi=True)), (Step("send", "call", None, status="New"),)
)
OTHER = Route("other", "2", Receive(("source",)), (), (Step("parts", "split", None, status="New"), ROUTE.steps[0]))


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


def arrival(number: int, content: str = "c") -> Arrival:
    return Arrival(f"m{number}", Incoming("source", "order", b"<a/>", meta={"peer": "x"}), None, content, "s", "k")


def accept(store: Store, item: Arrival, *routes: Route, now: int = 1000, room: bool = True) -> Stored:
    takers = tuple(Taker(route, {"id": "1", "name": ""}) for route in routes or (ROUTE,))
    return store.write_now(lambda conn: accept_alone(conn, Accepting(item, takers, b"yes", room, now)))


def test_a_repeat_is_told_and_counted_and_other_content_is_a_conflict(store: Store) -> None:
    assert accept(store, arrival(1)).kind == "accepted"
    repeat = accept(store, arrival(2))
    assert (repeat.kind, repeat.message_id, repeat.reply, repeat.runs) == ("repeat", "m1", b"yes", ())
    assert accept(store, arrival(3, "other")).kind == "conflict"
    rows = store.read_now(lambda conn: conn.exec_driver_sql("SELECT id, repeats FROM message").fetchall())
    assert [tuple(row) for row in rows] == [("m1", 1)]


def test_an_identity_is_forgotten_after_its_time(store: Store) -> None:
    accept(store, arrival(1))
    keep = int(ROUTE.receive.keep * 1000)
    assert accept(store, arrival(2, "other"), now=999 + keep).kind == "conflict"
    assert accept(store, arrival(3, "other"), now=1000 + keep).kind == "accepted"


def remembered_before(store: Store, parts: tuple[str, ...], at: int) -> None:
    """As the version before migration 0010 remembered an identity."""
    scope, key = former("s", parts)

    def insert(conn: Connection) -> None:
        columns = "scope, key, content, message_id, reply, at"
        values = (scope, key, "c", "m0", b"old", at)
        conn.exec_driver_sql(f"INSERT INTO identity ({columns}) VALUES (?, ?, ?, ?, ?, ?)", values)

    store.write_now(insert)


@pytest.mark.parametrize("joined", [True, False])
def test_what_an_earlier_version_remembered_is_known(store: Store, joined: bool) -> None:
    remembered_before(store, ("WARD", "1"), 1000)

    def accepted(number: int, content: str, *parts: str, now: int = 1001) -> Stored:
        item = Accepting(replace(arrival(number, content), key=key_of(parts), parts=parts), (Taker(ROUTE, {}),), b"new",
                         True, now)  # fmt: skip
        if not joined:
            return store.write_now(lambda conn: accept_alone(conn, item))
        box: queue.SimpleQueue[Job] = queue.SimpleQueue()
        store._writer.put(_Direct(None, box.put, joined=ACCEPT, item=item))
        done: Stored = box.get(timeout=5).result
        return done

    known = accepted(1, "c", "WARD", "1")
    assert (known.kind, known.message_id, known.reply) == ("repeat", "m0", b"old")
    assert accepted(2, "other", "WARD", "1").kind == "conflict"
    assert accepted(3, "c", "WARD", "2").kind == "accepted"
    late = 1000 + int(ROUTE.receive.keep * 1000)
    assert accepted(4, "c", "WARD", "1", now=late).kind == "accepted"
    assert accepted(5, "c", "WARD", "1", now=late).message_id == "m4"


def test_several_routes_have_a_run_each(store: Store) -> None:
    stored = accept(store, arrival(1), ROUTE, OTHER)
    assert [(run.route, run.step, run.status) for run in stored.runs] == [
        ("r", "send", "New"),
        ("other", "parts", None),
    ]
    rows = store.read_now(lambda conn: conn.exec_driver_sql("SELECT route, message_id FROM run").fetchall())
    assert [tuple(row) for row in rows] == [("r", "m1"), ("other", "m1")]


def test_without_room_the_runs_stay_ready(store: Store) -> None:
    stored = accept(store, arrival(1), room=False)
    assert (stored.runs, stored.ready) == ((), True)
    rows = store.read_now(lambda conn: conn.exec_driver_sql("SELECT state FROM run").fetchall())
    assert [tuple(row) for row in rows] == [("ready",)]


def test_labels_are_those_with_a_text_and_none_before_a_split() -> None:
    taker = {"id": "1", "name": ""}
    assert new_run(arrival(1), Taker(ROUTE, taker), State.READY).labels == {"id": ("1", False)}
    assert new_run(arrival(1), Taker(OTHER, taker), State.READY).labels == {}


def test_what_is_refused_is_kept_with_its_reason(store: Store) -> None:
    finding = Finding("WB-1007", "/a", "is missing")
    store.write_now(lambda conn: refuse(conn, arrival(1), "invalid", b"no", finding, "r", 1000))
    rows = store.read_now(lambda conn: conn.exec_driver_sql("SELECT outcome, code, reply FROM message").fetchall())
    assert [tuple(row) for row in rows] == [("invalid", "WB-1007", b"no")]
    kinds = store.read_now(lambda conn: conn.exec_driver_sql("SELECT kind, message_id FROM attention").fetchall())
    assert [tuple(row) for row in kinds] == [("invalid", "m1")]


def test_meta_names_connection_and_operation() -> None:
    assert meta_of(arrival(1).incoming) == {"connection": "source", "operation": "order", "peer": "x"}
