"""One list as a screen edits it, row by row: read by the YAML's own rules, written only over what its editor saw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, func, select

from engine.message import Refused
from engine.site.nodes import Items, Map, Node, Place, Text
from engine.store.schema import document
from engine.store.schema_records import batch, doc_kind, draft
from records import lists
from records.lists import Lists

CHANGED = "WB-8505"  # somebody else changed the list meanwhile
DEEPEST = 4
"""Levels of a row: a rule's zone is the fourth."""


def read(name: str, rows: Sequence[Mapping[str, Any]]) -> Lists:
    """The list `name` of these rows, in their order. Raises `Invalid`: `line` is the row from 1, `file` the field.

    A field is written with dots, `names.en` or `values.1.pattern`; it is empty when the row as a whole is wrong.
    """
    nodes = [_node(row, Place("", at, 0), 0) for at, row in enumerate(rows, 1)]
    return lists.check(Map({name: Items([node for node in nodes if node is not None])}))


def _node(value: Any, at: Place, depth: int) -> Node | None:
    """What the YAML would have there; None: nothing is written."""
    if value is None:
        return None
    if depth < DEEPEST and isinstance(value, Mapping):
        places = {str(key): _below(at, str(key)) for key in value}
        nodes = {str(key): _node(part, places[str(key)], depth + 1) for key, part in value.items()}
        return Map({key: node for key, node in nodes.items() if node is not None}, at, places)
    if depth < DEEPEST and isinstance(value, list | tuple):
        parts = [_node(part, _below(at, str(number)), depth + 1) for number, part in enumerate(value, 1)]
        return Items([part for part in parts if part is not None], at)
    return Text(str(value).lower() if isinstance(value, bool) else str(value), at)


def _below(at: Place, key: str) -> Place:
    return Place(f"{at.file}.{key[:60]}".lstrip("."), at.line, at.column)


def version(conn: Connection, name: str) -> str:
    """What one list is now, in 16 characters: it changes with every change of any of its rows."""
    table = lists.TABLES[name]
    rows = [list(row) for row in conn.execute(select(table).order_by(table.c.code))]
    text = json.dumps(rows, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def versions(conn: Connection) -> dict[str, str]:
    """Of each list."""
    return {name: version(conn, name) for name in lists.TABLES}


def save(conn: Connection, name: str, wanted: Lists, seen: str) -> dict[str, list[str]]:
    """Make the list so, if it still is what its editor saw: what was added, changed and retired. Writer."""
    if version(conn, name) != seen:
        raise Refused(CHANGED, "somebody else changed this list meanwhile: look at it, and change it again")
    return lists.write(conn, wanted)[name]


def used(conn: Connection) -> dict[str, dict[str, int]]:
    """How often each code stands in documents and drafts, or at kinds, or at batches; by list. Unused ones are left
    out."""
    return {
        "kinds": _sum(_count(conn, document.c.kind), _count(conn, draft.c.kind, draft.c.document.is_(None))),
        "departments": _sum(
            _count(conn, document.c.department),
            _count(conn, draft.c.department, draft.c.document.is_(None)),
            _count(conn, doc_kind.c.department),
        ),
        "stations": _count(conn, batch.c.station),
    }


def _count(conn: Connection, column: Column[Any], *where: Any) -> dict[str, int]:
    query = select(column, func.count()).where(column != "", *where).group_by(column)
    return {str(row[0]): int(row[1]) for row in conn.execute(query)}


def _sum(*counts: dict[str, int]) -> dict[str, int]:
    return {code: sum(one.get(code, 0) for one in counts) for one in counts for code in one}
