"""What is told onward: written with the change, in order, and marked once."""

from __future__ import annotations

from typing import Any

from lxml import etree
from sqlalchemy import Connection, insert, select

from engine.store.schema import document
from engine.store.schema_records import doc_kind, outbox
from records import outbox as box
from tests.records import seed


def filed(conn: Connection, patient: int, **changes: Any) -> int:
    row = {
        "public_id": f"DOC{patient}{len(changes)}", "patient": patient, "kind": "consent", "blob": seed.fake("pdf"),
        "created_at": 5, "origin": "scan", "pages": 2, "date": "2026-03-01", "title": "A & <B>\x07", "version": 1,
    } | changes  # fmt: skip
    key = conn.execute(insert(document).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def test_the_body_says_what_the_document_is(conn: Connection) -> None:
    one = seed.patient(conn, details={"visit": "V7"})
    conn.execute(insert(doc_kind).values(code="consent", names={}, loinc="59284-0", rules={}))
    key = box.put(conn, operation=box.FILED, document_id=filed(conn, one), at=9, reason="why")
    row = conn.execute(select(outbox)).one()
    assert (row.id, row.operation, row.version, row.at, row.handed_at) == (key, "document_filed", 1, 9, None)
    root = etree.fromstring(row.body)
    assert root.get("operation") == "document_filed"
    assert root.findtext("title") == "A & <B>"
    assert root.findtext("patient/number") == "0009000001"
    assert root.findtext("patient/visit") == "V7"
    assert root.findtext("codes/loinc") == "59284-0"
    assert root.findtext("link") == f"/d/{root.findtext('id')}"
    assert "示例甲" not in repr(box.due(conn, 10))


def test_what_a_route_filed_is_not_announced(conn: Connection) -> None:
    assert box.put(conn, operation=box.FILED, document_id=filed(conn, seed.patient(conn), origin="route"), at=9) == 0
    assert box.due(conn, 10) == []


def test_rows_are_due_in_order_until_they_are_handed_over(conn: Connection) -> None:
    one = filed(conn, seed.patient(conn))
    keys = [box.put(conn, operation=word, document_id=one, at=9) for word in box.OPERATIONS]
    assert [row.id for row in box.due(conn, 2)] == keys[:2]
    box.handed(conn, keys[0], 11)
    box.handed(conn, keys[0], 12, "WB-8301", "again")
    assert [row.operation for row in box.due(conn, 10)] == ["document_replaced", "document_withdrawn"]
    assert [row.id for row in box.due(conn, 10, keys[1])] == keys[2:]
    assert conn.execute(select(outbox.c.handed_at, outbox.c.code).where(outbox.c.id == keys[0])).one() == (11, "")
