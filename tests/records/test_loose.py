"""Pages that are in no document: unchecked ones first, found one by one, only the patient's own."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, update

from engine.store.schema import document
from engine.store.schema_records import document_page, page
from records import loose
from records import recipe as recipes
from tests.records import filed, seed


@pytest.fixture(name="owner")
def fixture_owner(conn: Connection) -> int:
    return seed.patient(conn)


def test_what_nobody_has_checked_comes_first(conn: Connection, owner: int) -> None:
    closed = seed.pages(conn, seed.batch(conn, state="closed"), 2, patient=owner, created_at=7)
    stopped = seed.pages(conn, seed.batch(conn, state="stopped"), 1, patient=owner, width=200, height=100)
    open_ = seed.pages(conn, seed.batch(conn), 2, patient=owner, state="rescan")
    turned = {"rotate": 90}
    conn.execute(update(page).where(page.c.id == stopped[0]).values(recipe=turned))
    found = loose.pages(conn, owner)
    assert [one["page"] for one in found] == seed.public(conn, page, *stopped, *open_, *closed)
    assert [one["checked"] for one in found] == [False, False, False, True, True]
    assert [one["n"] for one in found] == [1, 2, 3, 4, 5]
    assert (found[0]["width"], found[0]["height"], found[0]["r"]) == (100, 200, recipes.key(turned))
    assert found[-1]["at"] == 7
    work = loose.work(conn, owner)
    assert work["in_work"] == {"pages": 5, "since": 7}
    assert [one["pages"] for one in work["unchecked"]] == [
        seed.public(conn, page, *stopped), seed.public(conn, page, *open_)
    ]  # fmt: skip


def test_what_is_not_of_them(conn: Connection, owner: int) -> None:
    other = seed.patient(conn, "0009000002")
    home = seed.batch(conn)
    (mine,) = seed.pages(conn, home, 1, patient=owner)
    (of_other,) = seed.pages(conn, home, 1, patient=other)
    (blank,) = seed.pages(conn, home, 1, patient=owner, state="blank")
    (nobodys,) = seed.pages(conn, home, 1)
    of_document = seed.pages(conn, home, 2, patient=owner)
    key = filed.scanned(conn, owner, of_document)
    seed.draft(conn, home, of_document, state="filed", document=key)
    assert [one["page"] for one in loose.pages(conn, owner)] == seed.public(conn, page, mine)
    for number in (of_other, blank, nobodys, *of_document):
        assert loose.page_row(conn, owner, seed.public(conn, page, number)[0]) is None
    row = loose.page_row(conn, owner, seed.public(conn, page, mine)[0])
    assert row is not None
    assert row.id == mine
    assert loose.page_row(conn, other, row.public_id) is None
    # A version without the page gives it back to the pages that are in none.
    conn.execute(insert(document_page).values(document=key, version=2, position=1, page=of_document[1]))
    conn.execute(update(document).where(document.c.id == key).values(version=2))
    assert loose.page_row(conn, owner, seed.public(conn, page, of_document[0])[0]) is not None


def test_the_list_has_an_end(conn: Connection, owner: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loose, "MOST", 3)
    seed.pages(conn, seed.batch(conn), 5, patient=owner)
    assert len(loose.pages(conn, owner)) == 3
    work = loose.work(conn, owner)
    assert (work["in_work"]["pages"], len(work["unchecked"][0]["pages"])) == (5, 3)
