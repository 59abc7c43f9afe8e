"""What of the scan desk needs a look: files that are not whole, that cannot be read, stopped batches, texts and PDFs
that could not be made, uploads that were refused, documents that a reader marked as wrong. Read functions, but for
`retry`.

Technicians look here, too, who may not read records: nothing in it is of a document but its kind, and what a reader
marked is only for those who may answer.

Listed kind by kind, the oldest first; a page goes on where the one before ended, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, String, cast, func, literal, null, select, update

from engine.message import Refused
from engine.store.schema import attention, document, file, message, patient
from engine.store.schema_records import batch, document_flag, document_page, making, page, reading, scan_file, upload
from records import files, uploads, waiting
from records.states import BatchState, FileState

BAD = "WB-8630"  # an id, or a place in the list, that is none
WAITS = "WB-8607"  # a dropped file that is not whole yet

MONTH = 30 * 86_400_000
"""Milliseconds for which a refused upload is listed: its sender may be gone for good."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One of them. subject: the name of a file or a batch, the kind of a document. since: milliseconds since 1970.

    patient, document, page: where a mark of a reader is (public ids, and the page's number).
    """

    id: str
    kind: str
    batch: str | None
    subject: str
    code: str
    reason: str
    since: int
    can_retry: bool
    patient: str | None = None
    document: str | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class _View:
    connections: Sequence[str]
    at: int
    rights: Collection[str]


@dataclass(frozen=True, slots=True)
class _Source:
    """Where problems of a word come from. query: rows `id batch subject code reason since` (and where), by id.

    right: that one must have to see them."""

    word: str
    kind: str
    query: Callable[[_View], Select[Any]]
    key: Any
    topic: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list. next: where the following one begins."""

    items: list[Problem]
    next: str | None


def _incomplete(view: _View) -> Select[Any]:
    return select(
        file.c.id, null().label("batch"), file.c.path.label("subject"), literal(WAITS).label("code"), file.c.reason,
        file.c.first_seen.label("since"),
    ).where(file.c.state == "incomplete", file.c.connection.in_(view.connections))  # fmt: skip


def _stopped(view: _View) -> Select[Any]:
    # A title is what a person typed: only for who may open the batch.
    title = batch.c.title if "scan" in view.rights else literal("")
    return select(
        batch.c.id, batch.c.public_id.label("batch"), func.coalesce(batch.c.header, title).label("subject"),
        batch.c.code, batch.c.reason, batch.c.changed_at.label("since"),
    ).where(batch.c.state == BatchState.STOPPED)  # fmt: skip


def _unreadable(view: _View) -> Select[Any]:
    columns = (scan_file.c.id, batch.c.public_id.label("batch"), scan_file.c.name.label("subject"), scan_file.c.code,
               scan_file.c.reason, scan_file.c.at.label("since"))  # fmt: skip
    failed = (scan_file.c.state == FileState.FAILED, files.UNJOINED)
    return select(*columns).outerjoin(batch, batch.c.id == scan_file.c.batch).where(*failed)


def _refused(view: _View) -> Select[Any]:
    """Files that were put aside at the door; ATTENTION closes them."""
    name = func.coalesce(message.c.meta["path"].as_string(), "").label("subject")
    return (
        select(attention.c.id, null().label("batch"), name, attention.c.code, attention.c.reason,
               attention.c.created_at.label("since"))
        .join(message, message.c.id == attention.c.message_id)
        .where(attention.c.kind == "invalid", attention.c.closed_at.is_(None))
        .where(message.c.connection.in_(view.connections))
    )  # fmt: skip


def _uploads(view: _View) -> Select[Any]:
    code, reason = upload.c.meta["code"].as_string(), upload.c.meta["reason"].as_string()
    return select(
        upload.c.id, null().label("batch"), upload.c.name.label("subject"), func.coalesce(code, "").label("code"),
        func.coalesce(reason, "").label("reason"), upload.c.at.label("since"),
    ).where(upload.c.state == "refused", uploads.UNDONE, upload.c.at > view.at - MONTH)  # fmt: skip


def _pdfs(view: _View) -> Select[Any]:
    # The kind, not the title: that is a person's words, and may be a name.
    return (
        select(making.c.document.label("id"), batch.c.public_id.label("batch"), document.c.kind.label("subject"),
               making.c.code, making.c.reason, making.c.due_at.label("since"))
        .join(document, document.c.id == making.c.document)
        .outerjoin(batch, batch.c.id == document.c.batch)
        .where(making.c.code != "")
    )  # fmt: skip


def _texts(view: _View) -> Select[Any]:
    return (
        select(reading.c.page.label("id"), batch.c.public_id.label("batch"),
               (scan_file.c.name + ", " + cast(page.c.number, String)).label("subject"), reading.c.code,
               reading.c.reason, reading.c.due_at.label("since"))
        .join(page, page.c.id == reading.c.page)
        .join(scan_file, scan_file.c.id == page.c.file)
        .join(batch, batch.c.id == page.c.batch)
        .where(reading.c.state == "failed", reading.c.priority == waiting.FILED)  # as the index has those
    )  # fmt: skip


def _flagged(view: _View) -> Select[Any]:
    # Neither title nor note: both are a person's words. Who may answer opens the document and reads them there.
    newest = (
        (document_page.c.document == document.c.id)
        & (document_page.c.version == document.c.version)
        & (document_page.c.page == document_flag.c.page)
    )
    place = select(func.min(document_page.c.position)).where(newest).correlate(document, document_flag)
    return (
        select(document_flag.c.id, batch.c.public_id.label("batch"), document.c.kind.label("subject"),
               literal("").label("code"), document_flag.c.reason, document_flag.c.at.label("since"),
               patient.c.public_id.label("patient"), document.c.public_id.label("document"),
               place.scalar_subquery().label("page"))
        .join(document, document.c.id == document_flag.c.document)
        .join(patient, patient.c.id == document.c.patient)
        .outerjoin(batch, batch.c.id == document.c.batch)
        .where(document_flag.c.answered_at.is_(None))
    )  # fmt: skip


SOURCES = (
    _Source("drop", "incomplete", _incomplete, file.c.id),
    _Source("batch", "stopped", _stopped, batch.c.id),
    _Source("flag", "flagged", _flagged, document_flag.c.id, right="edit"),
    _Source("file", "unreadable", _unreadable, scan_file.c.id, "work:take"),
    _Source("door", "unreadable", _refused, attention.c.id),
    _Source("upload", "upload", _uploads, upload.c.id),
    _Source("pdf", "pdf", _pdfs, making.c.document, "work:make"),
    _Source("text", "text", _texts, reading.c.page, "work:read"),
)


def search(
    conn: Connection, connections: Sequence[str], after: str | None, limit: int, at: int, rights: Collection[str] = ()
) -> Found:
    """Problems behind `after`. connections: the folders that scanners drop into. rights: of the person who looks."""
    view = _View(connections, at, rights)
    start, key = _place(after)
    items: list[Problem] = []
    for place in range(start, len(SOURCES)):
        source = SOURCES[place]
        if not _seen(source, view):
            continue
        behind = key if place == start else 0
        query = source.query(view).where(source.key > behind).order_by(source.key)
        rows = conn.execute(query.limit(limit + 1 - len(items))).all()
        items += [_problem(source, row) for row in rows]
        if len(items) > limit:
            items = items[:limit]
            return Found(items, items[-1].id)
    return Found(items, None)


def counts(conn: Connection, connections: Sequence[str], at: int, rights: Collection[str] = ()) -> dict[str, int]:
    """How many there are, by kind."""
    view = _View(connections, at, rights)
    found: dict[str, int] = {}
    for source in SOURCES:
        if not _seen(source, view):
            continue
        number = conn.execute(select(func.count()).select_from(source.query(view).subquery())).scalar_one()
        found[source.kind] = found.get(source.kind, 0) + number
    return found


def retry(conn: Connection, ids: Iterable[str], at: int) -> tuple[int, set[str]]:
    """Try these again: how many of them, and the topics that wake the work. What is over or needs a person is left."""
    done, topics = 0, set[str]()
    for one in ids:
        place, key = _place(one)
        source = SOURCES[place]
        if source.topic and _again(conn, source.word, key, at):
            done += 1
            topics.add(source.topic)
    return done, topics


def _again(conn: Connection, word: str, key: int, at: int) -> bool:
    if word == "file":
        try:
            files.retry(conn, key)
        except Refused:
            return False
        return True
    if word == "text":
        return waiting.again(conn, key, at)
    change = update(making).where(making.c.document == key, making.c.code != "")
    return conn.execute(change.values(attempts=0, due_at=at, code="", reason="")).rowcount == 1


def _problem(source: _Source, row: Any) -> Problem:
    key, of, subject, code, reason, since, *where = row
    return Problem(
        f"{source.word}-{key}",
        source.kind,
        of,
        subject or "",
        code or "",
        reason or "",
        since,
        bool(source.topic),
        *where,
    )


def _seen(source: _Source, view: _View) -> bool:
    return not source.right or source.right in view.rights


def _place(text: str | None) -> tuple[int, int]:
    """Where `word-number` is."""
    if text is None:
        return 0, 0
    word, _, number = text.partition("-")
    for place, source in enumerate(SOURCES):
        if source.word == word and number.isascii() and number.isdigit() and len(number) < 19:
            return place, int(number)
    raise Refused(BAD, "there is no such problem")
