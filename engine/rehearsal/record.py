"""What the store recorded of a message: its bytes, its runs with the values that steps left, its effects. Reads only.

Each batch is read in one short transaction, so a message, its runs and their values belong together, and the daemon
beside is kept from nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from engine.message import Blob, Refused, Value
from engine.ops import read
from engine.runtime import journal
from engine.runtime.outcome import Run
from engine.runtime.values import decode
from engine.store.blobs import Blobs
from engine.store.schema import effect, label, message, revision, run, value
from engine.store.sql import pieces
from engine.transform.reading import kind_of

OPEN = ("ready", "running", "waiting")
OUTCOMES = ("accepted", "invalid", "rejected")
"""What is rehearsed; of a conflict the first message is."""
NOTHING_TO_ASK = "WB-7701"


@dataclass(frozen=True)
class Selection:
    """Which messages. labels: all must hold. names: also labels with a patient's data."""

    route: str = ""
    since: int = 0
    limit: int | None = None
    labels: dict[str, str] = field(default_factory=dict, repr=False)
    names: bool = False


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """One row of the ledger."""

    key: str
    step: str
    state: str
    at: int
    code: str
    reason: str


@dataclass
class RunRecord:
    """A run as it was. values: by name, without `meta`; effects: the last one of each step."""

    run: Run
    state: str
    step: str
    code: str
    reason: str
    values: dict[str, Value] = field(default_factory=dict, repr=False)
    effects: dict[str, EffectRecord] = field(default_factory=dict)
    parts: list[RunRecord] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether it is still on its way."""
        return self.state in OPEN


@dataclass
class Stored:
    """A message as it came. runs: the newest of each route, by its name. blob: of bytes that nobody opens here."""

    seq: int
    id: str
    connection: str
    operation: str
    route: str
    received_at: int
    content_type: str
    outcome: str
    code: str
    meta: dict[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    runs: dict[str, RunRecord] = field(default_factory=dict)
    blob: Blob | None = field(default=None, repr=False)


def numbers(conn: Connection, wanted: Selection) -> list[int]:
    """The messages' numbers, oldest first; with a limit the newest so many."""
    query = select(message.c.seq).where(message.c.outcome.in_(OUTCOMES))
    if wanted.since:
        query = query.where(message.c.received_at >= wanted.since)
    if wanted.route:
        mine = exists().where(run.c.message_id == message.c.id, run.c.route == wanted.route)
        query = query.where(or_(message.c.route == wanted.route, mine))
    for name, text in wanted.labels.items():
        if (
            not wanted.names
            and conn.execute(select(label.c.run).where(label.c.name == name, label.c.phi == 1).limit(1)).first()
        ):
            raise Refused(NOTHING_TO_ASK, f"the label {name} holds patients' data: search by it with --open")
        found = select(run.c.message_id).join(label, label.c.run == run.c.seq)
        query = query.where(message.c.id.in_(found.where(label.c.name == name, label.c.value == text)))
    rows = conn.execute(query.order_by(message.c.seq.desc()).limit(wanted.limit)).scalars()
    return sorted(rows)


def deployed(conn: Connection) -> dict[str, str]:
    """The revision of each route that was deployed last."""
    rows = conn.execute(select(revision.c.route, revision.c.revision).order_by(revision.c.deployed_at))
    return {row.route: row.revision for row in rows}


def load(conn: Connection, seqs: Sequence[int], blobs: Blobs) -> list[Stored]:
    """These messages with all that belongs to them."""
    rows = conn.execute(select(message).where(message.c.seq.in_(seqs)).order_by(message.c.seq)).mappings().all()
    runs = _runs(conn, [row["id"] for row in rows], blobs)
    found = []
    for row in rows:
        meta = row["meta"] if isinstance(row["meta"], dict) else json.loads(row["meta"])
        body, blob = _body(row, meta, blobs)
        stored = Stored(
            row["seq"], row["id"], row["connection"], row["operation"], row["route"] or "", row["received_at"],
            row["content_type"], row["outcome"], row["code"], dict(meta), body, blob=blob,
        )  # fmt: skip
        for record in runs.get(row["id"], ()):
            stored.runs[record.run.route] = record  # a later one was resent: the newest counts
        found.append(stored)
    return found


def _body(row: Any, meta: dict[str, Any], blobs: Blobs) -> tuple[bytes, Blob | None]:
    """As `Runtime.body_of`: what is only bytes stays where it is."""
    if row["body"] is not None:
        return row["body"], None
    blob = Blob(row["blob"], row["size"], row["content_type"], meta.get("name", ""))
    return (b"", blob) if kind_of(row["content_type"])[0] == "bytes" else (blobs.read(blob), None)


def patients(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    """The patient of each message, where one is known."""
    found: dict[str, int] = {}
    for row in conn.execute(select(run.c.seq, run.c.message_id).where(run.c.message_id.in_(ids))).all():
        known = read.patient_of_run(conn, row.seq)
        if known is not None:
            found.setdefault(row.message_id, known.id)
    return found


def _runs(conn: Connection, ids: Sequence[str], blobs: Blobs) -> dict[str, list[RunRecord]]:
    """The runs without a parent, by message; each has its parts."""
    records: dict[int, RunRecord] = {}
    for row in conn.execute(select(run).where(run.c.message_id.in_(ids)).order_by(run.c.seq)).mappings():
        one: Any = row
        made = journal.from_row(one)
        records[made.seq] = RunRecord(made, row["state"], row["step"] or "", row["code"], row["reason"])
    _fill(conn, records, blobs)
    found: dict[str, list[RunRecord]] = {}
    for record in records.values():
        parent = records.get(record.run.parent) if record.run.parent is not None else None
        if parent is not None:
            parent.parts.append(record)
        else:
            found.setdefault(record.run.message_id, []).append(record)
    return found


def _fill(conn: Connection, records: dict[int, RunRecord], blobs: Blobs) -> None:
    for some in pieces(list(records)):
        for row in conn.execute(select(value).where(value.c.run.in_(some))).mappings():
            data = row["data"] if row["blob"] is None else blobs.read(Blob(row["blob"], 0))
            records[row["run"]].values[row["name"]] = decode(row["kind"], data)
        for row in conn.execute(
            select(effect).where(effect.c.run.in_(some)).order_by(effect.c.generation, effect.c.at)
        ).mappings():
            entry = EffectRecord(row["key"], row["step"], row["state"], row["at"], row["code"], row["reason"])
            records[row["run"]].effects[row["step"]] = entry
