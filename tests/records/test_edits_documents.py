"""Filed documents change with a history, and whoever was told of them is told."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from engine.message import Blob, Refused
from engine.store.schema import document
from engine.store.schema_records import act, document_version, making, outbox, page
from records import edits_documents as edits
from records import filing
from tests.records import seed
from tests.records.filed import routed, scanned
from tests.records.test_drafts import lists

NEWER = Blob(seed.fake("newer"), 11, "application/pdf")


class Case:
    """A scanned document of three pages, and who edits it."""

    def __init__(self, conn: Connection) -> None:
        lists(conn)
        self.conn = conn
        self.user = seed.user(conn, "ana", ("CL",))
        self.owner = seed.patient(conn)
        self.keys = seed.pages(conn, seed.batch(conn, state="filed"), 3, patient=self.owner)
        self.id = scanned(conn, self.owner, self.keys)

    def row(self) -> Any:
        return self.conn.execute(select(document).where(document.c.id == self.id)).one()

    def edit(self, **said: Any) -> int:
        return edits.edit(self.conn, self.id, said, by=self.user, at=9, reason="typo")

    def undo(self) -> Any:
        return edits.undo(self.conn, self.id, by=self.user, at=11)

    def told(self) -> list[str]:
        return list(self.conn.execute(select(outbox.c.operation).order_by(outbox.c.id)).scalars())

    def pages(self, keys: list[int]) -> int:
        names = seed.public(self.conn, page, *keys)
        made_of = edits.plan_pages(self.conn, self.id, names).made_of
        return edits.pages(self.conn, self.id, names, pdf=NEWER, made_of=made_of, by=self.user, at=9, reason="order")


@pytest.fixture(name="case")
def fixture_case(conn: Connection) -> Case:
    return Case(conn)


def test_attributes_change_with_a_history_and_are_undone(conn: Connection, case: Case) -> None:
    assert case.edit(title="New", author="Dr. A", kind="consent") > 0
    assert case.told() == []
    assert case.edit(kind="blood") > 0
    assert case.edit(kind="blood") == 0
    assert case.told() == ["document_replaced"]
    items, onward = edits.history(conn, case.id, None, 1)
    first = items[0]
    assert (first["kind"], first["by"], first["note"], first["can_undo"]) == ("document.edit", "ana", "typo", True)
    assert items[0]["changes"] == [{"name": "kind", "before": "consent", "after": "blood"}]
    rest, end = edits.history(conn, case.id, onward, 5)
    assert ([one["can_undo"] for one in rest], end) == ([False], None)
    case.undo()
    assert (case.row().kind, case.row().title) == ("consent", "New")
    assert case.told() == ["document_replaced"] * 2
    case.undo()
    assert (case.row().title, case.told()) == ("", ["document_replaced"] * 2)
    with pytest.raises(Refused, match="nothing to undo"):
        case.undo()
    assert [one["undone_by"] for one in edits.history(conn, case.id, None, 5)[0]] == ["ana", "ana"]


def test_a_withdrawn_document_is_restored(conn: Connection, case: Case) -> None:
    edits.withdraw(conn, case.id, by=case.user, at=9, reason="wrong patient")
    assert case.row().state == "withdrawn"
    with pytest.raises(Refused, match="WB-8310"):
        case.edit(title="x")
    with pytest.raises(Refused, match="WB-8310"):
        edits.withdraw(conn, case.id, by=case.user, at=9, reason="again")
    edits.restore(conn, case.id, by=case.user, at=10)
    with pytest.raises(Refused, match="not withdrawn"):
        edits.restore(conn, case.id, by=case.user, at=10)
    assert case.row().state == "current"
    case.undo()
    assert case.row().state == "withdrawn"
    case.undo()
    assert case.row().state == "current"
    words = ["withdrawn", "filed", "withdrawn", "filed"]
    assert case.told() == [f"document_{word}" for word in words]


def test_a_new_version_has_other_pages_and_the_old_one_stays(conn: Connection, case: Case) -> None:
    conn.execute(making.delete())
    assert case.pages(case.keys[:2]) == 2
    row = case.row()
    assert (row.version, row.pages, row.blob) == (2, 2, NEWER.sha256)
    assert filing.pages_of(conn, case.id, 1) == case.keys
    assert filing.pages_of(conn, case.id, 2) == case.keys[:2]
    assert conn.execute(select(making.c.document)).scalar_one() == case.id
    assert case.told() == ["document_replaced"]
    conn.execute(update(document_version).where(document_version.c.version == 1).values(form="searchable"))
    case.undo()
    assert (case.row().version, case.row().pages, case.row().blob) == (1, 3, seed.fake("pdf"))
    assert case.told() == ["document_replaced"] * 2
    assert case.pages(case.keys[::-1]) == 3


def test_pages_of_somebody_else_and_what_changed_meanwhile(conn: Connection, case: Case) -> None:
    other = seed.pages(conn, seed.batch(conn), 1, patient=seed.patient(conn, "2"))
    dropped = seed.pages(conn, seed.batch(conn), 1, patient=case.owner, state="dropped")
    for keys in (other, dropped):
        with pytest.raises(Refused, match="not of this patient"):
            case.pages([*case.keys, *keys])
    with pytest.raises(Refused, match="named twice"):
        case.pages([case.keys[0]] * 2)
    with pytest.raises(Refused, match="not there"):
        edits.plan_pages(conn, case.id, ["NONE"])
    names = seed.public(conn, page, *case.keys)
    made_of = edits.plan_pages(conn, case.id, names).made_of
    conn.execute(update(page).values(recipe={"rotate": 90}))
    with pytest.raises(Refused, match="WB-8304"):
        edits.pages(conn, case.id, names, pdf=NEWER, made_of=made_of, by=case.user, at=9, reason="x")


def test_pages_of_another_document_and_of_a_batch_that_is_worked_on(conn: Connection, case: Case) -> None:
    other = seed.pages(conn, seed.batch(conn, state="filed"), 2, patient=case.owner)
    scanned(conn, case.owner, other)
    closed = seed.batch(conn, state="closed")
    waiting = seed.pages(conn, closed, 1, patient=case.owner)
    seed.draft(conn, closed, waiting)
    at_work = seed.pages(conn, seed.batch(conn), 1, patient=case.owner)
    loose = seed.pages(conn, closed, 1, patient=case.owner)
    for keys in (other[:1], waiting, at_work, loose):
        with pytest.raises(Refused, match="to be filed by the scan desk"):
            case.pages([*case.keys, *keys])
    free = seed.pages(conn, closed, 1, patient=case.owner)
    seed.draft(conn, closed, free, state="filed")
    assert case.pages([*case.keys[1:], *free]) == 2
    assert case.pages([*case.keys, *free]) == 3, "what was in it may come back"


def test_what_a_route_filed_keeps_its_pages_and_is_not_announced(conn: Connection, case: Case) -> None:
    key = routed(conn, case.owner)
    assert edits.edit(conn, key, {"kind": "blood"}, by=case.user, at=9) > 0
    edits.withdraw(conn, key, by=case.user, at=9, reason="x")
    assert case.told() == []
    edits.restore(conn, key, by=case.user, at=9)
    with pytest.raises(Refused, match="a route filed"):
        edits.plan_pages(conn, key, ["NONE"])


def test_what_a_person_pinned_is_no_history(conn: Connection, case: Case) -> None:
    conn.execute(insert(act).values(kind="document.pinned", document=case.id, before={}, after={}, at=1))
    assert edits.history(conn, case.id, None, 5) == ([], None)
