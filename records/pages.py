"""A batch with all its pages, drafts, files and acts, as the screens show it.

However many pages there are, the number of questions stays the same; 5,000 pages are read in one of them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, String, bindparam, select, type_coerce, union

from engine.store.schema import document, patient
from engine.store.schema_records import batch, draft, page, page_text, reading, scan_file
from engine.store.sql import Statement
from records import acts, batch_list, ledger, locks, proposals
from records.batches import EDITED, RECORD
from records.codes import kind_of
from records.recipe import key as recipe_key
from records.states import BatchState

PLAIN = ("number", "position", "state", "reason", "skew", "width", "height", "dpi", "assigned_how")
BRIEF = ("number", "name", "birth_date", "sex")
FIELDS = ("kind", "date", "department", "author", "title", "episode")
LEDGER = (
    "sheets", "sides", "expected", "images", "kept", "rescan", "label", "separator", "header", "blank", "dropped",
    "replaced", "pending_files", "failed_files", "documents", "groups", "balances", "why",
)  # fmt: skip
FEW = 500
"""Pages that are asked for by name; of more, the whole batch is read."""
_MEMBERS = Statement(
    select(page.c.draft, page.c.public_id, page.c.patient)
    .where(page.c.batch == bindparam("of"), page.c.draft.is_not(None), page.c.state.in_(RECORD))
    .order_by(page.c.position, page.c.id)
)

Member = tuple[str, int | None]
"""A page of a draft and its patient."""
NOTHING: dict[str, Any] = {"rotate": 0, "crop": None, "deskew": 0.0, "contrast": 0}


def whole(conn: Connection, row: Row[Any], *, me: int, at: int) -> dict[str, Any]:
    """The batch of this row (of `batch`), for the person `me`."""
    book = ledger.of(conn, row.id)
    (brief,) = batch_list.rows(conn, [row], me=me, at=at, ledgers={row.id: book})
    people = patients(conn, row.id)
    groups = _drafts(conn, row.id)
    own = ("sheets", "documents", "sides", "languages", "version")
    shown = _pages(conn, row.id, None, people, groups)
    return {
        **brief,
        **{name: row._mapping[name] for name in own},
        "ledger": ledger_of(book),
        "pages": shown,
        "drafts": _shown_drafts(groups, _members(conn, row.id), people),
        "files": _files(conn, row.id),
        "acts": _acts(conn, row.id, me),
        "proposals": _proposals(conn, row.id, people, me),
        "can": _can(row, book, me, at),
    }


def change(conn: Connection, batch_id: int, changed: Collection[int], act: int | None, *, me: int) -> dict[str, Any]:
    """What an act changed: its pages, all drafts, the ledger."""
    people = patients(conn, batch_id)
    groups = _drafts(conn, batch_id)
    version = conn.execute(select(batch.c.version).where(batch.c.id == batch_id)).scalar_one()
    return {
        "version": version,
        "ledger": ledger_of(ledger.of(conn, batch_id)),
        "pages": _pages(conn, batch_id, changed, people, groups),
        "drafts": _shown_drafts(groups, _members(conn, batch_id), people),
        "proposals": _proposals(conn, batch_id, people, me),
        "act": next((one for one in _acts(conn, batch_id, me, 1) if one["id"] == act), None),
    }


def drafts(conn: Connection, batch_id: int) -> list[dict[str, Any]]:
    """Its drafts that have a page of the record, in the order of their first pages."""
    return _shown_drafts(_drafts(conn, batch_id), _members(conn, batch_id), patients(conn, batch_id))


def patients(conn: Connection, batch_id: int) -> dict[int | None, dict[str, Any]]:
    """Who the pages and drafts of this batch belong to, or are proposed for, by number."""
    of_page = select(page.c.patient).where(page.c.batch == batch_id, page.c.patient.is_not(None))
    of_draft = select(draft.c.patient).where(draft.c.batch == batch_id, draft.c.patient.is_not(None))
    proposed = [who["id"] for _, who in proposals.waiting(conn, batch_id)]
    query = select(patient).where(patient.c.id.in_(union(of_page, of_draft)) | patient.c.id.in_(proposed))
    return {
        row.id: {"id": row.public_id, **{name: row._mapping[name] for name in BRIEF}} for row in conn.execute(query)
    }


def ledger_of(book: ledger.Ledger) -> dict[str, Any]:
    """What goes out of a ledger."""
    return {name: getattr(book, name) for name in LEDGER}


def _pages(
    conn: Connection,
    batch_id: int,
    wanted: Collection[int] | None,
    people: Mapping[int | None, dict[str, Any]],
    groups: Mapping[int | None, Row[Any]],
) -> list[dict[str, Any]]:
    query = _query().where(page.c.batch == batch_id).order_by(page.c.position, page.c.id)
    found: Sequence[Row[Any]]
    if wanted is not None and len(wanted) <= FEW:
        found = conn.execute(query.where(page.c.id.in_(wanted))).all()
    else:
        keys = None if wanted is None else set(wanted)
        found = [row for row in conn.execute(query) if keys is None or row.id in keys]
    return [_page(row, people, groups) for row in found]


def _query() -> Select[Any]:
    """Pages with their file's name and their text's state. JSON comes as text: most of it is empty."""
    columns = (page.c.id, page.c.public_id, *(page.c[name] for name in PLAIN), page.c.patient, page.c.draft)
    texts = (type_coerce(page.c[name], String).label(name) for name in ("recipe", "flags", "codes"))
    again = page.alias("again")
    return (
        select(
            *columns, *texts, page.c.thumb.is_not(None).label("ready"), scan_file.c.name.label("file"),
            again.c.public_id.label("replaces"), reading.c.state.label("reading"), page_text.c.page.label("text"),
        )
        .join(scan_file, scan_file.c.id == page.c.file)
        .outerjoin(again, again.c.id == page.c.replaces)
        .outerjoin(reading, reading.c.page == page.c.id)
        .outerjoin(page_text, page_text.c.page == page.c.id)
    )  # fmt: skip


def _page(
    found: Row[Any], people: Mapping[int | None, dict[str, Any]], groups: Mapping[int | None, Row[Any]]
) -> dict[str, Any]:
    row = found._mapping
    recipe, look = _recipe(row["recipe"])
    codes = [] if row["codes"] == "[]" else json.loads(row["codes"])
    group = groups.get(row["draft"])
    return {
        **{name: row[name] for name in PLAIN},
        "id": row["public_id"],
        "recipe": recipe,
        "r": look,
        "flags": [] if row["flags"] == "[]" else json.loads(row["flags"]),
        "codes": [code | {"kind": kind_of(code["text"])} for code in codes],
        "patient": people.get(row["patient"]),
        "draft": group.public_id if group is not None else None,
        "text": row["reading"] or ("done" if row["text"] is not None else "none"),
        "file": row["file"],
        "replaces": row["replaces"],
        "ready": bool(row["ready"]),
    }


@lru_cache(maxsize=5000)
def _recipe(text: str) -> tuple[dict[str, Any], str]:
    """What goes out of a recipe, and its key; most pages have the same few."""
    given = json.loads(text)
    return NOTHING | given, recipe_key(given)


def _drafts(conn: Connection, batch_id: int) -> dict[int | None, Row[Any]]:
    query = (
        select(draft, document.c.public_id.label("filed_as"))
        .outerjoin(document, document.c.id == draft.c.document)
        .where(draft.c.batch == batch_id)
    )
    return {row.id: row for row in conn.execute(query)}


def _members(conn: Connection, batch_id: int) -> dict[int, list[Member]]:
    """The pages of the record of each draft, in their order; drafts in the order of their first pages."""
    found: defaultdict[int, list[Member]] = defaultdict(list)
    for group, public_id, owner in _MEMBERS.all(conn, of=batch_id):
        found[group].append((public_id, owner))
    return found


def _shown_drafts(
    groups: Mapping[int | None, Row[Any]],
    members: Mapping[int, list[Member]],
    people: Mapping[int | None, dict[str, Any]],
) -> list[dict[str, Any]]:
    return [_draft(place, groups[key], some, people) for place, (key, some) in enumerate(members.items(), 1)]


def _draft(
    place: int, row: Row[Any], members: list[Member], people: Mapping[int | None, dict[str, Any]]
) -> dict[str, Any]:
    owners = {patient_id for _, patient_id in members}
    owner = row.patient if row.patient is not None else next(iter(owners)) if len(owners) == 1 else None
    return {
        **{name: row._mapping[name] for name in FIELDS},
        "id": row.public_id,
        "position": place,
        "state": row.state,
        "pages": [public_id for public_id, _ in members],
        "patient": people.get(owner),
        "details": row.details,
        "suggested": row.suggested or {},
        "document": row.filed_as,
        "missing": missing(row, owner, owners),
    }


def missing(row: Row[Any], owner: int | None, owners: Collection[int | None]) -> list[str]:
    """What a draft still waits for before it is filed; `mixed`: its pages are not all of its patient."""
    if row.state == "filed":
        return []
    words = {"patient": owner is None, "mixed": any(one != owner for one in owners), "kind": not row.kind}
    return [word for word, yes in (words | {"date": not row.date}).items() if yes]


def _files(conn: Connection, batch_id: int) -> list[dict[str, Any]]:
    names = ("id", "name", "state", "pages", "taken", "code", "reason", "at")
    query = select(*(scan_file.c[name] for name in names)).where(scan_file.c.batch == batch_id).order_by(scan_file.c.id)
    return [dict(row._mapping) for row in conn.execute(query)]


def _acts(conn: Connection, batch_id: int, me: int, limit: int = 30) -> list[dict[str, Any]]:
    found = acts.listed(conn, batch_id, limit)
    known = batch_list.people(conn, (row.by for row, _ in found), me)
    return [
        {
            "id": row.id,
            "kind": row.kind,
            "by": known.get(row.by),
            "at": row.at,
            "undone": row.undone_at is not None,
            "can_undo": can,
        }
        for row, can in found
    ]


def _proposals(
    conn: Connection, batch_id: int, people: Mapping[int | None, dict[str, Any]], me: int
) -> list[dict[str, Any]]:
    found = proposals.shown(conn, proposals.waiting(conn, batch_id), me)
    return [one | {"patient": people[one["patient"]]} for one in found]


def _can(row: Row[Any], book: ledger.Ledger, me: int, at: int) -> dict[str, bool]:
    free = locks.holder(row, at) in (None, me)
    edited = row.state in EDITED
    done = row.state in (BatchState.CLOSED, BatchState.FILED)
    return {
        "edit": edited and free,
        "close": edited and free and book.balances,
        "claim": row.state != BatchState.CANCELLED and free and locks.holder(row, at) is None,
        "take_over": row.state != BatchState.CANCELLED and not free,
        "reopen": done and free,
        "file": row.state == BatchState.CLOSED and free,
    }
