"""Again: a run from an earlier step, a message once more, a message with another body. Writer functions.

A new generation of a run, and a new run, make their effects anew: what was sent before is sent again. `engine.ops.bulk`
says beforehand what that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.message import Refused, new_id
from engine.ops import editing, texts
from engine.ops.read_audit import record
from engine.ops.runs import NOT_NOW, UNKNOWN, by_id, end
from engine.runtime import journal, order, sign_jobs
from engine.runtime.states import FINAL, State
from engine.store.clock import now_ms
from engine.store.schema import label, message, run, value
from engine.store.sql import Row, Statement

ACTS = ("retry_from", "as_is", "edited")

P = bindparam
PRUNED = "WB-7503"
BAD_BODY = "WB-7504"

_LABELS = Statement(select(label.c.name, label.c.value, label.c.phi).where(label.c.run == P("run")))
_PART = Statement(select(value).where(value.c.run == P("run"), value.c.name == "body"))
_LINK = Statement(update(run).where(run.c.seq == P("of")).values(origin=P("origin")))
_MESSAGE = Statement(select(message).where(message.c.id == P("id")))
_ADD_MESSAGE = Statement(
    insert(message).values({column.name: P(column.name) for column in message.columns if column.name != "seq"})
)
_DOUBT = "SELECT 1 FROM effect WHERE run = ? AND state = 'doubt'"


def retry_from(conn: Connection, run_id: str, step: str, user: str, note: str = "", origin: str = "") -> None:
    """Go on at this step, the current one or an earlier: what it and later steps left is dropped, and done anew."""
    row, now = by_id(conn, run_id), now_ms()
    if State(row["state"]) not in (State.DEAD, State.HELD, State.WAITING) or row["children"]:
        what = "was split into parts" if row["children"] else f"is {row['state']}"
        raise Refused(NOT_NOW, f"a run that {what} does not go back to a step")
    if order.waits_behind(row):
        raise Refused(NOT_NOW, f"it waits {row['waits_for']}, which has the same order key: release that one")
    _sure(conn, row)
    route = texts.of_run(conn, row["route"], row["revision"])
    place = route.index(step)
    if place > route.index(row["step"]):
        raise Refused(NOT_NOW, f"{step} comes after {row['step']}, where the run is")
    if row["parent"] is not None and place <= _split_place(route):
        raise Refused(NOT_NOW, f"{step} is not a step of a part")
    sign_jobs.cancel(conn, row["seq"], f"{user} let the run go back to {step}", now)
    journal.drop_wait(conn, row["seq"])
    journal.drop_values(conn, row["seq"], [*(one.into for one in route.steps[place:]), sign_jobs.REFUSAL])
    status = route.steps[place].status or row["status"]
    journal.move(
        conn, row, State.READY, now, step=step, status=status, generation=row["generation"] + 1, attempts=0,
        first_try_at=now, waits_for="", code="", reason="",
    )  # fmt: skip
    journal.close_attention(conn, row["seq"], now, user, f"from {step}")
    journal.add_event(conn, row["seq"], None, now, "operator", step, text=_said(f"from {step}", note), user=user)
    record(conn, now, user, "run.retry_from", run=row["seq"], subject=step, origin=origin)


def as_is(conn: Connection, run_id: str, user: str, note: str = "", origin: str = "") -> str:
    """The same message once more, as a new run on the current revision; the new run's id.

    A dead or held run is cancelled with it. `Refused` while the old one still goes on. In a route with `order` it has
    the old one's key, and takes the last place in its line.
    """
    row, now = _ended(conn, run_id), now_ms()
    if row["children"]:
        raise Refused(NOT_NOW, "the message was split into parts: resend them")
    source = _MESSAGE.one(conn, id=row["message_id"])
    if source is None or (source["body"] is None and source["blob"] is None):
        raise Refused(PRUNED, "the body of this message was pruned")
    labels = {name: (text, bool(phi)) for name, text, phi in _LABELS.all(conn, run=row["seq"])}
    made = _new_run(conn, row, row["message_id"], labels, _part(conn, row), row["order_key"], now)
    _end_old(conn, row, made, user, note, now)
    record(conn, now, user, "run.resend", run=row["seq"], subject=made, origin=origin)
    return made


def edited(
    conn: Connection,
    run_id: str,
    user: str,
    note: str = "",
    body: str | None = None,
    blob: str | None = None,
    size: int = 0,
    content_type: str = "",
    labels: Mapping[str, Any] | None = None,
    origin: str = "",
) -> dict[str, str]:
    """A new message with another body, linked to the old one, and its run; their ids.

    body: text (kept as UTF-8); or blob and size: what the blob store has. labels: name -> [value, phi] as the route
    reads them from the new body, with its order key as `~order`; those of a part stay as they were. Its identity is
    not looked at: the same one again is what an operator wants here.
    """
    if (body is None) == (blob is None):
        raise Refused(BAD_BODY, "give the new body as text or as a blob")
    row, now = _ended(conn, run_id), now_ms()
    data = None if body is None else body.encode()
    content = {"content_type": content_type, "size": size if data is None else len(data), "body": data, "blob": blob}
    fresh = _message_like(conn, row["message_id"], content, now)
    kept = {name: (text, bool(phi)) for name, text, phi in _LABELS.all(conn, run=row["seq"])}
    key = row["order_key"]
    if labels is not None and row["parent"] is None:
        kept = {name: (str(text), bool(phi)) for name, (text, phi) in labels.items() if text}
        key = order.key_of(row["route"], kept.pop(order.NAME, ("", False))[0])
    part = (_kind_of_part(conn, row, data), blob) if row["parent"] is not None else None
    made = _new_run(conn, row, fresh, kept, part, key, now)
    _end_old(conn, row, made, user, note, now)
    record(conn, now, user, "run.edit", run=row["seq"], subject=made, origin=origin)
    return {"message": fresh, "run": made}


def _message_like(conn: Connection, message_id: str, content: dict[str, Any], now: int) -> str:
    """A message as that one, with another content; its id."""
    source = _MESSAGE.one(conn, id=message_id)
    if source is None:
        raise Refused(UNKNOWN, "there is no such message")
    content["content_type"] = content["content_type"] or source["content_type"]
    fresh = {
        **dict(source), "id": new_id(), "received_at": now, "outcome": "accepted", "code": "", "reason": "",
        "reply": b"", "repeats": 0, "origin": source["id"], **content,
    }  # fmt: skip
    fresh.pop("seq")
    _ADD_MESSAGE.run(conn, **fresh)
    return str(fresh["id"])


def _ended(conn: Connection, run_id: str) -> Row:
    row = by_id(conn, run_id)
    state = State(row["state"])
    if state not in FINAL and state not in (State.DEAD, State.HELD):
        raise Refused(NOT_NOW, f"a run that is {state} still goes on: cancel it first")
    if row["open_children"]:
        raise Refused(NOT_NOW, "parts of this run still go on: cancel them first")
    _sure(conn, row)
    return row


def _sure(conn: Connection, row: Row) -> None:
    if conn.exec_driver_sql(_DOUBT, (row["seq"],)).first() is not None:
        raise Refused(NOT_NOW, "an effect is in doubt: say that it arrived, send again, or ask the peer")


def _split_place(route: texts.RouteText) -> int:
    first = route.after_split()
    return -1 if first is None else route.index(first.id) - 1


def _part(conn: Connection, row: Row) -> tuple[tuple[str, bytes], str | None] | None:
    """The body that a part of a split has for itself."""
    if row["parent"] is None and row["origin"] is None:
        return None
    kept = _PART.one(conn, run=row["seq"])
    if kept is None:
        if row["parent"] is not None:
            raise Refused(PRUNED, "the body of this part was pruned")
        return None
    return (kept["kind"], kept["data"] or b""), kept["blob"]


def _kind_of_part(conn: Connection, row: Row, data: bytes | None) -> tuple[str, bytes]:
    """As the part's own body was: an edited item of a list is JSON. `Refused` when it cannot be read as that."""
    kept = _PART.one(conn, run=row["seq"])
    kind = "xml" if kept is None else str(kept["kind"])
    return (kind, b"") if data is None else editing.as_part(kind, data)


