"""What people do to pages, drafts, batches and documents: recorded with what was before, so that it can be undone.

Pure functions inside one store operation, so an act, what it changed and what follows from it are one commit.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.message import Refused
from engine.points import point
from engine.store.schema_records import act, batch, metadata, page, page_text
from engine.store.sql import pieces
from records import waiting
from records.recipe import key as recipe_key
from records.states import PageState

NO_UNDO = "WB-8103"  # an act that is not there, is undone already, or was built upon by a later one

Changes = Mapping[str, Mapping[int, Mapping[str, Any]]]
"""{table: {id: {column: value}}}"""
Kept = dict[str, dict[str, dict[str, Any] | None]]
"""The same as the table `act` keeps it: ids as text; in `before` None where the row was not there."""

OWN = ("suggested", "changed_at")
"""Columns that the machine changes by itself, which is in nobody's way."""


@dataclass(frozen=True, slots=True)
class Touched:
    """What an act, or its undoing, changed: ids by table."""

    act: int
    kind: str
    batch: int | None
    document: int | None
    rows: dict[str, list[int]]


def change(
    conn: Connection,
    *,
    kind: str,
    by: int | None,
    at: int,
    rows: Changes,
    batch: int | None = None,
    document: int | None = None,
    bulk: str = "",
    note: str = "",
    added: Mapping[str, Collection[int]] | None = None,
) -> int:
    """Write `rows` and the act with what was there before; its number.

    What does not change is left out of the act. Tables are those of one key column. added: rows that the caller
    inserted in this same operation (a new draft): undoing removes them. A page whose recipe changes loses its pictures
    and is read anew; the batch's version is one more.
    """
    before, after = _difference(conn, rows)
    _write(conn, after, at)
    for table, keys in (added or {}).items():
        for key, row in _rows(conn, _table(table), keys).items():
            before.setdefault(table, {})[str(key)] = None
            after.setdefault(table, {})[str(key)] = dict(row._mapping)
    point("desk.act")
    number = _record(
        conn, kind=kind, by=by, at=at, batch=batch, document=document, bulk=bulk, note=note[:200],
        before=before, after=after,
    )  # fmt: skip
    _renew(conn, batch, at)
    return number


def undo(conn: Connection, number: int, *, by: int | None, at: int) -> Touched:
    """Put back what was before the act. `Refused` when a later act stands on it, or something else changed it."""
    row = conn.execute(select(act).where(act.c.id == number)).one_or_none()
    if row is None or row.undone_at is not None:
        raise Refused(NO_UNDO, "there is no such act, or it is undone already")
    if touched(row) & _later(conn, row) or not _as_left(conn, row.after):
        raise Refused(NO_UNDO, "something later was done to the same; undo that first")
    _write(conn, row.before, at)
    for table, rows in row.before.items():
        _remove(conn, _table(table), [int(key) for key, values in rows.items() if values is None])
    point("desk.act")
    conn.execute(update(act).where(act.c.id == number).values(undone_at=at, undone_by=by))
    _renew(conn, row.batch, at)
    ids = {table: [int(key) for key in rows] for table, rows in row.before.items()}
    return Touched(row.id, row.kind, row.batch, row.document, ids)


def newest(conn: Connection, batch_id: int) -> int | None:
    """The newest act on a batch that changed something and is not undone."""
    rows = conn.execute(
        select(act.c.id)
        .where(act.c.batch == batch_id, act.c.undone_at.is_(None), act.c.before != {})
        .order_by(act.c.id.desc())
        .limit(1)
    )
    return rows.scalar_one_or_none()


def listed(conn: Connection, batch_id: int, limit: int = 30) -> list[tuple[Row[Any], bool]]:
    """The last acts on a batch, newest first, and whether each can be undone."""
    rows = conn.execute(select(act).where(act.c.batch == batch_id).order_by(act.c.id.desc()).limit(limit)).all()
    later: set[tuple[str, str, str]] = set()
    found = []
    for row in rows:
        mine = touched(row)
        found.append((row, row.undone_at is None and bool(mine) and not mine & later))
        if row.undone_at is None:
            later |= mine
    return found


def touched(row: Row[Any]) -> set[tuple[str, str, str]]:
    """(table, id, column) of what an act changed; a row that it added counts with all its columns."""
    return {
        (table, key, column)
        for table, rows in row.after.items()
        for key, values in rows.items()
        for column in values or ()
    }  # fmt: skip


def _difference(conn: Connection, rows: Changes) -> tuple[Kept, Kept]:
    """Before and after, of the columns that really change."""
    before: Kept = {}
    after: Kept = {}
    for table, new in rows.items():
        found = _rows(conn, _table(table), new, {column for values in new.values() for column in values})
        for key, values in new.items():
            old = found[key]._mapping
            changed = {column: value for column, value in values.items() if old[column] != value}
            if changed:
                before.setdefault(table, {})[str(key)] = {column: old[column] for column in changed}
                after.setdefault(table, {})[str(key)] = changed
    return before, after


