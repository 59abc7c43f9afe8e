"""A separator that is missing, doubled, out of order or unreadable always stops the batch: many small stacks of sheets.

Through `records.capture` in this process, as pages that were looked at; then a worn sheet through `records.inspect`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import Connection, Row, select

from engine.message import Blob, Refused
from engine.store.schema_records import batch, draft, page
from records import batches, capture, codes, files, inspect
from records.capture import Piece
from records.states import BatchState
from simulators import wear
from tests.crash.effort import times
from tests.records import seed
from tests.records.printed import DPI, scans

AT = 1_000
NUMBER = "ABCDEFGH"
OTHER = "ZYXWVTSR"
MANY = settings(
    max_examples=times(15, 3000), deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)


@dataclass(frozen=True)
class Fed:
    """An image that was scanned: the texts of its codes, and whether our marks are on it. document: of which it is."""

    texts: tuple[str, ...] = ()
    sheet: bool = False
    document: int = 0


def separator(sequence: int, name: str = NUMBER) -> Fed:
    return Fed((codes.separator(name, sequence),) * 2, True)


def stack(documents: list[int], said: bool) -> list[Fed]:
    """The header, then each document behind its separator; said: the header says how many sheets there are."""
    made: list[Fed] = []
    for number, pages in enumerate(documents, 1):
        made += [separator(number), *[Fed(document=number)] * pages]
    text = codes.header(NUMBER, len(documents), len(made) + 1 if said else 0)
    return [Fed((text,) * 2, True), *made]


def places(images: list[Fed]) -> list[int]:
    return [place for place, one in enumerate(images) if any(text.startswith("WBS") for text in one.texts)]


# --- what goes wrong


def missing(images: list[Fed], chance: random.Random) -> list[Fed]:
    """Two sheets were fed as one, or it was never put in."""
    gone = chance.choice(places(images))
    return images[:gone] + images[gone + 1 :]


def doubled(images: list[Fed], chance: random.Random) -> list[Fed]:
    again = chance.choice(places(images))
    where = chance.randrange(again + 1, len(images) + 1)
    return [*images[:where], images[again], *images[where:]]


def swapped(images: list[Fed], chance: random.Random) -> list[Fed]:
    found = places(images)
    if len(found) < 2:
        return doubled(images, chance)
    one, two = chance.sample(found, 2)
    made = list(images)
    made[one], made[two] = made[two], made[one]
    return made


def unreadable(images: list[Fed], chance: random.Random) -> list[Fed]:
    """Only our marks are left of it."""
    return _changed(images, chance, lambda one: replace(one, texts=()))


def unseen(images: list[Fed], chance: random.Random) -> list[Fed]:
    """Neither code nor mark is left of it: it looks like a page."""
    return _changed(images, chance, lambda one: replace(one, texts=(), sheet=False))


def misread(images: list[Fed], chance: random.Random) -> list[Fed]:
    """A letter of its code is wrong."""

    def wrong(text: str) -> str:
        at = chance.randrange(4, len(text))
        other = chance.choice([letter for letter in codes.DIGITS if letter != text[at]])
        return text[:at] + other + text[at + 1 :]

    return _changed(images, chance, lambda one: replace(one, texts=(wrong(one.texts[0]),)))


def foreign(images: list[Fed], chance: random.Random) -> list[Fed]:
    """Of another batch."""
    return _changed(images, chance, lambda one: separator(chance.randrange(1, 9), OTHER))


def _changed(images: list[Fed], chance: random.Random, change: Callable[[Fed], Fed]) -> list[Fed]:
    made = list(images)
    place = chance.choice(places(images))
    made[place] = change(made[place])
    return made


WRONGS = (missing, doubled, swapped, unreadable, unseen, misread, foreign)
STACKS = st.lists(st.integers(1, 3), min_size=1, max_size=4)
SEEDS = st.integers(0, 1 << 30)


# --- how it comes


def taken(conn: Connection, images: list[Fed], chance: random.Random) -> Row[Any]:
    """In files of some pages, each joined in pieces; then a person says how many sheets were fed. The batch."""
    owner = seed.user(conn)
    key = batches.new(conn, station="desk", by=None, at=AT, header=NUMBER)
    for number, file in enumerate(_cut(images, chance, 4)):
        blob = Blob(seed.fake(f"file {number}"), 9, "application/pdf")
        row = files.add(conn, key=f"k{number}", station="desk", name="scan.pdf", blob=blob, meta={}, at=AT)
        done = 0
        for some in _cut(file, chance, 3):
            pieces = [_piece(number, done + place, one) for place, one in enumerate(some, 1)]
            assert capture.join(conn, row["id"], len(file), pieces, [], AT) is not None
            done += len(some)
    mine = conn.execute(select(batch).where(batch.c.id == key)).one()
    if mine.sheets is None:
        batches.describe(conn, key, {"sheets": len(images)}, by=owner, at=AT)
    return conn.execute(select(batch).where(batch.c.id == key)).one()


def _cut(images: list[Fed], chance: random.Random, most: int) -> Iterator[list[Fed]]:
    left = list(images)
    while left:
        size = chance.randint(1, most)
        yield left[:size]
        left = left[size:]


def _piece(file: int, number: int, one: Fed) -> Piece:
    found = [{"format": "qr", "kind": codes.kind_of(text), "text": text, "box": [0, 0, 1, 1]} for text in one.texts]
    master = Blob(seed.fake(f"{file} {number}"), 9, "image/png")
    return Piece(number, master, 100, 140, 300, codes=found, sheet=one.sheet, thumb=master, view=master)


def closes(conn: Connection, mine: Row[Any]) -> bool:
    try:
        batches.close(conn, mine.id, by=mine.locked_by or seed.user(conn, "other"), at=AT)
    except Refused:
        return False
    return True


@MANY
@given(STACKS, SEEDS, st.booleans())
def test_a_good_stack_is_split_as_it_was_fed(documents: list[int], number: int, said: bool) -> None:
    images = stack(documents, said)
    with seed.fresh() as conn:
        mine = taken(conn, images, random.Random(number))
        assert (mine.state, mine.code) == (BatchState.OPEN, "")
        assert closes(conn, mine)
        columns = (draft.c.id, page.c.position)
        joined = select(*columns).join(page, page.c.draft == draft.c.id).order_by(page.c.position)
        found = [row.id for row in conn.execute(joined)]
    fed = [one.document for one in images if one.document]
    assert [sorted(set(found)).index(one) + 1 for one in found] == fed


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.__name__)
@MANY
@given(STACKS, SEEDS, st.booleans())
def test_a_wrong_separator_stops_the_batch(
    wrong: Callable[[list[Fed], random.Random], list[Fed]], documents: list[int], number: int, said: bool
) -> None:
    chance = random.Random(number)
    images = wrong(stack(documents, said), chance)
    with seed.fresh() as conn:
        mine = taken(conn, images, chance)
        assert mine.state == BatchState.STOPPED or not closes(conn, mine), "it was split wrongly, and nobody was told"


# --- what a scanner makes of them

EFFECTS: tuple[tuple[str, ...], ...] = (
    tuple(wear.EFFECTS), ("skew", "noise", "jpeg"), ("dark", "noise"), ("pale", "skew"), ("cut",), ("pale", "noise"),
)  # fmt: skip


@cache
def printed() -> Image.Image:
    return scans("separators", {"batch": NUMBER, "count": 1, "documents": 1})[0]


@pytest.mark.parametrize("seed_of", range(times(1, 60)))
@pytest.mark.parametrize("effects", EFFECTS, ids="+".join)
def test_a_worn_separator_is_read_or_known_as_ours(tmp_path: Path, effects: tuple[str, ...], seed_of: int) -> None:
    """So the batch is split there, or stops: never is such a sheet a page."""
    worn = wear.wear(printed(), seed_of, (0.6, 1.0)[seed_of % 2], effects)
    worn.rotate((0, 90, 180, 270)[seed_of % 4], expand=True).save(tmp_path / "worn.jpg", quality=75, dpi=(DPI, DPI))
    seen: dict[str, Any] = inspect.look(str(tmp_path / "worn.jpg"), {"folder": str(tmp_path), "name": "p"})
    assert seen["sheet"] or {one["kind"] for one in seen["codes"]} == {"separator"}