def _new_run(
    conn: Connection, old: Row, message_id: str, labels: Mapping[str, tuple[str, bool]],
    part: tuple[tuple[str, bytes], str | None] | None, key: str | None, now: int,
) -> str:  # fmt: skip
    """It belongs to no split: so no parent waits for it, and nothing is a repeat of it."""
    route = texts.current(conn, old["route"])
    first = route.after_split() if part is not None else route.steps[0]
    if first is None:
        raise Refused(texts.NO_REVISION, f"the route {route.name} does not split messages any more")
    encoded, blob = part if part is not None else (None, None)
    status = None if first.verb == "split" else first.status or old["status"]
    new = journal.NewRun(
        message_id, route.name, route.revision, first.id, status, State.READY, labels, part=encoded, part_blob=blob
    )
    if key and route.ordered:
        ahead = order.ahead(conn, key)
        new = replace(new, order_key=key)
        new = replace(new, state=State.WAITING, waits_for=f"{order.BEHIND}{ahead}") if ahead else new
    made = journal.create(conn, new, now)
    _LINK.run(conn, of=made.seq, origin=old["seq"])
    return made.id


def _end_old(conn: Connection, row: Row, made: str, user: str, note: str, now: int) -> None:
    journal.add_event(conn, row["seq"], None, now, "resent", "", text=_said(f"as {made}", note), user=user)
    if State(row["state"]) in (State.DEAD, State.HELD):
        end(conn, row, now, user, f"resent as {made}")


def _said(what: str, note: str) -> str:
    return f"{what}: {note}" if note else what
