"""Writer functions over runs: create, claim, move. Every one runs inside one writer operation (`conn` first).

Each move is `UPDATE ... WHERE seq = ? AND state = ?`, so of two that want to move a run only one does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.message import Unavailable, new_id
from engine.runtime import order
from engine.runtime.outcome import Run
from engine.runtime.states import FINAL, State, check_move
from engine.runtime.values import Encoded
from engine.store.schema import attention, event, label, run, value, wait
from engine.store.sql import Row, Rows, Statement

P = bindparam

LATE_UPDATE = "WB-4201"
"""An order was changed or cancelled when its report was signed already: a person must hear of it."""

_INSERT_RUN = Statement(insert(run).values({column.name: P(column.name) for column in run.columns}))
_EVENTS = Rows.insert(event, "run", "message_id", "at", "kind", "step", "code", "text", "user")
_VALUE_ROWS = Rows.insert(
    value, "run", "name", "kind", "data", "blob", "at",
    tail=" ON CONFLICT (run, name) DO UPDATE SET kind = excluded.kind, data = excluded.data, blob = excluded.blob,"
    " at = excluded.at",
)  # fmt: skip
_LABEL_ROWS = Rows.insert(
    label, "run", "name", "value", "phi", tail=" ON CONFLICT (run, name) DO UPDATE SET value = excluded.value"
)
_RUNS = Rows.insert(run)
_RUN_COLUMNS = tuple(column.name for column in run.columns)
_PUT_VALUE = Statement(
    upsert(value)
    .values(run=P("run"), name=P("name"), kind=P("kind"), data=P("data"), blob=P("blob"), at=P("at"))
    .on_conflict_do_update(
        index_elements=["run", "name"], set_={"kind": P("kind"), "data": P("data"), "blob": P("blob"), "at": P("at")}
    )
)
_DROP_VALUE = Statement(delete(value).where(value.c.run == P("run"), value.c.name == P("name")))
_VALUES = Statement(select(value.c.name, value.c.kind, value.c.data, value.c.blob).where(value.c.run == P("run")))
_STATE = Statement(select(run).where(run.c.seq == P("seq")))
_MOVE = Statement(
    update(run)
    .where(run.c.seq == P("key"), run.c.state == P("old"))
    .values(
        state=P("state"), status=P("status"), step=P("step"), generation=P("generation"), attempts=P("attempts"),
        starts=P("starts"), first_try_at=P("first_try_at"), due_at=P("due_at"), waits_for=P("waits_for"),
        code=P("code"), reason=P("reason"), since=P("since"), ended_at=P("ended_at"),
    )
)  # fmt: skip
_FOLLOWING = Statement(
    update(run)
    .where(run.c.seq == P("key"), run.c.state == "running")
    .values(
        step=P("step"), status=P("status"), attempts=1, starts=0, since=P("since"), first_try_at=P("since"),
        waits_for="", code="", reason="",
    )
)  # fmt: skip
_CLOSE_CHILD = Statement(
    update(run).where(run.c.seq == P("key")).values(open_children=run.c.open_children - 1)
    .returning(run.c.open_children, run.c.children, run.c.state)
)  # fmt: skip
_DROP_WAIT = Statement(delete(wait).where(wait.c.run == P("run")))
_ADD_ATTENTION = Statement(
    insert(attention).values(
        kind=P("kind"), run=P("run"), message_id=P("message_id"), file=P("file"), route=P("route"), step=P("step"),
        code=P("code"), reason=P("reason"), created_at=P("created_at"), acknowledged_by="", closed_by="", answer="",
        note="",
    )
)  # fmt: skip
_CLOSE_ATTENTION = Statement(
    update(attention)
    .where(
        attention.c.run == P("of"),
        attention.c.closed_at.is_(None),
        attention.c.file.is_(None),
        attention.c.code != LATE_UPDATE,
    )
    .values(closed_at=P("closed_at"), closed_by=P("closed_by"), answer=P("answer"))
)
_NOT_PAUSED = text("run.route NOT IN (SELECT name FROM pause WHERE kind = 'route')")
_CLAIM_DUE = Statement(
    update(run)
    .where(
        run.c.seq.in_(
            select(run.c.seq).where(run.c.due_at <= P("now"), run.c.state == "waiting", _NOT_PAUSED)
            .order_by(run.c.due_at).limit(P("most"))
        )
    )
    .values(state="running", attempts=run.c.attempts + 1, due_at=None)
    .returning(run)
)  # fmt: skip
_CLAIM_READY = Statement(
    update(run)
    .where(
        run.c.seq.in_(
            # SQLite uses a partial index only when its condition stands literally in the question.
            select(run.c.seq).where(text("run.state = 'ready'"), _NOT_PAUSED)
            .order_by(run.c.seq).limit(P("most"))
        )
    )
    .values(state="running", attempts=run.c.attempts + 1, due_at=None)
    .returning(run)
)  # fmt: skip
_NEXT_DUE = Statement(select(run.c.due_at).where(run.c.due_at.isnot(None), _NOT_PAUSED).order_by(run.c.due_at).limit(1))
_CHILDREN_BY_STATE = Statement(select(run.c.state, run.c.seq).where(run.c.parent == P("parent")))


@dataclass(frozen=True, slots=True)
class NewRun:
    """What a run is born with."""

    message_id: str
    route: str
    revision: str
    step: str
    status: str | None
    state: State
    labels: Mapping[str, tuple[str, bool]]  # name -> (value, phi)
    parent: int | None = None
    root: int | None = None
    child_key: str | None = None
    child_digest: str | None = None
    part: Encoded | None = None
    part_blob: str | None = None
    order_key: str | None = None
    waits_for: str = ""


def create(conn: Connection, new: NewRun, now: int) -> Run:
    """Insert a run with its labels, part and first event."""
    unborn = born(new, 0, new_id(), now)
    seq = _INSERT_RUN.run(conn, **{**row_of(new, unborn, now), "seq": None}).lastrowid
    assert seq is not None
    if new.labels:
        put_labels(conn, seq, new.labels)
    if new.part is not None:
        put_value(conn, seq, "body", new.part, new.part_blob, now)
    add_event(conn, seq, new.message_id, now, "created", new.step)
    return replace(unborn, seq=seq, root=new.root or seq)


def create_many(conn: Connection, runs: list[dict[str, Any]], labels: list[tuple[int, str, str, int]]) -> None:
    """Runs without parts whose numbers are given, each with its first event."""
    _RUNS.run(conn, [tuple(run[name] for name in _RUN_COLUMNS) for run in runs])
    _LABEL_ROWS.run(conn, labels)
    created = ((r["seq"], r["message_id"], r["created_at"], "created", r["step"], "", "", "") for r in runs)
    add_events(conn, list(created))


def born(new: NewRun, seq: int, identity: str, now: int) -> Run:
    """The run as its journey holds it."""
    return Run(
        seq, identity, new.message_id, new.parent, new.root or seq, new.child_key, new.route, new.revision, new.status,
        new.step, 0, int(new.state is State.RUNNING), now, now, fresh=True, ordered=new.order_key is not None,
    )  # fmt: skip


def row_of(new: NewRun, run: Run, now: int) -> dict[str, Any]:
    """The run as the table holds it."""
    return {
        "seq": run.seq, "id": run.id, "message_id": new.message_id, "parent": new.parent, "root": new.root,
        "children": 0, "open_children": 0, "child_key": new.child_key, "child_digest": new.child_digest,
        "route": new.route, "revision": new.revision, "state": new.state.value, "status": new.status,
        "step": new.step, "generation": 0, "attempts": run.attempts, "starts": 0, "first_try_at": now,
        "due_at": None, "waits_for": new.waits_for, "code": "", "reason": "", "blocked": "", "since": now,
        "created_at": now, "ended_at": None, "order_key": new.order_key, "order_held": int(run.ordered),
        "origin": None,
    }  # fmt: skip


def from_row(row: Row) -> Run:
    return Run(
        row["seq"], row["id"], row["message_id"], row["parent"], row["root"] or row["seq"], row["child_key"],
        row["route"], row["revision"], row["status"], row["step"], row["generation"], row["attempts"],
        row["first_try_at"], row["created_at"], row["starts"] // 2, _is_fresh(row), bool(row["order_held"]),
    )  # fmt: skip


def _is_fresh(row: Row) -> bool:
    """It is claimed for the first time, and nothing has happened to it since it was created."""
    untouched = row["since"] == row["created_at"] == row["first_try_at"] and not row["reason"] and not row["waits_for"]
    return bool(row["attempts"] == 1 and row["generation"] == 0 and row["parent"] is None and untouched)


def claim_ready(conn: Connection, most: int) -> list[Run]:
    """Runs that were ready, now running, in order of their number."""
    return sorted((from_row(row) for row in _CLAIM_READY.all(conn, most=most)), key=lambda claimed: claimed.seq)


def claim_due(conn: Connection, now: int, most: int) -> list[Run]:
    return sorted((from_row(row) for row in _CLAIM_DUE.all(conn, now=now, most=most)), key=lambda c: c.seq)


def next_due(conn: Connection) -> int | None:
    row = _NEXT_DUE.one(conn)
    return None if row is None else int(row["due_at"])


def state_of(conn: Connection, seq: int) -> Row:
    row = _STATE.one(conn, seq=seq)
    assert row is not None
    return row


def move(conn: Connection, row: Row, state: State, now: int, **changes: Any) -> None:
    """Move the run of `row` (read in this operation) to `state`; columns not named keep their value."""
    old = State(row["state"])
    check_move(old, state)
    kept = {
        name: row[name]
        for name in ("status", "step", "generation", "attempts", "first_try_at", "waits_for", "code", "reason")
    }
    ended = now if state in FINAL else None
    if state in FINAL:
        kept.update(waits_for="", code="", reason="")
    fresh = {"state": str(state), "starts": 0, "due_at": None, "since": now, "ended_at": ended}
    done = _MOVE.run(conn, key=row["seq"], old=str(old), **{**kept, **fresh, **changes})
    assert done.rowcount == 1, "the row was read in this very operation"
    if state in FINAL or state in (State.HELD, State.DEAD):
        drop_wait(conn, row["seq"])
    if state in FINAL:
        order.left(conn, row, now)
        close_attention(conn, row["seq"], now, "", str(state))
        if row["parent"] is not None:
            child_ended(conn, row["parent"], now)


def drop_wait(conn: Connection, seq: int) -> None:
    """The run waits for nothing any more: it left the step, or ended."""
    _DROP_WAIT.run(conn, run=seq)


def following(conn: Connection, seq: int, step: str, status: str | None, now: int) -> None:
    """The run stays running and goes on at another step."""
    moved = _FOLLOWING.run(conn, key=seq, step=step, status=status, since=now)
    assert moved.rowcount == 1


def at_step(conn: Connection, claimed: Run, now: int) -> None:
    """Bring the row to the step that the run reached in memory, before that step's effect is intended."""
    row = state_of(conn, claimed.seq)
    if row["state"] != State.RUNNING:
        raise Unavailable("WB-3008", "the run was moved by somebody else")
    if row["step"] != claimed.step or row["status"] != claimed.status:
        following(conn, claimed.seq, claimed.step, claimed.status, now)