def _write(conn: Connection, rows: Kept, at: int) -> None:
    """Rows that are None are left alone. Rows that get the same values are written together, however many they are."""
    for name, changed in rows.items():
        table = _table(name)
        alike: defaultdict[str, list[int]] = defaultdict(list)
        for key, values in changed.items():
            if values:
                alike[json.dumps(values, sort_keys=True)].append(int(key))
        alone = [(keys[0], json.loads(text)) for text, keys in alike.items() if len(keys) == 1]
        _write_each(conn, table, [(key, values | _along(table, values, at)) for key, values in alone])
        for text, keys in alike.items():
            values = json.loads(text)
            for some in pieces(keys if len(keys) > 1 else []):
                conn.execute(update(table).where(_key(table).in_(some)).values(values | _along(table, values, at)))
    _read_anew(conn, {int(key): values for key, values in rows.get("page", {}).items() if values}, at)
    for key in (key for key, values in rows.get("batch", {}).items() if values and "box" in values):
        waiting.rank(conn, int(key))


def _write_each(conn: Connection, table: Table, rows: Sequence[tuple[int, Mapping[str, Any]]]) -> None:
    columns: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for key, values in rows:
        # A parameter may not be called as a column that the statement sets.
        given = {f"_{name}": value for name, value in values.items()}
        columns[tuple(sorted(values))].append({"_key": key} | given)
    for names, many in columns.items():
        new = {name: bindparam(f"_{name}", type_=table.c[name].type) for name in names}
        conn.execute(update(table).where(_key(table) == bindparam("_key")).values(new), many)


def _along(table: Table, values: Mapping[str, Any], at: int) -> dict[str, Any]:
    """What changes with the columns: the time, and pictures that were made by another recipe."""
    pictures = {"thumb": None, "view": None} if table is page and "recipe" in values else {}
    return pictures | ({"changed_at": at} if "changed_at" in table.c else {})


def _read_anew(conn: Connection, pages: Mapping[int, Mapping[str, Any]], at: int) -> None:
    """Pages of the record are read as they look now; a page that is not of it any more is not read."""
    turned = [key for key, values in pages.items() if "recipe" in values or "state" in values]
    found = _rows(conn, page, turned, {"state", "recipe"})
    looks = {key: recipe_key(row.recipe) for key, row in found.items() if row.state == PageState.KEPT}
    known = _rows(conn, page_text, looks, {"recipe"})
    waiting.leave(conn, turned)
    waiting.enter(conn, [key for key, look in looks.items() if key not in known or known[key].recipe != look], at)


def _remove(conn: Connection, table: Table, keys: Sequence[int]) -> None:
    try:
        for some in pieces(keys):
            conn.execute(delete(table).where(_key(table).in_(some)))
    except IntegrityError:  # a page that was scanned meanwhile is in the draft
        raise Refused(NO_UNDO, "what the act made is in use by now") from None


def _record(conn: Connection, **values: Any) -> int:
    made = conn.execute(insert(act).values(**values)).inserted_primary_key
    assert made is not None
    return int(made[0])


def _renew(conn: Connection, batch_id: int | None, at: int) -> None:
    if batch_id is not None:
        mine = update(batch).where(batch.c.id == batch_id)
        conn.execute(mine.values(version=batch.c.version + 1, changed_at=at))


def _later(conn: Connection, row: Row[Any]) -> set[tuple[str, str, str]]:
    """What acts after this one, on the same batch or document, changed and is not undone."""
    near = [column == value for column, value in ((act.c.batch, row.batch), (act.c.document, row.document)) if value]
    found: set[tuple[str, str, str]] = set()
    for condition in near:
        later = select(act).where(condition, act.c.id > row.id, act.c.undone_at.is_(None))
        for one in conn.execute(later):
            found |= touched(one)
    return found


def _as_left(conn: Connection, after: Kept) -> bool:
    """Whether all is still as the act left it: what is no act (a document that is filed) changes rows too."""
    for table, rows in after.items():
        names = {name for values in rows.values() for name in values or ()}
        found = _rows(conn, _table(table), [int(key) for key in rows], names)
        for key, values in rows.items():
            now = found.get(int(key))
            left = {name: value for name, value in (values or {}).items() if name not in OWN}
            if now is None or any(now._mapping[name] != value for name, value in left.items()):
                return False
    return True


def _rows(conn: Connection, table: Table, keys: Collection[int], columns: Collection[str] = ()) -> dict[int, Row[Any]]:
    """The rows with these columns (none named: all), by key."""
    key = _key(table)
    wanted = [column for column in table.c if not columns or column.name in columns or column is key]
    found: dict[int, Row[Any]] = {}
    for some in pieces(list(keys)):
        found |= {row._mapping[key]: row for row in conn.execute(select(*wanted).where(key.in_(some)))}
    return found


def _table(name: str) -> Table:
    return metadata.tables[name]


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key
