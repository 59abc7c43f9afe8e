"""Signals from one run to others: set, cancel, wake. Writer functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.message import Value
from engine.runtime import journal, order, patch
from engine.runtime.outcome import Run
from engine.runtime.states import FINAL, State
from engine.runtime.values import decode, encode
from engine.site.model import Route
from engine.store.schema import run, sign_job, signal, value, wait
from engine.store.sql import Row, Statement, raw

P = bindparam
Routes = Callable[[str, str], Route]
"""The route of a name and a revision."""

_OPEN = Statement(select(signal).where(signal.c.run == P("run"), signal.c.applied_at.is_(None)).order_by(signal.c.seq))
_WAKES = Statement(
    select(signal)
    .where(signal.c.run == P("run"), signal.c.verb == "wake", signal.c.source > 0, signal.c.at >= P("since"))
    .order_by(signal.c.seq)
)
_APPLIED = Statement(update(signal).where(signal.c.seq == P("of")).values(applied_at=P("applied_at")))
_SEND = Statement(insert(signal).values(run=P("run"), source=P("source"), verb=P("verb"), data=P("data"), at=P("at")))
_VALUE = Statement(select(value).where(value.c.run == P("run"), value.c.name == P("name")))
_BLOCK = Statement(update(run).where(run.c.seq == P("of")).values(blocked=P("blocked")))
_WAITERS = Statement(select(wait.c.run).where(wait.c.kind == "signal", wait.c.match_key == P("match_key")))
_JOBS = Statement(
    update(sign_job)
    .where(sign_job.c.run == P("of"), sign_job.c.state.in_(["prepared", "submitted", "waiting", "returned"]))
    .values(state="cancelled", ended_at=P("ended_at"), reason=P("reason"))
)

_SIGNED = Statement(
    select(sign_job.c.id).where(sign_job.c.run == P("run"), sign_job.c.state.in_(["verified", "delivered"])).limit(1)
)
CHANGED = "the order was changed: read it again before signing"

OVERRIDES = "~changes"
"""The value in which changes of values that do not exist yet wait: {name: {path: text}}."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What a signal step asks for. values: by name, or by slash path into a value (then text); labels: texts.

    found_by: the labels by which the runs were found.
    """

    verb: str
    values: Mapping[str, Value]
    labels: Mapping[str, str]
    reason: str = ""
    found_by: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A `wake` that reached a run whose route waits for signals. number: of the signal; run: the sender's id."""

    number: int
    route: str
    run: str
    labels: Mapping[str, str] = field(repr=False)
    at: int


