"""When the page ledger balances, and why not."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select

from engine.message import Blob
from engine.store.schema_records import batch
from records import files as scan_files
from records import ledger
from records.states import PageState
from tests.records import seed


def test_every_image_is_in_one_column(conn: Connection) -> None:
    one = seed.batch(conn, sheets=11)
    for place, state in enumerate(PageState):
        seed.pages(conn, one, place, state=state)
    found = ledger.of(conn, one)
    assert [getattr(found, state) for state in PageState] == list(range(len(PageState)))
    assert found.images == sum(range(len(PageState)))


@pytest.mark.parametrize(
    ("fields", "states", "files", "why"),
    [
        ({"sheets": 3}, {"kept": 2, "separator": 1}, [], ()),
        ({"sheets": 2, "sides": "both"}, {"kept": 2, "blank": 2}, [], ()),
        ({"sheets": 2, "sides": "twice"}, {"kept": 3}, [], ("count",)),
        ({"sheets": None}, {"kept": 1}, [], ("unknown",)),
        ({"sheets": 2}, {"kept": 2, "replaced": 1}, [], ()),
        ({"sheets": 2}, {"kept": 1, "rescan": 1}, [], ("rescan",)),
        ({"sheets": 1}, {"kept": 1}, ["taken", "failed", "dismissed"], ("pending", "failed")),
        ({"sheets": 1, "state": "stopped"}, {"kept": 1}, [], ("stopped",)),
        ({"sheets": 0}, {}, [], ()),
    ],
)
def test_why(
    conn: Connection, fields: dict[str, Any], states: dict[str, int], files: list[str], why: tuple[str, ...]
) -> None:
    one = seed.batch(conn, **fields)
    for state, count in states.items():
        seed.pages(conn, one, count, state=state)
    for state in files:
        seed.file(conn, one, state=state)
    found = ledger.of(conn, one)
    assert found.why == why
    assert found.balances is (not why)


@pytest.mark.parametrize(
    ("said", "separators", "drafts", "why"),
    [
        (2, 2, 0, ()),
        (2, 1, 0, ("documents",)),
        (2, 1, 2, ()),  # a person split what a missing separator did not
        (2, 2, 1, ("documents",)),
        (1, 0, 0, ("documents",)),
        (0, 0, 0, ()),
        (None, 3, 1, ()),
    ],
)
def test_as_many_documents_as_were_said(
    conn: Connection, said: int | None, separators: int, drafts: int, why: tuple[str, ...]
) -> None:
    one = seed.batch(conn, sheets=separators + drafts + 1, documents=said)
    seed.pages(conn, one, separators, state="separator")
    for _ in range(drafts):
        seed.draft(conn, one, seed.pages(conn, one, 1))
    seed.draft(conn, one, seed.pages(conn, one, 1, state="dropped"))
    found = ledger.of(conn, one)
    assert found.why == why
    assert found.groups == (drafts or separators)


def test_several_at_once(conn: Connection) -> None:
    first, second = seed.batch(conn, sheets=1), seed.batch(conn)
    seed.pages(conn, first, 1)
    seed.pages(conn, second, 4)
    found = ledger.of_many(conn, conn.execute(select(batch)).all())
    assert {key: (one.images, one.expected) for key, one in found.items()} == {first: (1, 1), second: (4, None)}


def test_a_file_that_will_join_the_stations_newest_batch_is_waited_for(conn: Connection) -> None:
    """Closing just before its first page comes would leave its pages to a batch of their own."""
    older, newest = seed.batch(conn, sheets=0), seed.batch(conn, sheets=0)
    elsewhere, closed = seed.batch(conn, sheets=0, station="desk-2"), seed.batch(conn, sheets=0, state="closed")
    blob = Blob(seed.fake("scan"), 9, "image/png")
    scan_files.add(conn, key="k", station="desk-1", name="a.png", blob=blob, meta={}, at=1)
    found = {key: ledger.of(conn, key).pending_files for key in (older, newest, elsewhere, closed)}
    assert found == {older: 0, newest: 1, elsewhere: 0, closed: 0}
    assert ledger.of(conn, newest).why == ("pending",)
