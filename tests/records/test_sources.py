"""Pages as a PDF is made of them."""

from __future__ import annotations

import zlib
from typing import Any

from sqlalchemy import Connection, insert, update

from engine.message import Blob
from engine.store.schema_records import page, page_text
from records import recipe, sources
from tests.records import seed


def text(conn: Connection, key: int, **changes: Any) -> None:
    """A page that was read."""
    row = {
        "page": key, "languages": "eng", "engine": "test", "recipe": "", "text": "word", "confidence": 90.0,
        "words": zlib.compress(b'[[0.1, 0.1, 0.2, 0.1, 90, "word"]]'), "ms": 1, "at": 1,
    } | changes  # fmt: skip
    conn.execute(insert(page_text).values(row))


def test_pages_come_in_the_order_asked_for(conn: Connection) -> None:
    keys = seed.pages(conn, seed.batch(conn), 3)
    found = sources.of_pages(conn, keys[::-1])
    assert [one["id"] for one in found] == keys[::-1]
    assert [one["page"] for one in found] == seed.public(conn, page, *keys[::-1])
    assert set(found[0]) == {"page", "id", "blob", "width", "height", "dpi", "recipe"}
    located = sources.located(found, lambda blob: f"/b/{blob.sha256}")
    assert located[0]["path"] == f"/b/{found[0]['blob']}"
    assert sources.of_pages(conn, []) == []
    assert Blob(found[0]["blob"], 0).size == 0


def test_words_are_of_the_page_as_it_looks_now(conn: Connection) -> None:
    one, two, three = seed.pages(conn, seed.batch(conn), 3)
    for key in (one, two):
        text(conn, key)
    conn.execute(update(page).where(page.c.id == two).values(recipe={"rotate": 90}))
    assert ["words" in given for given in sources.of_pages(conn, [one, two, three], words=True)] == [True, False, False]
    conn.execute(update(page_text).where(page_text.c.page == two).values(recipe=recipe.key({"rotate": 90})))
    assert "words" in sources.of_pages(conn, [two], words=True)[0]


def test_a_name_is_of_pages_order_and_recipes(conn: Connection) -> None:
    one, two = seed.pages(conn, seed.batch(conn), 2)
    names = [sources.name_of(sources.of_pages(conn, keys)) for keys in ([one, two], [two, one], [one])]
    conn.execute(update(page).where(page.c.id == two).values(recipe={"rotate": 90}))
    names.append(sources.name_of(sources.of_pages(conn, [one, two])))
    assert len(set(names)) == 4
