"""Which documents are due, and what becomes of an attempt."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.message import Blob
from engine.store.schema import document
from engine.store.schema_records import document_version, making, reading
from records import filing, searchable, texts, waiting
from tests.records import seed
from tests.records.filed import routed, scanned

MADE = Blob(seed.fake("searchable"), 12, "application/pdf")
NOW = seed.NOW


def row(conn: Connection, key: int) -> Any:
    return conn.execute(select(making).where(making.c.document == key)).one()


def test_a_document_waits_until_its_pages_are_read(conn: Connection) -> None:
    owner = seed.patient(conn)
    waits, ready = scanned(conn, owner), scanned(conn, owner)
    (first, second) = filing.pages_of(conn, waits, 1)
    conn.execute(insert(reading), [
        {"page": first, "state": "queued", "due_at": 1}, {"page": second, "state": "failed", "due_at": 1},
    ])  # fmt: skip
    assert searchable.due(conn, NOW, 10) == ([ready], [waits])
    searchable.postpone(conn, [waits], NOW)
    assert row(conn, waits).due_at == NOW + searchable.AGAIN
    conn.execute(reading.delete().where(reading.c.page == first))
    searchable.texted(conn, first, NOW)
    assert searchable.due(conn, NOW, 10) == ([waits, ready], [])
    assert searchable.due(conn, NOW, 1) == ([waits], [])


def test_the_searchable_form_takes_the_place_of_the_pictures(conn: Connection) -> None:
    key = scanned(conn, seed.patient(conn))
    plan = searchable.plan(conn, key)
    assert plan is not None
    assert (plan.version, plan.title, len(plan.sources)) == (1, "consent", 2)
    assert searchable.done(conn, plan, MADE, 9)
    version = conn.execute(select(document_version)).one()
    assert (version.blob, version.form, version.made_at) == (MADE.sha256, "searchable", 9)
    assert conn.execute(select(document.c.blob)).scalar_one() == MADE.sha256
    assert conn.execute(select(making)).all() == []


def test_a_newer_version_is_left_alone(conn: Connection) -> None:
    key = scanned(conn, seed.patient(conn))
    plan = searchable.plan(conn, key)
    assert plan is not None
    conn.execute(update(document).values(version=2))
    assert not searchable.done(conn, plan, MADE, 9)
    assert conn.execute(select(document_version.c.form)).scalar_one() == "pictures"
    assert row(conn, key).attempts == 0


def test_a_failure_is_tried_again_and_then_waits_for_a_person(conn: Connection) -> None:
    key = scanned(conn, seed.patient(conn))
    times = []
    for _ in range(searchable.GIVE_UP):
        searchable.failed(conn, key, "WB-8306", "why", NOW)
        times.append(row(conn, key).due_at)
    assert times[:3] == [NOW + 30_000, NOW + 120_000, NOW + 480_000]
    assert times[-1] == searchable.NEVER
    assert searchable.due(conn, NOW * 2, 10) == ([], [])
    filing.due(conn, key, NOW)
    assert (row(conn, key).attempts, row(conn, key).code) == (0, "")
    searchable.failed(conn, key, "WB-8306", "why", NOW, final=True)
    assert row(conn, key).due_at == searchable.NEVER
    searchable.drop(conn, key)
    searchable.failed(conn, key, "WB-8306", "why", NOW)
    assert conn.execute(select(making)).all() == []


def test_what_a_route_filed_is_not_made(conn: Connection) -> None:
    assert searchable.plan(conn, routed(conn, seed.patient(conn))) is None
    assert searchable.plan(conn, 99) is None


def test_the_last_page_that_is_read_makes_its_document_due(conn: Connection) -> None:
    key = scanned(conn, seed.patient(conn))
    first, second = filing.pages_of(conn, key, 1)
    waiting.enter(conn, [first, second], 1)
    searchable.postpone(conn, [key], NOW)
    for tries in range(waiting.TRIES):
        row = {"page": first, "attempts": tries, "due_at": 1 if not tries else NOW + waiting.PAUSES[tries - 1]}
        texts.failed(conn, row, "WB-8401", "why", NOW)
    assert searchable.due(conn, NOW, 10) == ([], [key])
    searchable.postpone(conn, [key], NOW)
    read = {"languages": "eng", "engine": "t", "text": "", "words": b"", "confidence": 0.0, "same": "", "ms": 1}
    assert texts.put(conn, second, {}, read | {"folded": ""}, NOW)
    assert searchable.due(conn, NOW, 10) == ([key], [])
