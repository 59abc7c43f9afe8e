"""From an id to the files of a fixture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from engine.message import Blob, Refused, Value
from engine.rehearsal import record
from engine.rehearsal.as_test import AsTest
from engine.rehearsal.fixture import NOT_TAKEN, Persons, Replacing, clean, free_texts, raw
from engine.rehearsal.record import RunRecord, Stored
from engine.site.model import Route, Site
from engine.store.blobs import Blobs
from engine.store.schema import label, message, run
from engine.transform import reading
from engine.transform.accept import AcceptSpec, accept

SUFFIXES = {"xml": ".xml", "json": ".json", "hl7": ".hl7", "text": ".txt"}
Labels = Mapping[int, list[tuple[str, str, bool]]]
"""Of each run: name, text, whether it holds a patient's data."""


@dataclass(frozen=True)
class Found:
    """A message by one of its ids."""

    seq: int
    id: str


@dataclass
class Made:
    """What is written. test: the name of the test's file. free: places of free text. unsaid: what the test leaves."""

    files: dict[str, bytes] = field(repr=False)
    replaced: int
    documents: int
    free: list[str]
    test: str = ""
    unsaid: list[str] = field(default_factory=list)


def find(conn: Connection, asked: str) -> Found | None:
    """By the id of a message or of a run."""
    of = select(run.c.message_id).where(run.c.id == asked).scalar_subquery()
    row = conn.execute(
        select(message.c.seq, message.c.id).where((message.c.id == asked) | (message.c.id == of))
    ).first()
    return None if row is None else Found(row.seq, row.id)


def patients(conn: Connection, found: Found) -> int | None:
    """Whose it is, for the audit."""
    return record.patients(conn, [found.id]).get(found.id)


def load(conn: Connection, seq: int, state: Path) -> tuple[Stored, Labels]:
    """The message with its runs, and their labels."""
    (stored,) = record.load(conn, [seq], Blobs(state / "blobs"))
    labels: dict[int, list[tuple[str, str, bool]]] = {}
    query = select(label).join(run, run.c.seq == label.c.run).where(run.c.message_id == stored.id)
    for row in conn.execute(query):
        labels.setdefault(row.run, []).append((row.name, row.value, bool(row.phi)))
    return stored, labels


def make(
    site: Site, stored: Stored, labels: Labels, *, name: str = "", as_test: bool = False, secret: bytes | None = None
) -> Made:
    """The fixture; `Refused` when something of a person would be left, or the route would not take it."""
    route = _route(site, stored)
    persons = Persons()
    value = _read(stored)
    persons.look(value)
    for one in _all(stored.runs.values()):
        persons.labels((label_name, text) for label_name, text, phi in labels.get(one.run.seq, ()) if phi)
        for answered in one.values.values():
            persons.look(answered)
    replacing = Replacing(persons, _keyword(route), secret)
    made = clean(value, replacing)
    data = replacing.document() if isinstance(made, Blob) else raw(made)
    _still_taken(site, route, stored, data)
    name = name or f"{route.name if route is not None else stored.connection}-{stored.id[:8]}"
    file = f"{name}{_suffix(stored, made)}"
    result = Made({file: data}, len(persons.kinds), replacing.attachments, free_texts(made))
    if as_test:
        _add_test(result, stored, route, replacing, name, file, labels)
    result.documents = replacing.attachments
    return result


def _add_test(
    result: Made, stored: Stored, route: Route | None, replacing: Replacing, name: str, file: str, labels: Labels
) -> None:
    if route is None:
        raise Refused(NOT_TAKEN, "no route of this site receives the message: there is nothing to test")

    def labels_of(one: RunRecord) -> dict[str, str]:
        return {label_name: replacing.text(text) for label_name, text, _ in labels.get(one.run.seq, ()) if text}

    written = AsTest(stored, route, replacing, name).written(file, labels_of)
    result.files.update(written.files)
    result.test = f"{name}.yaml"
    result.files[result.test] = written.text.encode()
    result.unsaid = written.unsaid
    if replacing.raw_holds(result.files[result.test]):
        raise Refused(NOT_TAKEN, "a value of the person would be left in the test")


def _route(site: Site, stored: Stored) -> Route | None:
    if stored.route in site.routes:
        return site.routes[stored.route]
    return next(iter(site.receivers(stored.connection).get(stored.operation, ())), None)


def _read(stored: Stored) -> Value:
    if stored.blob is not None:
        return Blob("", stored.blob.size, stored.content_type)
    try:
        value = reading.read(stored.body, stored.content_type)
    except Refused:
        raise Refused(NOT_TAKEN, "the message cannot be read, so nobody can tell what in it is a person's") from None
    if isinstance(value, bytes):
        return Blob("", len(value), stored.content_type)
    return value


def _suffix(stored: Stored, made: Value) -> str:
    if isinstance(made, Blob):
        return ".pdf"
    kind, parameters = reading.kind_of(stored.content_type)
    return ".xml" if "root" in parameters else SUFFIXES.get(kind, ".txt")


def _keyword(route: Route | None) -> str:
    """The text that a seal looks for."""
    for step in route.steps if route is not None else ():
        seal = getattr(step.settings, "seal", None)
        if seal is not None:
            return str(seal.keyword)
    return ""


def _still_taken(site: Site, route: Route | None, stored: Stored, data: bytes) -> None:
    """The route takes it as it took the real one."""
    if route is None or stored.outcome != "accepted":
        return
    receive = route.receive
    spec = AcceptSpec(site.namespaces, receive.check, receive.identity, route.labels)
    kind, parameters = reading.kind_of(stored.content_type)
    content_type = "application/xml" if "root" in parameters else stored.content_type.partition(";")[0]
    if kind in ("blob", "bytes"):
        return
    findings = accept(spec, data, content_type).findings
    if findings and not accept(spec, stored.body, stored.content_type).findings:
        raise Refused(NOT_TAKEN, f"the route would not take the result: {findings[0].line()}")


def _all(records: Iterable[RunRecord]) -> Iterable[RunRecord]:
    for one in records:
        yield one
        yield from _all(one.parts)