def child_ended(conn: Connection, parent: int, now: int) -> None:
    """One child less to wait for; the last one ends the parent with counts."""
    left = _CLOSE_CHILD.one(conn, key=parent)
    assert left is not None
    if left["open_children"] > 0 or left["state"] != State.WAITING:
        return
    counts: dict[str, int] = {}
    for row in _CHILDREN_BY_STATE.all(conn, parent=parent):
        counts[row["state"]] = counts.get(row["state"], 0) + 1
    summary = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    move(conn, state_of(conn, parent), State.DONE, now, reason=f"{sum(counts.values())} parts: {summary}")
    add_event(conn, parent, None, now, "ended", "", text=summary)


def put_labels(conn: Connection, seq: int, labels: Mapping[str, tuple[str, bool]]) -> None:
    _LABEL_ROWS.run(conn, label_rows(seq, labels))


def label_rows(seq: int, labels: Mapping[str, tuple[str, bool]]) -> list[tuple[int, str, str, int]]:
    return [(seq, name, text[:400], int(phi)) for name, (text, phi) in labels.items()]


def put_value(conn: Connection, seq: int, name: str, encoded: Encoded, blob: str | None, now: int) -> None:
    """Keep a value; with `blob` (a SHA-256) the bytes are there and not here."""
    kind, data = encoded
    _PUT_VALUE.run(conn, run=seq, name=name, kind=kind, data=None if blob else data, blob=blob, at=now)


