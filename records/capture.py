"""Pages of a file come into their batch. Pure functions inside a store operation.

A page is one row for its file and its number, so joining again what is there already changes nothing. Pages come into a
batch in the order in which their file has them, behind what is there or where a person wants them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Connection, Row, func, insert, select, update

from engine.message import Blob
from engine.store.schema_records import batch, draft, page, scan_file, station
from records import batches, duplicates, files, order, patients, sorting, waiting
from records.codes import LOOSE, Header
from records.ids import public_id
from records.ledger import expected
from records.recipe import clean
from records.sorting import Before, Stop, Walk
from records.states import BatchState, FileState, PageState, move

ELSEWHERE = "WB-8046"  # the batch of a header or separator sheet is closed, or not known here
PARTLY = "WB-8047"  # not all pages of a file could be read

HOW = "label"
EDITED = (BatchState.OPEN, BatchState.STOPPED)


@dataclass(frozen=True, slots=True)
class Piece:
    """A page that was unpacked and looked at; its blobs are durable. `codes` are as `records.inspect` has them."""

    number: int
    master: Blob
    width: int
    height: int
    dpi: int = 0
    rotate: int = 0
    flags: Sequence[str] = ()
    codes: Sequence[dict[str, Any]] = ()
    sheet: bool = False
    skew: float = 0.0
    look: str = ""
    thumb: Blob | None = None
    view: Blob | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """batch: public id. pages: public ids of the new ones. stopped: a person must look. done: no page is missing."""

    batch: str
    pages: list[str] = field(default_factory=list)
    stopped: bool = False
    done: bool = False


def join(
    conn: Connection, file_id: int, total: int, pieces: Sequence[Piece], bad: Sequence[tuple[int, str, str]], at: int
) -> Joined | None:
    """Put pages of a file into its batch; None when the file is not waited for any more.

    total: pages of the file. bad: number, code and reason of pages that cannot be read: they are counted, the batch
    stops when the file is at its end, and the others are kept.
    """
    row = conn.execute(select(scan_file).where(scan_file.c.id == file_id, scan_file.c.state == FileState.TAKEN)).first()
    if row is None:
        return None
    have = set(conn.execute(select(page.c.number).where(page.c.file == file_id)).scalars())
    fresh = sorted((piece for piece in pieces if piece.number not in have), key=lambda piece: piece.number)
    stops: list[Stop] = []
    mine = _batch(conn, row, pieces, stops, at)
    made: list[str] = []
    for run in _runs(fresh, have):
        made += _enter(conn, mine, row, run, _positions(conn, mine.id, row.id, run), stops, at)
    have |= {piece.number for piece in fresh}
    done = _finish(conn, row, mine, total, have, bad, stops)
    if done:
        stops += _counted(conn, mine.id)
    stopped = _stop(conn, mine.id, stops, at)
    conn.execute(update(batch).where(batch.c.id == mine.id).values(version=batch.c.version + 1, changed_at=at))
    return Joined(mine.public_id, made, stopped, done)


def fail(conn: Connection, file_id: int, code: str, reason: str, at: int) -> str | None:
    """The file cannot be read at all: its batch, or the one that its station scans into, stops; which, by public id."""
    row = conn.execute(select(scan_file).where(scan_file.c.id == file_id, scan_file.c.state == FileState.TAKEN)).first()
    if row is None:
        return None
    files.fail(conn, file_id, code, reason)
    key = row.batch if row.batch is not None and _is_edited(conn, row.batch) else _newest(conn, row.station)
    if key is None:
        return None
    conn.execute(update(scan_file).where(scan_file.c.id == file_id).values(batch=key))
    conn.execute(update(batch).where(batch.c.id == key).values(version=batch.c.version + 1, changed_at=at))
    _stop(conn, key, [Stop(code, reason)], at)
    return str(conn.execute(select(batch.c.public_id).where(batch.c.id == key)).scalar_one())


def _batch(conn: Connection, file: Row[Any], pieces: Sequence[Piece], stops: list[Stop], at: int) -> Row[Any]:
    """The batch of a file: the one that it is in, that its first sheet names, that it is meant for, the station's."""
    key: int | None = file.batch
    if key is None or not _is_edited(conn, key):
        key = _named(conn, file, pieces, stops, at) or _newest(conn, file.station)
        key = key or _new(conn, file.station, None, at)
        conn.execute(update(scan_file).where(scan_file.c.id == file.id).values(batch=key))
    return conn.execute(select(batch).where(batch.c.id == key)).one()


def _named(conn: Connection, file: Row[Any], pieces: Sequence[Piece], stops: list[Stop], at: int) -> int | None:
    first = next((piece for piece in pieces if piece.number == 1), None)
    number = sorting.batch_of(first.codes) if first is not None else None
    if number is None:
        return None
    row = conn.execute(select(batch.c.id, batch.c.state).where(batch.c.header == number)).first()
    if row is not None and row.state in EDITED:
        return int(row.id)
    stops.append(Stop(ELSEWHERE, f"the sheet's batch is {row.state if row else 'not known here'}"))
    return _new(conn, file.station, None if row else number, at)


