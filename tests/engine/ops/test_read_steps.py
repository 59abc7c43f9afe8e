"""Where each step of a run stands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.ops import read
from engine.ops.read_steps import reads_of, steps_of
from engine.ops.read_waybill import EventRow
from engine.store.database import Store
from tests.engine.ops import seed

WORDS = {"each": "split", "patient": "wait", "order": "transform", "send": "call", "keep": "call"}
STEPS: list[Any] = [
    SimpleNamespace(id=id_, verb=verb, into="", help="", contact="", source={}) for id_, verb in WORDS.items()
]


def states(store: Store, **run: Any) -> str:
    def rows(conn: Connection) -> str:
        number, run_id = seed.run(conn, **run)
        seed.value(conn, number, "order", "xml", b"<o/>")
        seed.effect(conn, number, step="send", attempts=3)
        return run_id

    run_id = store.write_now(rows)

    def look(conn: Connection) -> str:
        row = read.run_by_id(conn, run_id)
        assert row is not None
        events = [EventRow(7, "settled", "patient", "", "", "")] if run.get("step") != "patient" else []
        return " ".join(step.state for step in steps_of(conn, row, STEPS, events))

    return store.read_now(look)


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ({"step": "send", "parent": 7}, "done done done current ahead"),
        ({"step": "send"}, "skipped done done current ahead"),
        ({"step": "send", "state": "dead"}, "skipped done done failed ahead"),
        ({"step": "send", "state": "cancelled"}, "skipped done done skipped skipped"),
        ({"step": "patient", "parent": 7}, "done current ahead ahead ahead"),
        ({"step": None, "state": "done", "parent": 7}, "done done done done skipped"),
        ({"step": "keep", "state": "done", "parent": 7}, "done done done done done"),
        ({"step": None, "state": "ready"}, "ahead ahead ahead ahead ahead"),
    ],
)
def test_states(store: Store, run: dict[str, Any], shown: str) -> None:
    assert states(store, **run) == shown


HISTORY = (("created", "each"), ("skipped", "each"), ("done", "patient"), ("skipped", "keep"))


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (HISTORY, "skipped done skipped skipped skipped"),
        ((*HISTORY, ("jumped", "each"), ("done", "each")), "done done skipped skipped skipped"),
    ],
)
def test_what_did_not_apply_is_skipped_though_the_history_names_it(store: Store, told: Any, shown: str) -> None:
    run_id = store.write_now(lambda conn: seed.run(conn, step="patient", state="done")[1])
    row = store.read_now(lambda conn: read.run_by_id(conn, run_id))
    assert row is not None
    events = [EventRow(at, kind, step, "", "", "") for at, (kind, step) in enumerate(told)]
    found = store.read_now(lambda conn: steps_of(conn, row, STEPS, events))
    assert " ".join(step.state for step in found) == shown


def test_attempts_values_and_what_no_step_explains(store: Store) -> None:
    def rows(conn: Connection) -> str:
        number, run_id = seed.run(conn, step="send", attempts=5)
        seed.value(conn, number, "body", "xml", b"<b/>")
        seed.value(conn, number, "order", "xml", b"<o/>")
        seed.value(conn, number, "~changes", "json", b"{}")
        seed.effect(conn, number, step="send", attempts=3)
        return run_id

    run_id = store.write_now(rows)
    row = store.read_now(lambda conn: read.run_by_id(conn, run_id))
    assert row is not None
    found = {step.id: step for step in store.read_now(lambda conn: steps_of(conn, row, STEPS, []))}
    assert found["send"].attempts == 5
    assert (found["order"].value, found["order"].kind, found["order"].has_value) == ("order", "xml", True)
    assert (found["body"].verb, found["body"].state) == ("", "done")
    assert "~changes" not in found


def test_what_a_step_reads() -> None:
    source = {"call": {"to": "x", "number": "$(order/id|filename)", "folder": "a $(device_folder/path) $(order/id)"}}
    assert reads_of(source) == ("order", "device_folder")
    assert reads_of({"when": {"present": "//Id"}, "set": {"labels": ["$(patient/name)"]}}) == ("body", "patient")
    assert reads_of({"transform": {"xslt": "transforms/his/order.xsl"}}) == ("body",)
    assert reads_of(None) == ()
