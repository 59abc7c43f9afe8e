"""What the machine says of a group of pages before a clerk does: kind, day, department, numbers, with their places.

It says it once for what the pages hold, and again when a page or the model is another. It never says whose they are.
"""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy import text as sql

from engine.store.schema_records import batch, department, doc_kind, draft, page, page_text
from records.states import PageState

JOB = "records.suggesting:suggest"
MOST_PAGES = 4
"""Of a document; its kind is said on the first ones."""

_DUE = sql("""
    SELECT d.id FROM batch b JOIN draft d ON d.batch = b.id
    WHERE b.state IN ('open', 'stopped', 'closed') AND d.state = 'open'
    AND EXISTS (SELECT 1 FROM page p WHERE p.draft = d.id AND p.state = 'kept')
    AND NOT EXISTS (
        SELECT 1 FROM page p JOIN reading r ON r.page = p.id AND r.state = 'queued'
        WHERE p.draft = d.id AND p.state = 'kept')
    AND (coalesce(json_extract(d.suggested, '$.model'), -1) != :model
        OR json_extract(d.suggested, '$.at') < (
            SELECT max(p.changed_at, coalesce(t.at, 0)) FROM page p LEFT JOIN page_text t ON t.page = p.id
            WHERE p.draft = d.id ORDER BY 1 DESC LIMIT 1))
    ORDER BY d.id DESC LIMIT :most
""").bindparams(bindparam("model"), bindparam("most"))


NOTHING: dict[str, Any] = {"kinds": [], "abstained": True, "why": "it could not be looked at", "values": []}
"""Said of a draft by which a worker died."""


@dataclass(frozen=True, slots=True)
class Known:
    """What all suggestions of one moment share. model: its number (0: none) and the hash of its file."""

    model: int
    blob: str
    rules: dict[str, list[dict[str, Any]]]
    thresholds: dict[str, float]
    departments: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Item:
    """One draft: its kind if a clerk said one, and (page id, text, packed words) of its first pages."""

    draft: int
    kind: str
    pages: list[tuple[str, str, bytes]]


def due(conn: Connection, model: int, most: int = 20) -> list[int]:
    """Drafts whose pages are read and of which nothing is said yet, or not of these pages, or not by this model."""
    return [row[0] for row in conn.execute(_DUE, {"model": model, "most": most})]


def known(conn: Connection, model: tuple[int, str] | None) -> Known:
    """The lists as they are now. model: the active one."""
    number, blob = model or (0, "")
    kinds = conn.execute(select(doc_kind.c.code, doc_kind.c.rules)).all()
    names = conn.execute(select(department.c.code, department.c.names).where(department.c.active == 1)).all()
    return Known(
        number, blob, {row.code: row.rules.get("values", []) for row in kinds},
        {row.code: row.rules["threshold"] for row in kinds if row.rules.get("threshold") is not None},
        {row.code: list(row.names.values()) for row in names},
    )  # fmt: skip


def items(conn: Connection, drafts: Sequence[int]) -> list[Item]:
    """What is read on the pages of these drafts."""
    rows = conn.execute(
        select(draft.c.id, draft.c.kind, page.c.public_id, page_text.c.text, page_text.c.words)
        .join(page, page.c.draft == draft.c.id)
        .outerjoin(page_text, page_text.c.page == page.c.id)
        .where(draft.c.id.in_(drafts), page.c.state == PageState.KEPT)
        .order_by(draft.c.id, page.c.position)
    )
    of: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        of[row.id].append(row)
    return [
        Item(key, found[0].kind, [(row.public_id, row.text, row.words) for row in found[:MOST_PAGES] if row.text])
        for key, found in of.items()
    ]


def keep(conn: Connection, said: Mapping[int, Mapping[str, Any]], model: int, at: int) -> list[str]:
    """Keep what was said of each draft; the public ids of their batches. It is no act: nobody did it."""
    for key, values in said.items():
        suggested = {**values, "model": model, "at": at}
        conn.execute(update(draft).where(draft.c.id == key, draft.c.state == "open").values(suggested=suggested))
    mine = select(batch.c.public_id).join(draft, draft.c.batch == batch.c.id).where(draft.c.id.in_(list(said)))
    return sorted({row[0] for row in conn.execute(mine)})


def unpacked(words: bytes) -> list[list[Any]]:
    """The words of a page as `records.read` packed them."""
    return list(json.loads(zlib.decompress(words)))
