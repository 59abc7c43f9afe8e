"""A stored message or run as the subject of a try. Reads only; the caller has written the look to the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from engine.message import Blob, Refused, Value
from engine.ops import read
from engine.runtime import journal
from engine.runtime.values import decode
from engine.site.model import Route, Step
from engine.store.blobs import Blobs
from engine.store.schema import message, run, value
from engine.testing.trying import NO_STEP, Subject


@dataclass(frozen=True)
class Found:
    """What an id means. seq: of the run, None for a message that this route made no run of."""

    seq: int | None
    message_id: str
    patient: int | None


def find(conn: Connection, asked: str, route: Route, step: Step) -> Found:
    """The run with this id, or the one run of this message that came to the step; `Refused` when several did."""
    row = conn.execute(select(run).where(run.c.id == asked)).mappings().first()
    if row is None:
        row = _of_message(conn, asked, route, step)
    if row is None:
        return Found(None, asked, None)
    known = read.patient_of_run(conn, row["seq"])
    return Found(row["seq"], row["message_id"], known.id if known is not None else None)


def _of_message(conn: Connection, asked: str, route: Route, step: Step) -> Any:
    if conn.execute(select(message.c.id).where(message.c.id == asked)).first() is None:
        raise Refused(NO_STEP, "there is no run and no message with this id")
    rows = list(conn.execute(select(run).where(run.c.message_id == asked, run.c.route == route.name)).mappings())
    splits = [index for index, one in enumerate(route.steps) if one.verb == "split"]
    parents = bool(splits) and route.index(step.id) <= splits[0]
    fitting = [row for row in rows if (row["parent"] is None if parents else row["children"] == 0)]
    if len(fitting) > 1:
        listed = ", ".join(row["id"] for row in fitting)
        raise Refused(NO_STEP, f"this message has {len(fitting)} runs: name one of {listed}")
    return fitting[0] if fitting else None


def subject(conn: Connection, found: Found, blobs: Blobs, given: dict[str, Value]) -> Subject:
    """What is stored, and over it what was given."""
    body = conn.execute(select(message).where(message.c.id == found.message_id)).mappings().one()
    raw = body["body"] if body["body"] is not None else blobs.read(Blob(body["blob"], body["size"]))
    values: dict[str, Value] = {"meta": dict(body["meta"])}
    if found.seq is None:
        return Subject({**values, **given}, (raw, body["content_type"]))
    for one in conn.execute(select(value).where(value.c.run == found.seq)).mappings():
        if not one["name"].startswith("~"):
            data = one["data"] if one["blob"] is None else blobs.read(Blob(one["blob"], 0))
            values[one["name"]] = decode(one["kind"], data)
    return Subject(
        {**values, **given}, (raw, body["content_type"]), journal.from_row(journal.state_of(conn, found.seq))
    )
