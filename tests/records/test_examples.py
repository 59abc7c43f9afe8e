"""Examples are the documents that clerks filed, as they are now, with the text of their first pages."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, update

from engine.store.schema import document
from engine.store.schema_records import document_page
from records import lists
from records.examples import count_since, examples
from tests.records import seed
from tests.records.test_suggest import read


def filed(conn: Connection, patient: int, texts: list[str], **changes: Any) -> int:
    batch = seed.batch(conn, state="filed")
    pages = seed.pages(conn, batch, len(texts))
    for key, text in zip(pages, texts, strict=True):
        read(conn, key, text)
    row = {
        "public_id": f"X{batch}", "patient": patient, "kind": "consent", "blob": seed.fake("x"), "created_at": seed.NOW,
        "origin": "scan", "state": "current", "version": 1, "changed_at": seed.NOW, "details": {},
    } | changes  # fmt: skip
    made = conn.execute(insert(document).values(row)).inserted_primary_key
    assert made is not None
    for place, key in enumerate(pages, 1):
        conn.execute(insert(document_page).values(document=made[0], version=1, position=place, page=key))
    return int(made[0])


def test_what_clerks_filed(conn: Connection) -> None:
    lists.begin(conn)
    one, other = seed.patient(conn), seed.patient(conn, "0009000002")
    filed(conn, one, ["first", "second"])
    filed(conn, other, ["an ecg"], kind="ecg")
    filed(conn, one, ["withdrawn"], state="withdrawn")
    filed(conn, one, ["by a route"], origin="route")
    filed(conn, one, [""])
    found = sorted(examples(conn), key=lambda row: row["kind"])
    assert found == [
        {"kind": "consent", "group": str(one), "text": "first\nsecond"},
        {"kind": "ecg", "group": str(other), "text": "an ecg"},
    ]


def test_the_newest_of_each_kind(conn: Connection) -> None:
    lists.begin(conn)
    who = seed.patient(conn)
    for number in range(5):
        filed(conn, who, [f"text {number}"])
    assert [row["text"] for row in examples(conn, 2)] == ["text 4", "text 3"]


def test_decisions_since(conn: Connection) -> None:
    who = seed.patient(conn)
    key = filed(conn, who, ["a"])
    filed(conn, who, ["b"])
    conn.execute(update(document).where(document.c.id == key).values(changed_at=seed.NOW + 10))
    assert count_since(conn, seed.NOW) == 1
    assert count_since(conn, 0) == 2