def put_values(conn: Connection, rows: Sequence[tuple[int, str, str, bytes | None, str | None, int]]) -> None:
    """Values of many runs; each row: run, name, kind, data, blob, at."""
    _VALUE_ROWS.run(conn, rows)


def add_drafted(
    conn: Connection,
    events: Sequence[tuple[int | None, str | None, int, str, str, str, str, str]],
    values: Sequence[tuple[int, str, str, bytes | None, str | None, int]],
) -> None:
    """Events and values of many runs."""
    add_events(conn, events)
    put_values(conn, values)


def drop_values(conn: Connection, seq: int, names: Iterable[str]) -> None:
    _DROP_VALUE.many(conn, [{"run": seq, "name": name} for name in names])


def values_of(conn: Connection, seq: int) -> list[Row]:
    return _VALUES.all(conn, run=seq)


def add_event(
    conn: Connection, seq: int | None, message_id: str | None, now: int, kind: str, step: str = "", *,
    code: str = "", text: str = "", user: str = "",
) -> None:  # fmt: skip
    add_events(conn, [(seq, message_id, now, kind, step, code, text[:1000], user)])


def add_events(conn: Connection, rows: Sequence[tuple[int | None, str | None, int, str, str, str, str, str]]) -> None:
    """Each row: run, message_id, at, kind, step, code, text, user."""
    _EVENTS.run(conn, rows)


def add_attention(conn: Connection, kind: str, now: int, code: str, reason: str, **about: Any) -> None:
    """An entry for a person; about: run, message_id, file, route, step."""
    empty = {"run": None, "message_id": None, "file": None, "route": "", "step": ""}
    _ADD_ATTENTION.run(conn, **{**empty, **about}, kind=kind, code=code, reason=reason[:1000], created_at=now)


def close_attention(conn: Connection, seq: int, now: int, user: str, answer: str) -> None:
    """What is said of the run itself is over; a late file or update stays until a person has seen to it."""
    _CLOSE_ATTENTION.run(conn, of=seq, closed_at=now, closed_by=user, answer=answer)