@dataclass(slots=True)
class Came:
    """What open signals did to a run at its settle."""

    cancel: bool = False
    changed: bool = False
    woken: bool = False
    source: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The run that the signal found, and its status at that moment ('' when it was final: nothing was done)."""

    run: str
    status: str
    done: str


def as_json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False)


def match_keys(route: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    """One key a label: a waiter is woken by a run that has any of them and then looks itself."""
    return tuple(f"{route}|{name}={text}"[:300] for name, text in sorted(labels.items()))


def find(conn: Connection, route: str, labels: Mapping[str, str]) -> list[Row]:
    """Leaf runs of the route that have all these labels, oldest first; repeats (filtered) are left out."""
    if not labels:
        return []
    clauses = " AND ".join(
        "EXISTS (SELECT 1 FROM label WHERE label.run = run.seq AND label.name = ? AND label.value = ?)" for _ in labels
    )
    given = [part for pair in sorted(labels.items()) for part in pair]
    first_name, first_text = given[0], given[1]
    sql = (
        "SELECT run.* FROM label JOIN run ON run.seq = label.run WHERE label.name = ? AND label.value = ?"  # noqa: S608
        f" AND run.route = ? AND run.children = 0 AND run.state != 'filtered' AND {clauses} ORDER BY run.seq LIMIT 100"
    )
    return raw(conn).execute(sql, [first_name, first_text, route, *given]).fetchall()


def deliver(conn: Connection, source: Run, found: Sequence[Row], what: Signal, routes: Routes, now: int) -> list[Found]:
    """Apply the signal to each found run, or leave it for the settle of one that is busy."""
    return [Found(row["id"], row["status"] or "", _deliver_one(conn, source, row, what, routes, now)) for row in found]


def _deliver_one(conn: Connection, source: Run, row: Row, what: Signal, routes: Routes, now: int) -> str:
    state = State(row["state"])
    if what.verb == "wake":
        return _wake(conn, source, row, what, routes(row["route"], row["revision"]), now)
    route = routes(row["route"], row["revision"])
    if state in FINAL and state is not State.DONE:
        return "nothing"
    if is_signed(route, row):
        return _too_late(conn, source, row, what, now)
    if state in FINAL:
        return "nothing"
    if state is State.RUNNING:
        data = {"values": dict(what.values), "labels": dict(what.labels), "reason": what.reason}
        _SEND.run(conn, run=row["seq"], source=source.seq, verb=what.verb, at=now, data=encode(data)[1].decode())
        return "queued"
    if what.verb == "cancel":
        cancel(conn, row, now, source.seq)
        return "cancelled"
    apply(conn, row, what, route, now)
    return "set"


def is_signed(route: Route, row: Row) -> bool:
    """Past its sign step, or done: what came back is signed, an update needs a person."""
    ids = [step.id for step in route.steps]
    signs = [index for index, step in enumerate(route.steps) if step.verb == "sign"]
    if row["state"] == State.DONE:
        return bool(signs)
    return bool(signs) and row["step"] in ids and ids.index(row["step"]) > max(signs)


def _too_late(conn: Connection, source: Run, row: Row, what: Signal, now: int) -> str:
    reason = f"{what.verb} came when the report was {'sent' if row['state'] == State.DONE else 'signed'}"
    journal.add_attention(
        conn, "update", now, journal.LATE_UPDATE, reason, run=row["seq"], route=row["route"], step=row["step"] or "",
        message_id=source.message_id,
    )  # fmt: skip
    code = journal.LATE_UPDATE
    journal.add_event(conn, row["seq"], None, now, "late update", row["step"] or "", code=code, text=reason)
    return "attention"


def _wake(conn: Connection, source: Run, row: Row, what: Signal, route: Route, now: int) -> str:
    """A waiting run looks again. Where the route waits for signals, one that comes too early is remembered."""
    state = State(row["state"])
    remembered = state not in FINAL and _waits_for_signals(route)
    if state is State.RUNNING or remembered:
        data = as_json({"route": source.route, "run": source.id, "labels": dict(what.found_by)})
        _SEND.run(conn, run=row["seq"], source=source.seq, verb="wake", data=data, at=now)
    if state is State.WAITING and not row["open_children"] and not order.waits_behind(row):
        journal.move(conn, row, State.READY, now)
        return "woken"
    return "queued" if state is State.RUNNING or remembered else "nothing"


def _waits_for_signals(route: Route) -> bool:
    return any(step.verb == "wait" and getattr(step.settings, "for_", "") == "signal" for step in route.steps)


def wakes(conn: Connection, seq: int, since: int) -> list[WakeUp]:
    """The wake-ups that a run got, oldest first."""
    found = []
    for row in _WAKES.all(conn, run=seq, since=since):
        data: Any = decode("json", row["data"].encode())
        found.append(WakeUp(row["seq"], data["route"], data["run"], data["labels"], row["at"]))
    return found


def cancel(conn: Connection, row: Row, now: int, source: int) -> None:
    """Row and folder stay; a job of a signature ends with it, its late result is only evidence."""
    reason = "cancelled by the order's update"
    journal.move(conn, row, State.CANCELLED, now, reason=reason)
    _JOBS.run(conn, of=row["seq"], ended_at=now, reason=reason)
    journal.add_event(conn, row["seq"], None, now, "cancelled", row["step"] or "", text=f"{reason} (run {source})")


def apply(conn: Connection, row: Row, what: Signal, route: Route, now: int) -> None:
    """Set labels and values; a report that waits for its signature is blocked until it is read again.

    A signature that is asked for already was meant for the order as it was: its job ends here, its result is evidence.
    """
    phi = {entry.name: entry.phi for entry in route.labels}
    if what.labels:
        journal.put_labels(conn, row["seq"], {n: (text, phi.get(n, False)) for n, text in what.labels.items()})
    for path, new in what.values.items():
        _set_value(conn, row["seq"], path, new, now)
    ids = [step.id for step in route.steps]
    signs = [index for index, step in enumerate(route.steps) if step.verb == "sign"]
    if what.values and signs and row["step"] in ids and ids.index(row["step"]) == signs[0]:
        _BLOCK.run(conn, of=row["seq"], blocked=CHANGED)
        _JOBS.run(conn, of=row["seq"], ended_at=now, reason=CHANGED)
    journal.add_event(conn, row["seq"], None, now, "changed", row["step"] or "", text=what.reason)


def _set_value(conn: Connection, seq: int, path: str, new: Value, now: int) -> None:
    name, _, below = path.partition("/")
    if not below:
        journal.put_value(conn, seq, name, encode(new), None, now)
        return
    text = "" if new is None else str(new)
    row = _VALUE.one(conn, run=seq, name=name)
    if row is None:
        _remember(conn, seq, name, below, text, now)
        return
    if row["blob"] is not None:
        return  # a value of that size is no field that an update changes
    journal.put_value(conn, seq, name, encode(patch.patched(decode(row["kind"], row["data"]), below, text)), None, now)


def _remember(conn: Connection, seq: int, name: str, below: str, text: str, now: int) -> None:
    row = _VALUE.one(conn, run=seq, name=OVERRIDES)
    changes: Any = {} if row is None else decode(row["kind"], row["data"])
    changes.setdefault(name, {})[below] = text
    journal.put_value(conn, seq, OVERRIDES, encode(changes), None, now)


def with_changes(name: str, made: Value, changes: Mapping[str, Mapping[str, str]]) -> Value:
    """A value that a step has just made, with the changes that came before it existed."""
    for below, text in changes.get(name, {}).items():
        made = patch.patched(made, below, text)
    return made


def take(conn: Connection, run_: Run, route: Route, now: int) -> Came:
    """Apply what came while the step was performed, in the order in which it came."""
    came = Came()
    for row in _OPEN.all(conn, run=run_.seq):
        _APPLIED.run(conn, of=row["seq"], applied_at=now)
        data: Any = decode("json", row["data"].encode())
        if row["verb"] == "cancel":
            came.cancel, came.source = True, row["source"]
        elif row["verb"] == "wake":
            came.woken = True
        elif row["verb"] == "set":
            what = Signal("set", data["values"], data["labels"], data["reason"])
            at = journal.state_of(conn, run_.seq)
            if what.values and route.step(at["step"]).verb == "sign" and _SIGNED.one(conn, run=run_.seq) is not None:
                _too_late(conn, run_, at, what, now)  # the gate said yes while the change was on its way
            else:
                apply(conn, at, what, route, now)
                came.changed = came.woken = True
    return came


def wake_waiters(conn: Connection, route: str, labels: Mapping[str, str], now: int) -> bool:
    """A run was created: those that wait for one with its labels look again. In the same commit."""
    woken = False
    for key in match_keys(route, labels):
        for waiter in _WAITERS.all(conn, match_key=key):
            row = journal.state_of(conn, waiter["run"])
            if row["state"] == State.WAITING:
                journal.move(conn, row, State.READY, now)
                woken = True
    return woken