def _newest(conn: Connection, code: str) -> int | None:
    query = select(batch.c.id).where(batch.c.station == code, batch.c.state.in_(EDITED))
    return conn.execute(query.order_by(batch.c.id.desc()).limit(1)).scalar_one_or_none()


def _new(conn: Connection, code: str, header: str | None, at: int) -> int:
    options = conn.execute(select(station.c.options).where(station.c.code == code)).scalar_one_or_none() or {}
    sides = {"sides": options["sides"]} if options.get("sides") in ("one", "both", "twice") else {}
    return batches.new(conn, station=code, by=None, at=at, header=header, **sides)


def _is_edited(conn: Connection, key: int) -> bool:
    return conn.execute(select(batch.c.state).where(batch.c.id == key)).scalar_one() in EDITED


def _runs(fresh: Sequence[Piece], have: set[int]) -> list[list[Piece]]:
    """Pages that follow each other without one that is in the batch already."""
    runs: list[list[Piece]] = []
    for piece in fresh:
        last = runs[-1][-1].number if runs else 0
        if runs and not any(last < number < piece.number for number in have):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return runs


def _positions(conn: Connection, key: int, file_id: int, run: Sequence[Piece]) -> list[float]:
    """At the end or where a person wants it; a page that could not be read before, where its file has it."""
    mine = select(page.c.position).where(page.c.file == file_id, page.c.batch == key)
    after = conn.execute(mine.where(page.c.number > run[-1].number).order_by(page.c.number).limit(1)).scalar()
    if after is None:
        return order.next_positions(conn, key, len(run))
    low = conn.execute(select(func.max(page.c.position)).where(page.c.batch == key, page.c.position < after)).scalar()
    return order.between(low, after, len(run)) or order.next_positions(conn, key, len(run))


def _enter(
    conn: Connection, mine: Row[Any], file: Row[Any], run: Sequence[Piece], positions: Sequence[float],
    stops: list[Stop], at: int,
) -> list[str]:  # fmt: skip
    """Write rows of pages that follow each other."""
    walk = Walk(_before(conn, mine, positions[0]), lambda number: _patient(conn, number))
    rows = []
    for piece, position in zip(run, positions, strict=True):
        found = walk.page(piece.codes, piece.sheet)
        if found.begins:
            found.draft = _draft(conn, mine.id, position, at)
            walk.went(found.draft)
        rows.append(_row(piece, found, at) | {"batch": mine.id, "file": file.id, "position": position})
    stops += walk.stops
    if walk.header is not None:
        _said(conn, mine, walk.header)
    conn.execute(insert(page), rows)
    _follow(conn, file.id, [piece.number for piece in run], at)
    for piece in run:
        for blob in (piece.master, piece.thumb, piece.view):
            if blob is not None:
                files.keep_blob(conn, blob, at)
    return [row["public_id"] for row in rows]


def _row(piece: Piece, found: sorting.Sorted, at: int) -> dict[str, Any]:
    owned = {"patient": found.patient, "assigned_how": HOW, "assigned_at": at} if found.patient is not None else {}
    return {
        "public_id": public_id(), "number": piece.number, "state": found.state.value,
        "master": piece.master.sha256, "media_type": piece.master.content_type, "width": piece.width,
        "height": piece.height, "dpi": piece.dpi,
        "thumb": piece.thumb and piece.thumb.sha256, "view": piece.view and piece.view.sha256,
        "recipe": clean({"rotate": piece.rotate}), "flags": [*piece.flags, *found.flags], "codes": list(piece.codes),
        "skew": piece.skew, "look": piece.look, "draft": found.draft, "created_at": at, "changed_at": at,
        "patient": None, "assigned_how": "", "assigned_at": None,
    } | owned  # fmt: skip


def _follow(conn: Connection, file_id: int, numbers: Sequence[int], at: int) -> None:
    """What follows from new pages: their text is read, and pages like them are found."""
    columns: tuple[Column[Any], ...] = (page.c.id, page.c.state, page.c.flags, page.c.master, page.c.look)
    query = select(*columns).where(page.c.file == file_id, page.c.number.in_(numbers)).order_by(page.c.number)
    rows: list[Row[Any]] = list(conn.execute(query))
    kept = [row for row in rows if row.state == PageState.KEPT and sorting.SHEET not in row.flags]
    if kept:
        waiting.enter(conn, [row.id for row in kept], at)
    duplicates.enter(conn, [row for row in kept if "blank" not in row.flags], at)


