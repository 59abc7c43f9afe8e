"""What is said of a group of pages: checked, recorded, undone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from engine.message import Refused
from engine.store.schema_records import batch, department, doc_kind, draft
from records import acts, drafts
from tests.records import seed


def lists(conn: Connection) -> None:
    """Two kinds and a department."""
    conn.execute(insert(department).values(code="lab", names={}))
    conn.execute(insert(doc_kind), [
        {"code": "consent", "names": {}, "rules": {}, "department": ""},
        {"code": "blood", "names": {}, "rules": {}, "department": "lab"},
    ])  # fmt: skip


class Desk:
    def __init__(self, conn: Connection) -> None:
        lists(conn)
        self.conn = conn
        self.user = seed.user(conn, "ana", ("CL",))
        self.batch = seed.batch(conn)
        owner = seed.patient(conn)
        self.first, self.second = (
            seed.draft(conn, self.batch, seed.pages(conn, self.batch, 2, patient=owner)) for _ in range(2)
        )

    def row(self, key: int) -> Any:
        return self.conn.execute(select(draft).where(draft.c.id == key)).one()

    def patch(self, key: int, **said: Any) -> int:
        return drafts.patch(self.conn, key, said, by=self.user, at=9)


@pytest.fixture(name="desk")
def fixture_desk(conn: Connection) -> Desk:
    return Desk(conn)


def test_a_kind_brings_its_department_and_can_be_undone(conn: Connection, desk: Desk) -> None:
    act = desk.patch(desk.first, kind="blood", date="2026-02-28", title=None)
    row = desk.row(desk.first)
    assert (row.kind, row.date, row.department, row.changed_at) == ("blood", "2026-02-28", "lab", 9)
    acts.undo(conn, act, by=desk.user, at=10)
    assert (desk.row(desk.first).kind, desk.row(desk.first).department) == ("", "")
    desk.patch(desk.first, kind="blood", department="")
    assert desk.row(desk.first).department == ""


def test_same_as_previous(conn: Connection, desk: Desk) -> None:
    desk.patch(desk.first, kind="consent", date="2026-02-28", author="Dr. A", details={"laboratory_number": "7"})
    drafts.same(conn, desk.second, by=desk.user, at=9)
    shown = drafts.view(conn, desk.row(desk.second))
    assert (shown["kind"], shown["author"], shown["details"], shown["missing"]) == ("consent", "Dr. A", {}, [])
    with pytest.raises(Refused, match="no document before"):
        drafts.same(conn, desk.first, by=desk.user, at=9)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "none"}, "no such kind"),
        ({"department": "none"}, "no such department"),
        ({"date": "2026-02-30"}, "no day"),
        ({"date": "0026-02-01"}, "no day"),
        ({"title": "a\x00b"}, "do not print"),
        ({"author": "x" * 101}, "too long"),
        ({"details": {"a": "x" * 201}}, "details"),
    ],
)
def test_what_cannot_be_is_refused(desk: Desk, said: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        desk.patch(desk.first, **said)
    assert caught.value.code == "WB-8305"
    assert not any(str(value) in caught.value.reason for value in said.values())


def test_a_filed_draft_a_cancelled_batch_and_somebody_elses(conn: Connection, desk: Desk) -> None:
    conn.execute(update(draft).where(draft.c.id == desk.first).values(state="filed"))
    with pytest.raises(Refused, match="change the document"):
        desk.patch(desk.first, title="x")
    conn.execute(update(batch).values(locked_by=seed.user(conn, "bea", ("SC",)), locked_at=9))
    with pytest.raises(Refused, match="WB-8102"):
        desk.patch(desk.second, title="x")
    conn.execute(update(batch).values(state="cancelled", locked_by=None))
    with pytest.raises(Refused, match="WB-8104"):
        desk.patch(desk.second, title="x")


def test_a_draft_without_pages_is_not_shown(conn: Connection, desk: Desk) -> None:
    empty = seed.draft(conn, desk.batch)
    with pytest.raises(Refused, match="no pages"):
        drafts.view(conn, desk.row(empty))
