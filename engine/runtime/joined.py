"""What most runs write on their way, as rows that the writer joins with those of other runs.

Only a run that has been in memory since it was created, and whose step ended as planned, comes here: it has no wait, no
entry in Attention and no earlier attempt that would have to be looked at. A signal that reached it, or a move by
somebody else, shows as a row that the guarded update does not find; then each is written alone, by the same functions
as every other outcome.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from engine.frozen import frozen
from engine.runtime import journal, ledger
from engine.runtime.bundles import ENDED
from engine.runtime.outcome import EffectEnd, Next, Run
from engine.runtime.settle import After, Draft, settle, write_draft
from engine.runtime.states import State
from engine.site.model import Route
from engine.store.schema import run
from engine.store.sheet import Sheet
from engine.store.sql import Rows
from engine.store.writer import Apart, Joined

_GIVEN = ("key", "step", "status", "at")
_RUNNING = "run.seq = given.key AND run.state = 'running'"
_NO_SIGNAL = "NOT EXISTS (SELECT 1 FROM signal WHERE signal.run = given.key AND signal.applied_at IS NULL)"
_TO_STEP = (
    "step = given.step, status = given.status, attempts = 1, starts = 0, since = given.at, first_try_at = given.at"
)
_AT_STEP = Rows.update(run, _GIVEN, _TO_STEP, _RUNNING)
_FOLLOWING = Rows.update(run, _GIVEN, _TO_STEP, f"{_RUNNING} AND {_NO_SIGNAL}")
NO_EFFECT = EffectEnd("", "")
_NO_VALUE = (None, None, None, None)

Event = tuple[int | None, str | None, int, str, str, str, str, str]
Kept = tuple[int, str, str, bytes | None, str | None, int]
Moved = tuple[int, str, str | None, int]


@frozen
class Intending:
    """An effect that is about to be made, with what the steps before it left."""

    run: Run
    draft: Draft
    intent: ledger.Intent
    at: int


@frozen
class Settling:
    """A step that is done. onward: the step after it, None at the end."""

    run: Run
    route: Route
    draft: Draft
    outcome: Next
    onward: str | None
    room: int
    now: int


def may_intend(item: Intending) -> bool:
    """Whether it is as the module says."""
    return item.run.fresh and item.run.attempts == 1 and item.intent.owns is None and not item.draft.labels


def may_settle(run_: Run, draft: Draft, outcome: Any, route: Route, onward: str | None) -> bool:
    """Whether it is as the module says."""
    if not (run_.fresh and isinstance(outcome, Next)) or run_.ordered or draft.labels or draft.overdue:
        return False
    if onward is None and (run_.parent is not None or route.receive.reply_when != "stored"):
        return False
    return route.step(run_.step).verb not in ("wait", "sign", "signal", "split")


def intend_alone(conn: Connection, item: Intending) -> tuple[ledger.Entry, bool]:
    """The entry of the ledger, and whether labels that were written woke a run."""
    woken = write_draft(conn, item.run, item.draft, item.at)
    journal.at_step(conn, item.run, item.at)
    return ledger.intend(conn, item.run, item.intent, item.at), woken


def _collect_intents(_conn: Connection, items: list[Intending], sheet: Sheet) -> list[tuple[ledger.Entry, bool]]:
    events: list[Event] = []
    values: list[Kept] = []
    for item in items:
        _drafted(item.run, item.draft, item.at, events, values)

    def write(conn: Connection) -> None:
        journal.add_drafted(conn, events, values)
        if _AT_STEP.run(conn, [(i.run.seq, i.run.step, i.run.status, i.at) for i in items]) != len(items):
            raise Apart
        ledger.intend_many(conn, [(item.run, item.intent, item.at) for item in items])

    sheet.call(write)
    return [(ledger.Entry(item.intent.key, "fresh", item.at, 1), False) for item in items]


def settle_alone(conn: Connection, item: Settling) -> After:
    return settle(conn, item.run, item.route, item.draft, item.outcome, item.onward, item.room, item.now)


def _collect_ends(_conn: Connection, items: list[Settling], sheet: Sheet) -> list[After]:
    events: list[Event] = []
    values: list[Kept] = []
    ended: list[tuple[Any, ...]] = []
    following: list[Moved] = []
    effects: list[tuple[Run, EffectEnd, int]] = []
    results = []
    for item in items:
        seq, now = item.run.seq, item.now
        _drafted(item.run, item.draft, now, events, values)
        if item.onward is None:
            ended.append(_ended(item, values, effects))
            results.append(After(State.DONE, item.run))
            continue
        events.append((seq, None, now, "done", item.run.step, "", item.outcome.note[:1000], ""))
        status = item.route.step(item.onward).status or item.run.status
        following.append((seq, item.onward, status, now))
        effects += [(item.run, end, now) for end in item.outcome.effects]
        results.append(After(State.RUNNING, item.run.at_step(item.onward, status, now)))
    if events or values:
        sheet.call(lambda conn: journal.add_drafted(conn, events, values))
    sheet.rows(ENDED, ended)  # a run that was moved, or that a signal reached, raises
    if following or effects:
        sheet.call(lambda conn: _follow(conn, following, effects))
    return results


def _follow(conn: Connection, following: list[Moved], effects: list[tuple[Run, EffectEnd, int]]) -> None:
    if _FOLLOWING.run(conn, following) != len(following):
        raise Apart
    ledger.end_many(conn, effects)


def _ended(item: Settling, values: list[Kept], effects: list[tuple[Run, EffectEnd, int]]) -> tuple[Any, ...]:
    """A row of `ENDED`; takes its value from the last of `values`, and leaves the effects for which it has no room."""
    run_, outcome, now = item.run, item.outcome, item.now
    end = outcome.effects[0] if outcome.effects else NO_EFFECT
    effects += [(run_, more, now) for more in outcome.effects[1:]]
    kept = values.pop()[1:5] if item.draft.values else _NO_VALUE
    return (
        run_.seq, run_.root, run_.step, run_.status, now, outcome.note[:1000], end.key, end.state, end.code,
        end.reason[:500], *kept,
    )  # fmt: skip


def _drafted(run_: Run, draft: Draft, now: int, events: list[Event], values: list[Kept]) -> None:
    seq = run_.seq
    for name, ((kind, data), blob) in draft.values.items():
        values.append((seq, name, kind, None if blob else data, blob, now))
    for kind, step, text in draft.events:
        events.append((seq, None, now, kind, step, "", text[:1000], ""))


INTEND = Joined(_collect_intents, intend_alone)
SETTLE = Joined(_collect_ends, settle_alone)
