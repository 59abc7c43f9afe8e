"""All images of a patient: by document, unclassified last, unchecked marked."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, update

from engine.message import Refused
from engine.store.schema import document as table
from engine.store.schema_records import page
from records import filing, tree, whole
from tests.records import seed
from tests.records.filed import PDF, routed, scanned


def test_the_parts_come_in_their_order(conn: Connection) -> None:
    owner = seed.patient(conn)
    routed(conn, owner)
    filed = seed.pages(conn, seed.batch(conn, state="filed"), 2, patient=owner)
    older = seed.pages(conn, seed.batch(conn, state="filed"), 1, patient=owner)
    for keys, day, title in ((older, "2020-01-01", "Old"), (filed, "2026-03-01", "")):
        document = scanned(conn, owner, keys, date=day, title=title)
        for key in keys:
            group = seed.draft(conn, seed.batch(conn), [key], state="filed", document=document)
            assert group
    scanned(conn, owner, 1, state="withdrawn")
    conn.execute(update(page).where(page.c.id > max(*filed, *older)).values(patient=None))
    closed = seed.pages(conn, seed.batch(conn, state="closed"), 1, patient=owner)
    unchecked = seed.pages(conn, seed.batch(conn), 2, patient=owner)
    seed.pages(conn, seed.batch(conn), 1, patient=owner, state="blank")
    found = whole.plan(conn, owner)
    assert [one["id"] for one in found] == [*filed, *older, *closed, *unchecked]
    assert [one["bookmark"] for one in found] == [
        "2026-03-01 consent", "", "2020-01-01 Old", whole.BOOKMARKS["unclassified"], whole.BOOKMARKS["unchecked"], "",
    ]  # fmt: skip
    assert [one["unchecked"] for one in found] == [False, False, False, False, True, True]


def test_a_page_that_left_its_document_is_unclassified_again(conn: Connection) -> None:
    owner, home = seed.patient(conn), seed.batch(conn, state="filed")
    keys = seed.pages(conn, home, 3, patient=owner)
    document = scanned(conn, owner, keys)
    seed.draft(conn, home, keys, state="filed", document=document)
    assert [one["id"] for one in whole.plan(conn, owner)] == keys
    filing.version(conn, document, 2, pdf=PDF, keys=keys[1:], by=None, at=seed.NOW)
    conn.execute(update(table).where(table.c.id == document).values(version=2))
    found = whole.plan(conn, owner)
    assert [one["id"] for one in found] == [*keys[1:], keys[0]]
    assert found[-1]["bookmark"] == whole.BOOKMARKS["unclassified"]
    work = tree.tree(conn, owner, ["kind"], user=1, login="ana", withdrawn=False)["in_work"]
    assert work["pages"] == 1


def test_a_record_without_images(conn: Connection) -> None:
    with pytest.raises(Refused, match="this record has 0"):
        whole.plan(conn, seed.patient(conn))
