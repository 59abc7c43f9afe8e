"""What is suggested when: once all pages are read; again when pages, text or model are others; never as an act."""

from __future__ import annotations

import json
import zlib
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.store.schema_records import act, draft, page, page_text, reading
from records import lists, suggest
from tests.records import seed

NOW = seed.NOW


def read(conn: Connection, key: int, text: str, at: int = NOW) -> None:
    words = zlib.compress(json.dumps([[0.1, 0.1, 0.1, 0.02, 90.0, text]]).encode())
    conn.execute(
        insert(page_text).values(
            page=key, languages="eng", engine="test", recipe="", text=text, words=words, confidence=90.0, ms=1, at=at
        )
    )


def group(conn: Connection, **changes: Any) -> tuple[int, list[int]]:
    batch = seed.batch(conn, **changes)
    pages = seed.pages(conn, batch, 2)
    return seed.draft(conn, batch, pages), pages


def said(conn: Connection, key: int, at: int = NOW + 1, model: int = 0) -> list[str]:
    return suggest.keep(conn, {key: {"kinds": [], "abstained": True, "values": []}}, model, at)


def test_due_when_all_its_pages_are_read(conn: Connection) -> None:
    key, pages = group(conn)
    conn.execute(insert(reading), [{"page": one, "state": "queued", "due_at": NOW} for one in pages])
    assert suggest.due(conn, 0) == []
    conn.execute(update(reading).values(state="failed"))
    assert suggest.due(conn, 0) == [key]
    said(conn, key)
    assert suggest.due(conn, 0) == []


def test_due_again(conn: Connection) -> None:
    key, pages = group(conn)
    said(conn, key)
    assert suggest.due(conn, 7) == [key], "another model"
    read(conn, pages[1], "late", NOW + 5)
    assert suggest.due(conn, 0) == [key], "read since"
    said(conn, key, NOW + 6)
    assert suggest.due(conn, 0) == []
    conn.execute(update(page).where(page.c.id == pages[0]).values(changed_at=NOW + 9))
    assert suggest.due(conn, 0) == [key], "a page is another"


def test_not_due(conn: Connection) -> None:
    filed, _ = group(conn)
    conn.execute(update(draft).where(draft.c.id == filed).values(state="filed"))
    group(conn, state="cancelled")
    key, pages = group(conn)
    conn.execute(update(page).where(page.c.id.in_(pages)).values(state="dropped"))
    assert suggest.due(conn, 0) == []
    assert suggest.items(conn, [key]) == []


def test_items_in_the_order_of_the_pages(conn: Connection) -> None:
    key, pages = group(conn)
    read(conn, pages[0], "second")
    read(conn, pages[1], "first")
    conn.execute(update(page).where(page.c.id == pages[1]).values(position=0.5))
    [item] = suggest.items(conn, [key])
    assert [text for _, text, _ in item.pages] == ["first", "second"]
    assert suggest.unpacked(item.pages[0][2])[0][5] == "first"


def test_kept_without_an_act(conn: Connection) -> None:
    key, _ = group(conn)
    [batch] = said(conn, key, model=3)
    assert batch.startswith("B")
    kept = conn.execute(select(draft.c.suggested).where(draft.c.id == key)).scalar_one()
    assert (kept["model"], kept["abstained"]) == (3, True)
    assert conn.execute(select(act)).all() == []


def test_known_has_the_lists(conn: Connection) -> None:
    lists.begin(conn)
    known = suggest.known(conn, (4, "a" * 64))
    assert (known.model, known.blob) == (4, "a" * 64)
    assert known.rules["laboratory"][0]["name"] == "laboratory_number"
    assert "内科" in known.departments["medicine"]
    assert suggest.known(conn, None).model == 0