def _before(conn: Connection, mine: Row[Any], position: float) -> Before:
    """What was said before this place of a batch."""
    earlier = (page.c.batch == mine.id) & (page.c.position < position)
    columns = (page.c.position, page.c.state, page.c.codes, page.c.draft, page.c.patient, page.c.assigned_how)
    backwards = (page.c.position.desc(), page.c.id.desc())
    query = select(*columns).where(earlier).order_by(*backwards).limit(1)
    last = conn.execute(query).first()
    if last is None:
        return Before(mine.header)
    divider = conn.execute(query.where(page.c.state.in_((PageState.SEPARATOR, PageState.HEADER)))).first()
    of_draft = conn.execute(query.where(page.c.draft.is_not(None))).first()
    goes_on = of_draft is not None and (divider is None or of_draft.position > divider.position)
    follows = last.state == PageState.LABEL or last.assigned_how == HOW
    return Before(
        mine.header,
        sequence=_sequence(conn, mine, earlier),
        begins=divider is not None and divider.state == PageState.SEPARATOR and not goes_on,
        draft=_open(conn, of_draft.draft) if goes_on and of_draft is not None else None,
        patient=last.patient if follows else None,
    )


def _sequence(conn: Connection, mine: Row[Any], earlier: Any) -> int:
    """Of the last separator of this batch before a place, and one for each loose one behind it."""
    query = select(page.c.codes).where(earlier, page.c.state == PageState.SEPARATOR)
    loose = 0
    for (found,) in conn.execute(query.order_by(page.c.position.desc(), page.c.id.desc())):
        sheets = sorting.separators(found)
        numbers = [code.sequence for code in sheets if code.batch == mine.header]
        if numbers:
            return numbers[0] + loose
        loose += any(code.batch == LOOSE for code in sheets)
    return loose


def _open(conn: Connection, key: int) -> int | None:
    state = conn.execute(select(draft.c.state).where(draft.c.id == key)).scalar_one()
    return key if state == "open" else None


def _draft(conn: Connection, batch_id: int, position: float, at: int) -> int:
    made = conn.execute(
        insert(draft).values(
            public_id=public_id(), batch=batch_id, position=position, details={}, suggested={}, created_at=at,
            changed_at=at,
        )
    ).inserted_primary_key  # fmt: skip
    assert made is not None
    return int(made[0])


def _patient(conn: Connection, number: str) -> int | None:
    found = patients.find(conn, number)
    return None if found is None else int(found["id"])


def _said(conn: Connection, mine: Row[Any], header: Header) -> None:
    """What the header sheet says counts where nobody has said it."""
    said = {
        name: value
        for name, value in (("sheets", header.sheets), ("documents", header.documents))
        if value is not None and getattr(mine, name) is None
    }
    if said:
        conn.execute(update(batch).where(batch.c.id == mine.id).values(**said))


def _finish(
    conn: Connection, file: Row[Any], mine: Row[Any], total: int, have: set[int], bad: Sequence[tuple[int, str, str]],
    stops: list[Stop],
) -> bool:  # fmt: skip
    """Write how far the file is; whether nothing of it is missing any more."""
    unread = {number for number, _, _ in bad} | set(file.meta.get("bad", ()))
    unread -= have
    values: dict[str, Any] = {"pages": total, "taken": len(have), "meta": file.meta | {"bad": sorted(unread)}}
    done = len(have | unread) >= total
    if done and unread:
        why = next((f": {reason}" for number, _, reason in bad if number in unread), "")
        reason = f"{len(unread)} of {total} pages cannot be read, the first is page {min(unread)}{why}"
        values |= {"state": FileState.FAILED, "code": PARTLY, "reason": reason}
        stops.append(Stop(PARTLY, reason))
    elif done:
        values |= {"state": FileState.JOINED, "code": "", "reason": ""}
    conn.execute(update(scan_file).where(scan_file.c.id == file.id).values(**values))
    return done


def _counted(conn: Connection, key: int) -> list[Stop]:
    """Whether there are as many separators as documents were said, once all images are there (more: at any time)."""
    row = conn.execute(select(batch).where(batch.c.id == key)).one()
    if row.documents is None or row.header is None:
        return []
    states = select(page.c.state, func.count()).where(page.c.batch == key).group_by(page.c.state)
    counts: dict[str, int] = {state: number for state, number in conn.execute(states)}  # noqa: C416 - rows are no pairs
    separators = counts.get(PageState.SEPARATOR, 0)
    whole = expected(row.sheets, row.sides)
    images = sum(counts.values()) - counts.get(PageState.REPLACED, 0)
    if separators > row.documents or (whole is not None and images >= whole and separators < row.documents):
        return [Stop(sorting.COUNT, f"the header says {row.documents} documents, and {separators} separators came")]
    return []


def _stop(conn: Connection, key: int, stops: Sequence[Stop], at: int) -> bool:
    """Stop the batch for the first reason; one that is stopped already keeps its own."""
    state = conn.execute(select(batch.c.state).where(batch.c.id == key)).scalar_one()
    if stops and state == BatchState.OPEN:
        move(conn, key, BatchState.STOPPED, at, code=stops[0].code, reason=stops[0].reason)
    return bool(stops) or state == BatchState.STOPPED
