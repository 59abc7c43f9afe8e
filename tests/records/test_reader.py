"""A document's versions and pages, and where a text stands on them."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from sqlalchemy import Connection, update

from engine.store.schema_records import page
from records import filing, reader, recipe
from tests.records import seed
from tests.records.filed import PDF, scanned
from tests.records.test_sources import text

WORDS: list[list[Any]] = [
    [0.1, 0.1, 0.1, 0.02, 90, "Señora"],
    [0.3, 0.1, 0.1, 0.02, 90, "Muñoz"],
    [0.1, 0.2, 0.1, 0.02, 90, "出院"],
    [0.2, 0.2, 0.1, 0.02, 90, "记录"],
    [0.1, 0.3, 0.1, 0.02, 90, "muñoz"],
]


@pytest.mark.parametrize(
    ("asked", "places"),
    [
        ("munoz", [1, 4]),
        ("senora munoz", [0, 1, 4]),
        ('"senora munoz"', [0, 1]),
        ("院", [2]),
        ("院记", [2, 3]),
        ("x", []),
    ],
)
def test_boxes_of_a_hit(asked: str, places: list[int]) -> None:
    assert list(reader.boxes_of(WORDS, asked, 100)) == [WORDS[place][:4] for place in places]
    assert len(list(reader.boxes_of(WORDS, asked, 1))) <= 1


def test_a_text_is_found_on_its_pages(conn: Connection) -> None:
    keys = seed.pages(conn, seed.batch(conn), 3)
    document = scanned(conn, seed.patient(conn), keys)
    packed = zlib.compress(json.dumps(WORDS).encode())
    text(conn, keys[1], words=packed)
    text(conn, keys[2], words=zlib.compress(b"[]"))
    assert reader.find(conn, document, 1, "出院记录") == [{"n": 2, "boxes": [WORDS[2][:4], WORDS[3][:4]]}]
    assert reader.find(conn, document, 1, "") == []


def test_versions_and_pages(conn: Connection) -> None:
    keys = seed.pages(conn, seed.batch(conn), 2)
    turned = {"rotate": 90}
    conn.execute(update(page).where(page.c.id == keys[1]).values(recipe=turned))
    document = scanned(conn, seed.patient(conn), keys)
    user = seed.user(conn, "ana", ("CL",))
    filing.version(conn, document, 2, pdf=PDF, keys=keys[::-1], by=user, at=9, reason="order")
    found = reader.versions(conn, document)
    assert [(one["version"], one["by"], one["reason"], one["form"]) for one in found] == [
        (2, "ana", "order", "pictures"), (1, None, "", "pictures"),
    ]  # fmt: skip
    shown = reader.pages(conn, document, 1)
    assert [(one["n"], one["width"], one["height"], one["r"]) for one in shown] == [
        (1, 1240, 1754, ""), (2, 1754, 1240, recipe.key(turned)),
    ]  # fmt: skip
    row = reader.page_row(conn, document, 2, 1)
    assert row is not None
    assert row.id == keys[1]
    assert reader.page_row(conn, document, 2, 3) is None
