"""The text of a route as the store keeps it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Connection, insert

from engine.message import Refused
from engine.ops import texts
from engine.store import schema
from engine.store.database import Store

STEPS = [
    {"id": "each", "split": {"by": "//x"}},
    {"id": "look", "status": "Pending", "wait": {"for": "poll"}, "into": "seen"},
    {"id": "signed", "sign": {"with": "ca"}},
    {"id": "send", "when": {"present": "//x"}, "call": {"to": "his_out", "operation": "Register"}},
]


def deploy(conn: Connection, revision: str = "r1", at: int = 1, steps: list[object] | None = None) -> None:
    text = json.dumps({"receive": {}, "steps": STEPS if steps is None else steps})
    conn.execute(
        insert(schema.revision).values(route="exam_report", revision=revision, text=text, deployed_at=at, by="")
    )


def test_steps_what_they_leave_and_whom_they_call(store: Store) -> None:
    def query(conn: Connection) -> texts.RouteText:
        deploy(conn)
        return texts.of_run(conn, "exam_report", "r1")

    route = store.write_now(query)
    assert [(step.id, step.verb, step.into, step.to) for step in route.steps] == [
        ("each", "split", "each", ()),
        ("look", "wait", "seen", ()),
        ("signed", "sign", "signed", (("ca", "sign"),)),
        ("send", "call", "send", (("his_out", "Register"),)),
    ]
    first = route.after_split()
    assert first is not None
    assert first.id == "look"
    assert route.index("send") == 3
    with pytest.raises(Refused, match="WB-7502"):
        route.index("none")


def test_the_current_one_was_deployed_last(store: Store) -> None:
    def query(conn: Connection) -> str:
        deploy(conn, "new", 2, [{"id": "a", "set": {}}])
        deploy(conn, "old", 1)
        return texts.current(conn, "exam_report").revision

    assert store.write_now(query) == "new"
    with pytest.raises(Refused, match="WB-7502"):
        store.read_now(lambda conn: texts.current(conn, "other"))
    with pytest.raises(Refused, match="WB-7502"):
        store.read_now(lambda conn: texts.of_run(conn, "exam_report", "none"))
