"""The waybill of a run and of a message."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from engine.ops.read_waybill import may, message_waybill, run_waybill
from engine.store.database import Store
from tests.engine.ops import seed


def test_all_that_is_known_of_a_run(store: Store) -> None:
    def rows(conn: Connection) -> tuple[str, str]:
        key = seed.patient(conn)
        assert key
        message = seed.message(conn)
        parent, parent_id = seed.run(conn, message_id=message, children=1, status=None)
        number, run_id = seed.run(
            conn,
            seed.labels(),
            message_id=message,
            parent=parent,
            state="held",
            step="send_back",
            attempts=2,
            code="WB-3002",
            reason="no answer in time",
        )
        seed.effect(conn, number, state="doubt")
        seed.attention(conn, run=number, kind="doubt")
        seed.event(conn, run=number, step="send_back", text="held")
        return run_id, parent_id

    run_id, parent_id = store.write_now(rows)
    found = store.read_now(lambda conn: run_waybill(conn, run_id, [], names=False))
    assert found is not None
    assert found.line.text == "held, at send_back, attempt 2: WB-3002 no answer in time"
    assert found.line.may == ["arrived", "again", "ask", "cancel"]
    assert found.parent is not None
    assert found.parent.id == parent_id
    assert found.message is not None
    assert found.message.operation == "AddRisAppBillRt"
    assert (found.effects[0].state, found.attention[0].kind, found.events[0].text) == ("doubt", "doubt", "held")
    assert (found.patient, found.patient_id) == (1, "P0000000000000000001")
    assert seed.NAME not in repr(found)
    parent = store.read_now(lambda conn: run_waybill(conn, parent_id, [], names=False))
    assert parent is not None
    assert [child.id for child in parent.children] == [run_id]
    assert store.read_now(lambda conn: run_waybill(conn, "none", [], names=False)) is None


def test_the_waybill_of_a_message(store: Store) -> None:
    def rows(conn: Connection) -> str:
        message = seed.message(conn, outcome="invalid", code="WB-1007", reason="//PATDob", repeats=2)
        seed.event(conn, message_id=message, text="refused")
        seed.attention(conn, message_id=message, kind="invalid")
        return message

    message = store.write_now(rows)
    found = store.read_now(lambda conn: message_waybill(conn, message))
    assert found is not None
    assert (found.state, found.line.text, found.line.may) == ("invalid", "invalid: WB-1007 //PATDob", [])
    assert (found.route, found.steps, found.seq) == ("exam_report", [], None)
    assert found.events[0].text == "refused"
    assert found.attention[0].kind == "invalid"
    assert store.read_now(lambda conn: message_waybill(conn, "none")) is None


@pytest.mark.parametrize(
    ("state", "waits", "doubt", "timed", "acts"),
    [
        ("dead", "", False, False, ["retry", "retry_from", "edit", "cancel"]),
        ("held", "", True, False, ["arrived", "again", "ask", "cancel"]),
        ("held", "", False, False, ["retry", "retry_from", "edit", "cancel"]),
        ("waiting", "file", False, False, ["choose", "retry_from", "cancel"]),
        ("waiting", "sign", False, False, ["sign", "retry_from", "cancel"]),
        ("waiting", "person", False, False, ["answer", "retry_from", "cancel"]),
        ("waiting", "", False, True, ["retry", "retry_from", "cancel"]),
        ("running", "", False, False, []),
        ("done", "", True, False, ["edit"]),
    ],
)
def test_what_one_may(state: str, waits: str, doubt: bool, timed: bool, acts: list[str]) -> None:
    assert may(state, waits, doubt=doubt, timed=timed) == acts


def test_what_was_split_is_sent_again_in_parts() -> None:
    assert may("dead", "", doubt=False, timed=False, split=True) == ["retry", "cancel"]


def test_an_order_is_released_where_it_is_held() -> None:
    assert "release" in may("dead", "", doubt=False, timed=False, holds=True)
    assert "release" in may("held", "", doubt=True, timed=False, holds=True)
    assert "release" not in may("waiting", "", doubt=False, timed=False, holds=True)
    assert "release" not in may("dead", "", doubt=False, timed=False)


def test_what_was_resent_is_linked_both_ways(store: Store) -> None:
    def rows(conn: Connection) -> list[str]:
        old = seed.run(conn, state="cancelled")
        return [old[1], seed.run(conn, origin=old[0], order_held=1)[1]]

    ids = store.write_now(rows)
    old = store.read_now(lambda conn: run_waybill(conn, ids[0], [], names=True))
    new = store.read_now(lambda conn: run_waybill(conn, ids[1], [], names=True))
    assert old is not None
    assert new is not None
    assert ([one.id for one in old.resent], old.origin, old.order_held) == ([ids[1]], None, False)
    assert new.origin is not None
    assert (new.origin.id, new.resent, new.order_held) == (ids[0], [], True)
