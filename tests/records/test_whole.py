"""All images of a patient: by document, unclassified last, unchecked marked."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, update

from engine.message import Refused
from engine.store.schema_records import page
from records import whole
from tests.records import seed
from tests.records.filed import routed, scanned


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


def test_a_record_without_images(conn: Connection) -> None:
    with pytest.raises(Refused, match="this record has 0"):
        whole.plan(conn, seed.patient(conn))
