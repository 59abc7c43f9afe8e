"""Boxes of paper, their shelves, and how far a back-file project is. Pure functions inside a store operation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from engine.message import Refused
from engine.store.schema import document
from engine.store.schema_records import batch, box, page

REFUSED = "WB-8710"  # a box that the table does not take
KNOWN = "WB-8711"  # another box has this code
STATES = ("open", "full", "stored")
LONGEST = {"code": 60, "project": 100, "shelf": 100, "title": 200}
FIELDS = (*LONGEST, "sheets", "state")
MOST_SHEETS = 1_000_000
RECENT = 10
"""Days on which there was work, the last of which make the daily rate."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A box with what came out of it. images: pages of its batches; documents: filed from it."""

    id: int
    code: str
    project: str
    shelf: str
    title: str
    sheets: int | None
    state: str
    batches: dict[str, int]
    images: int
    documents: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Progress:
    """A project. fed: sheets of its batches; a_day: sheets on a day with work; days: about so many are left."""

    project: str
    boxes: dict[str, int]
    sheets: int
    unsaid: int
    fed: int
    images: int
    batches: dict[str, int]
    documents: int
    a_day: float
    days: int | None


@dataclass(frozen=True, slots=True)
class _Batch:
    box: int
    state: str
    sheets: int
    images: int
    day: str


def add(conn: Connection, fields: Mapping[str, Any], *, by: int, at: int) -> int:
    """A new box; its number."""
    row = _cleaned(fields)
    if not row.get("code"):
        raise Refused(REFUSED, "a box has a code")
    _free(conn, row["code"], 0)
    made = conn.execute(insert(box).values(**row, by=by, created_at=at)).inserted_primary_key
    assert made is not None
    return int(made[0])


def change(conn: Connection, key: int, fields: Mapping[str, Any]) -> int:
    """What is given is written, the rest stays; its number."""
    if conn.execute(select(box.c.id).where(box.c.id == key)).first() is None:
        raise Refused(REFUSED, "there is no such box")
    row = _cleaned(fields)
    if "code" in row:
        _free(conn, row["code"], key)
    if row:
        conn.execute(update(box).where(box.c.id == key).values(row))
    return key


def _cleaned(fields: Mapping[str, Any]) -> dict[str, Any]:
    row = {name: fields[name] for name in FIELDS if name in fields}
    for name, most in LONGEST.items():
        if name in row:
            row[name] = str(row[name]).strip()
            if len(row[name]) > most or (name == "code" and not row[name]):
                raise Refused(REFUSED, f"the box's {name} is empty or too long")
    if row.get("state", "open") not in STATES:
        raise Refused(REFUSED, "a box is open, full or stored")
    if row.get("sheets") is not None and not 0 <= int(row["sheets"]) <= MOST_SHEETS:
        raise Refused(REFUSED, "the box's sheets cannot be so many")
    return row


def _free(conn: Connection, code: str, mine: int) -> None:
    other = conn.execute(select(box.c.id).where(box.c.code == code, box.c.id != mine)).first()
    if other is not None:
        raise Refused(KNOWN, "another box has this code")


def search(conn: Connection, project: str | None, after: int | None, limit: int) -> list[Filled]:
    """The newest first; three queries however many there are."""
    query = select(box).order_by(box.c.id.desc()).limit(limit)
    if project is not None:
        query = query.where(box.c.project == project)
    if after is not None:
        query = query.where(box.c.id < after)
    return _filled(conn, conn.execute(query).mappings().all())


def one(conn: Connection, key: int) -> Filled:
    """The box with this number."""
    return _filled(conn, conn.execute(select(box).where(box.c.id == key)).mappings().all())[0]


def _filled(conn: Connection, rows: Iterable[Mapping[Any, Any]]) -> list[Filled]:
    known = list(rows)
    keys = [row["id"] for row in known]
    batches, documents = _batches(conn, keys), _documents(conn, keys)
    made = []
    for row in known:
        mine = [one for one in batches if one.box == row["id"]]
        own = {name: row[name] for name in ("id", *FIELDS, "created_at")}
        filed = documents.get(row["id"], 0)
        made.append(Filled(**own, batches=_states(mine), images=sum(one.images for one in mine), documents=filed))
    return made


def projects(conn: Connection) -> list[Progress]:
    """All projects by name; boxes without one are the project without a name."""
    rows = conn.execute(select(box.c.id, box.c.project, box.c.sheets, box.c.state).order_by(box.c.project)).all()
    batches, documents = _batches(conn, None), _documents(conn, None)
    by_box: dict[int, list[_Batch]] = {}
    for known in batches:
        by_box.setdefault(known.box, []).append(known)
    made = []
    for project in dict.fromkeys(row.project for row in rows):
        mine = [row for row in rows if row.project == project]
        work = [known for row in mine for known in by_box.get(row.id, [])]
        made.append(_progress(project, mine, work, sum(documents.get(row.id, 0) for row in mine)))
    return made


def _progress(project: str, boxes: list[Any], work: list[_Batch], documents: int) -> Progress:
    states: dict[str, int] = {}
    for row in boxes:
        states[row.state] = states.get(row.state, 0) + 1
    said = sum(row.sheets or 0 for row in boxes)
    unsaid = sum(row.sheets is None for row in boxes)
    fed = sum(one.sheets for one in work)
    a_day = _rate(work)
    days = math.ceil(max(said - fed, 0) / a_day) if a_day and not unsaid else None
    return Progress(
        project=project, boxes=states, sheets=said, unsaid=unsaid, fed=fed, images=sum(one.images for one in work),
        batches=_states(work), documents=documents, a_day=round(a_day, 1), days=days,
    )  # fmt: skip


def _rate(work: list[_Batch]) -> float:
    """Sheets on one of the last days on which there was any work."""
    by_day: dict[str, int] = {}
    for known in work:
        by_day[known.day] = by_day.get(known.day, 0) + known.sheets
    last = [by_day[day] for day in sorted(by_day)[-RECENT:]]
    return sum(last) / len(last) if last else 0.0


def _states(batches: list[_Batch]) -> dict[str, int]:
    made: dict[str, int] = {}
    for known in batches:
        made[known.state] = made.get(known.state, 0) + 1
    return made


def _batches(conn: Connection, boxes: list[int] | None) -> list[_Batch]:
    """The batches of these boxes (None: of all); sheets that nobody said are counted from the images."""
    images = select(func.count()).where(page.c.batch == batch.c.id).correlate(batch).scalar_subquery()
    query = select(batch, images.label("images")).where(batch.c.box.is_not(None), batch.c.state != "cancelled")
    if boxes is not None:
        query = query.where(batch.c.box.in_(boxes))
    made = []
    for row in conn.execute(query):
        sides = 1 if row.sides == "one" else 2
        sheets = row.sheets if row.sheets is not None else math.ceil(row.images / sides)
        day = datetime.fromtimestamp(row.created_at / 1000, UTC).date().isoformat()
        made.append(_Batch(row.box, row.state, sheets, row.images, day))
    return made


def _documents(conn: Connection, boxes: list[int] | None) -> dict[int, int]:
    """Current documents by box."""
    query = (
        select(batch.c.box, func.count())
        .join(document, document.c.batch == batch.c.id)
        .where(batch.c.box.is_not(None), document.c.state == "current")
        .group_by(batch.c.box)
    )
    if boxes is not None:
        query = query.where(batch.c.box.in_(boxes))
    return {row[0]: row[1] for row in conn.execute(query)}
