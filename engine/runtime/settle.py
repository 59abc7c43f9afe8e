"""One writer operation per settled step: its values, the effects that ended, signals that came, the next state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.message import Value
from engine.runtime import filebook, journal, ledger, order, pauses, sign_jobs, signals
from engine.runtime.outcome import (
    Child,
    FileWait,
    Jump,
    Next,
    Outcome,
    PauseWait,
    PlainWait,
    Run,
    SignalWait,
    SignWait,
    Split,
    Stop,
    Wait,
)
from engine.runtime.states import State
from engine.runtime.values import Encoded, encode
from engine.site.model import Route
from engine.store.schema import attention, run, value, wait
from engine.store.sql import Row, Statement

P = bindparam

ASKED = "WB-2301"
"""A route asks a person."""
MOST_JUMPS = 100
"""A route that sends a run back more often than this goes round in a circle."""

_ARM = Statement(
    upsert(wait)
    .values(
        run=P("run"), kind=P("kind"), step=P("step"), connection=P("connection"), folder=P("folder"),
        pattern=P("pattern"), armed_at=P("armed_at"), until_at=P("until_at"), match=P("match"),
        match_key=P("match_key"),
    )
    .on_conflict_do_update(
        index_elements=["run"],
        set_={name: P(name) for name in ("kind", "step", "connection", "folder", "pattern", "until_at", "match",
                                         "match_key")},
    )
)  # fmt: skip
_HAS_VALUE = Statement(select(value.c.name).where(value.c.run == P("run"), value.c.name == P("name")))
_FIRST_CHILD = Statement(
    select(run.c.seq, run.c.id, run.c.child_digest)
    .where(run.c.route == P("route"), run.c.child_key == P("child_key"), run.c.seq != P("not_seq"))
    .order_by(run.c.seq).limit(1)
)  # fmt: skip
_OVERDUE = Statement(
    select(attention.c.id).where(
        attention.c.run == P("run"), attention.c.step == P("step"), attention.c.kind == "overdue"
    ).limit(1)
)  # fmt: skip
_CHILDREN = Statement(update(run).where(run.c.seq == P("key")).values(children=P("all"), open_children=P("open")))


@dataclass(slots=True)
class Draft:
    """What steps without effects left since the last commit; written with the next one."""

    values: dict[str, tuple[Encoded, str | None]] = field(default_factory=dict)
    labels: dict[str, tuple[str, bool]] = field(default_factory=dict)
    events: list[tuple[str, str, str]] = field(default_factory=list)  # kind, step, text
    overdue: str = ""

    def clear(self) -> None:
        self.values.clear()
        self.labels.clear()
        self.events.clear()
        self.overdue = ""


@dataclass(slots=True)
class After:
    """What the dispatcher does next. state `running`: the same run goes on at `run.step`."""

    state: State
    run: Run
    reload: bool = False  # a signal changed values
    started: list[tuple[Run, dict[str, Value] | None]] = field(default_factory=list)
    woken: bool = False
    due_at: int | None = None


def write_draft(conn: Connection, run_: Run, draft: Draft, now: int) -> bool:
    """Whether its labels woke a run that waits for one with them."""
    woken = False
    for name, (encoded, blob) in draft.values.items():
        journal.put_value(conn, run_.seq, name, encoded, blob, now)
    if draft.labels:
        journal.put_labels(conn, run_.seq, draft.labels)
        plain = {name: text for name, (text, _) in draft.labels.items()}
        woken = signals.wake_waiters(conn, run_.route, plain, now)
    for kind, step, text in draft.events:
        journal.add_event(conn, run_.seq, None, now, kind, step, text=text)
    if draft.overdue and _OVERDUE.one(conn, run=run_.seq, step=run_.step) is None:
        journal.add_event(conn, run_.seq, None, now, "overdue", run_.step, code="WB-2014", text=draft.overdue)
        journal.add_attention(
            conn, "overdue", now, "WB-2014", draft.overdue, run=run_.seq, route=run_.route, step=run_.step,
            message_id=run_.message_id,
        )  # fmt: skip
    return woken


def settle(
    conn: Connection, run_: Run, route: Route, draft: Draft, outcome: Outcome, onward: str | None, room: int, now: int
) -> After:
    """Write the outcome of `run_.step`. onward: the step after it (None: the end). room: children to start now."""
    row = journal.state_of(conn, run_.seq)
    if row["state"] != State.RUNNING:
        return After(State(row["state"]), run_)
    woken = write_draft(conn, run_, draft, now)
    for end in getattr(outcome, "effects", ()):
        ledger.end(conn, run_, end, now)
    journal.at_step(conn, run_, now)
    row = journal.state_of(conn, run_.seq)
    came = signals.take(conn, run_, route, now)
    if came.cancel:
        signals.cancel(conn, row, now, came.source)
        return After(State.CANCELLED, run_, woken=woken or bool(row["order_held"]))
    after = _write(conn, row, run_, route, outcome, onward, room, now)
    after.reload = came.changed
    after.woken |= woken
    if row["order_held"]:
        _let_go(conn, run_, route, after, now)
    if after.state is State.WAITING and came.woken and not isinstance(outcome, Split):
        journal.move(conn, journal.state_of(conn, run_.seq), State.READY, now)
        return After(State.READY, run_, woken=True)
    return after


def _let_go(conn: Connection, run_: Run, route: Route, after: After, now: int) -> None:
    """Those behind this run go on, when it has come far enough."""
    row = journal.state_of(conn, run_.seq)
    order.settled(conn, row, route, now)
    if not journal.state_of(conn, run_.seq)["order_held"]:
        after.woken = True
        after.run = replace(after.run, ordered=False)


def _write(
    conn: Connection, row: Row, run_: Run, route: Route, outcome: Outcome, onward: str | None, room: int, now: int
) -> After:
    match outcome:
        case Next():
            journal.add_event(conn, run_.seq, None, now, "done", run_.step, text=outcome.note)
            return _go_on(conn, row, run_, route, onward, now)
        case Wait():
            return _wait(conn, row, run_, route, outcome, now)
        case Jump():
            return _jump(conn, row, run_, route, outcome, now)
        case Split():
            return _split(conn, row, run_, route, outcome, onward, room, now)
        case Stop():
            return _stop(conn, row, run_, outcome, now)


def _go_on(conn: Connection, row: Row, run_: Run, route: Route, onward: str | None, now: int) -> After:
    if route.step(run_.step).verb in ("wait", "sign", "signal"):
        journal.drop_wait(conn, run_.seq)
    if onward is None:
        journal.move(conn, row, State.DONE, now)
        journal.add_event(conn, run_.seq, None, now, "ended", run_.step)
        return After(State.DONE, run_)
    status = route.step(onward).status or run_.status
    journal.following(conn, run_.seq, onward, status, now)
    return After(State.RUNNING, replace(run_, step=onward, status=status, attempts=1, first_try_at=now))


def _wait(conn: Connection, row: Row, run_: Run, route: Route, outcome: Wait, now: int) -> After:
    into = route.step(run_.step).into
    if isinstance(outcome.registered, FileWait) and (
        _HAS_VALUE.one(conn, run=run_.seq, name=into)
        or filebook.take_seen(conn, run_.seq, run_.step, into, outcome.registered, now)
    ):
        # The file came while the step was being performed, or before the run came to wait for it.
        journal.move(conn, row, State.READY, now)
        return After(State.READY, run_, woken=True)
    if isinstance(outcome.registered, SignalWait) and _target_came(conn, outcome.registered):
        journal.move(conn, row, State.READY, now)
        return After(State.READY, run_, woken=True)
    if isinstance(outcome.registered, PauseWait) and not pauses.is_marked(
        conn, "connection", outcome.registered.connection
    ):  # it was opened again since the step met it
        journal.move(conn, row, State.READY, now)
        return After(State.READY, run_, woken=True)
    journal.move(
        conn, row, State.WAITING, now, due_at=outcome.due_at, waits_for=outcome.waits_for, code=outcome.code,
        reason=outcome.note, since=row["since"] if row["waits_for"] == outcome.waits_for else now,
    )  # fmt: skip
    if outcome.registered is not None:
        _arm(conn, run_, outcome, into, now)
    if isinstance(outcome.registered, PlainWait) and outcome.registered.ask and row["waits_for"] != outcome.waits_for:
        journal.add_attention(
            conn, "person", now, ASKED, outcome.registered.ask, run=run_.seq, route=run_.route, step=run_.step,
            message_id=run_.message_id,
        )  # fmt: skip
    if row["waits_for"] != outcome.waits_for:
        text = f"{outcome.waits_for}: {outcome.note}" if outcome.note else outcome.waits_for
        journal.add_event(conn, run_.seq, None, now, "waits", run_.step, code=outcome.code, text=text)
    return After(State.WAITING, run_, due_at=outcome.due_at)


def _target_came(conn: Connection, registered: SignalWait) -> bool:
    """The run that is waited for was created since the step looked."""
    return bool(signals.find(conn, registered.match["route"], registered.match["labels"]))


def _arm(conn: Connection, run_: Run, outcome: Wait, into: str, now: int) -> None:
    registered = outcome.registered
    columns: dict[str, Any] = {
        "connection": None, "folder": None, "pattern": None, "match": None, "match_key": None
    }  # fmt: skip
    match registered:
        case FileWait():
            kind = "file"
            columns.update(
                connection=registered.connection, folder=registered.folder, pattern=registered.pattern,
                match=signals.as_json({"after": registered.after, "into": into, "any": registered.any_kind}),
            )  # fmt: skip
        case SignWait():
            kind = "sign"
            columns.update(match=signals.as_json(registered.match))
        case SignalWait():
            kind = "signal"
            columns.update(match=signals.as_json(registered.match), match_key=registered.keys[0])
        case PlainWait():
            kind = registered.kind
            columns.update(match=signals.as_json({"into": into, **registered.match}))
        case _:
            return
    since = run_.first_try_at or now
    _ARM.run(conn, run=run_.seq, kind=kind, step=run_.step, armed_at=since, until_at=outcome.until_at, **columns)


def _jump(conn: Connection, row: Row, run_: Run, route: Route, outcome: Jump, now: int) -> After:
    ids = [step.id for step in route.steps]
    back = ids.index(outcome.step) <= ids.index(run_.step)
    generation = run_.generation + 1 if back else run_.generation
    if generation > MOST_JUMPS:
        reason = f"jumped back {MOST_JUMPS} times; the last reason: {outcome.reason}"
        return _stop(conn, row, run_, Stop("held", "WB-2016", reason), now)
    # What the steps from there on left belongs to the old generation; the history and the blobs stay.
    journal.drop_wait(conn, run_.seq)
    left = [step.into for step in route.steps[ids.index(outcome.step) :]]
    journal.drop_values(conn, run_.seq, [*left, sign_jobs.REFUSAL])
    status = route.step(outcome.step).status or run_.status
    journal.move(
        conn, row, State.READY, now, step=outcome.step, status=status, generation=generation, attempts=0,
        first_try_at=now, waits_for="", code="", reason=outcome.reason,
    )  # fmt: skip
    journal.add_event(conn, run_.seq, None, now, "jumped", outcome.step, text=outcome.reason)
    return After(State.READY, run_, woken=True)


def _split(
    conn: Connection, row: Row, run_: Run, route: Route, outcome: Split, onward: str | None, room: int, now: int
) -> After:
    if onward is None:
        raise AssertionError("lint refuses a split as the last step")
    after = After(State.WAITING, run_)
    opened = 0
    for child in outcome.children:
        opened += _add_child(conn, run_, route, child, onward, after, room, outcome.meta, now)
    count = len(outcome.children)
    _CHILDREN.run(conn, key=run_.seq, all=count, open=opened)
    journal.move(conn, row, State.WAITING, now, status=None, waits_for=f"{count} parts")
    journal.add_event(conn, run_.seq, None, now, "split", run_.step, text=f"{count} parts")
    if opened == 0:
        journal.move(conn, journal.state_of(conn, run_.seq), State.DONE, now)
        return replace(after, state=State.DONE)
    return after


def _add_child(
    conn: Connection, run_: Run, route: Route, child: Child, onward: str, after: After, room: int, meta: Value,
    now: int,
) -> int:  # fmt: skip
    """1 when the child is open (to be waited for), 0 when it is a repeat that ended at once."""
    phi = {entry.name: entry.phi for entry in route.labels}
    first = _FIRST_CHILD.one(conn, route=run_.route, child_key=child.key, not_seq=0) if child.key else None
    fresh = first is None
    state = (State.RUNNING if len(after.started) < room else State.READY) if fresh else State.HELD
    status = route.step(onward).status or route.step(run_.step).status
    key = order.key_of(route.name, child.order) if fresh else None
    ahead = order.ahead(conn, key) if key else ""
    if ahead:
        state = State.WAITING
    new = journal.NewRun(
        run_.message_id, run_.route, run_.revision, onward, status, state,
        {name: (text, phi.get(name, False)) for name, text in child.labels.items()},
        parent=run_.seq, root=run_.root, child_key=child.key, child_digest=child.digest, part=encode(child.part),
        part_blob=child.blob, order_key=key, waits_for=f"{order.BEHIND}{ahead}" if ahead else "",
    )  # fmt: skip
    born = journal.create(conn, new, now)
    if first is None:
        if state is State.RUNNING:
            after.started.append((born, {"body": child.part, "meta": meta}))
        after.woken |= signals.wake_waiters(conn, run_.route, child.labels, now) or state is State.READY
        return 1
    return _repeated(conn, born, first, child.digest, now)


def _repeated(conn: Connection, born: Run, first: Row, digest: str, now: int) -> int:
    row = journal.state_of(conn, born.seq)
    if first["child_digest"] == digest:
        text = f"repeat of {first['id']}"
        conn.exec_driver_sql(
            "UPDATE run SET state = 'filtered', ended_at = ?, reason = ? WHERE seq = ?", (now, text, born.seq)
        )
        journal.add_event(conn, born.seq, None, now, "filtered", row["step"], text=text)
        return 0
    reason = "an earlier part has the same identity and other content"
    conn.exec_driver_sql("UPDATE run SET code = 'WB-1008', reason = ? WHERE seq = ?", (reason, born.seq))
    journal.add_event(conn, born.seq, None, now, "held", row["step"], code="WB-1008", text=f"first: {first['id']}")
    journal.add_attention(
        conn, "update", now, "WB-1008", reason, run=born.seq, route=born.route, step=born.step,
        message_id=born.message_id,
    )  # fmt: skip
    return 1


def _stop(conn: Connection, row: Row, run_: Run, outcome: Stop, now: int) -> After:
    state = State(outcome.state)
    journal.move(conn, row, state, now, code=outcome.code, reason=outcome.reason, waits_for="")
    journal.add_event(conn, run_.seq, None, now, str(state), run_.step, code=outcome.code, text=outcome.reason)
    if state in (State.DEAD, State.HELD):
        journal.close_attention(conn, run_.seq, now, "", "again")
        journal.add_attention(
            conn, outcome.kind or str(state), now, outcome.code, outcome.reason, run=run_.seq, route=run_.route,
            step=run_.step, message_id=run_.message_id,
        )  # fmt: skip
    return After(state, run_)
