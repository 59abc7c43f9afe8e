"""The same act on many runs: first what it would do, then piece by piece. `piece` is a writer function.

Runs are gone through by number, downwards from the newest at the beginning: runs that the act itself makes are never
reached, and a piece that was cut off is repeated without doing anything twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from engine.message import Refused
from engine.ops import resend, runs, search, texts
from engine.ops.filters import BAD_FILTER, Filter, read_filter
from engine.ops.read_audit import record
from engine.runtime import order
from engine.runtime.states import FINAL, State
from engine.store.clock import now_ms
from engine.store.schema import effect, run

ACTS = ("piece", "begun")

KINDS = ("retry", "retry_from", "resend", "cancel")
PIECE = 100
"""Runs in one writer operation at most."""
SEEN = 10_000
"""A preview looks at so many runs; of more it says so."""
EXAMPLES = 5
TOLD = 50
"""Refusals of a piece that are told one by one."""


@dataclass(frozen=True, slots=True)
class Again:
    """Effects that are there and will be made once more."""

    step: str
    connection: str
    operation: str
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """runs: what fits the filter; able: those that the act would change. `top`: where the first piece begins."""

    act: str
    runs: int
    able: int
    all_seen: bool
    groups: list[dict[str, Any]]
    again: list[Again]
    examples: list[str]
    top: int


@dataclass(slots=True)
class _Sum:
    able: list[int] = field(default_factory=list)
    groups: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    again: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


def preview(
    conn: Connection, act: str, where: Mapping[str, Any], step: str = "", *, names: bool = False
) -> dict[str, Any]:
    """What the act would do: counts by route and state, effects that are made again, some ids."""
    wanted, below, total, seen = _asked(act, where, step), None, 0, _Sum()
    top = (conn.execute(select(func.max(run.c.seq))).scalar() or 0) + 1
    while total < SEEN:
        seqs, below = search.run_seqs(conn, wanted, below, search.MOST, names=names)
        total += len(seqs)
        _add(conn, seen, act, seqs, step)
        if below is None:
            break
    groups = [
        {"route": route, "state": state, "able": able, "count": count}
        for (route, state, able), count in sorted(seen.groups.items())
    ]
    again = [Again(*of, count) for of, count in sorted(seen.again.items())]
    return asdict(Preview(act, total, len(seen.able), below is None, groups, again, seen.examples, top))


def piece(
    conn: Connection,
    act: str,
    where: Mapping[str, Any],
    below: int,
    began: int,
    user: str,
    note: str = "",
    step: str = "",
    names: bool = False,
    limit: int = PIECE,
    origin: str = "",
) -> dict[str, Any]:
    """Do the act to the next runs below a number. `next` is the following piece's `below`, None at the end.

    began: when the whole act began (UTC ms): a run that was resent since then is not resent again.
    """
    wanted = _asked(act, where, step)
    seqs, onward = search.run_seqs(conn, wanted, below, max(1, min(limit, PIECE)), names=names)
    if act == "resend":
        seqs = _not_resent(conn, seqs, began)
    done, refused, reasons = 0, list[dict[str, str]](), Counter[str]()
    for seq in seqs:
        row = conn.execute(select(run.c.id).where(run.c.seq == seq)).one()
        try:
            _act(conn, act, row.id, user, note, step, origin)
            done += 1
        except Refused as why:
            refused.append({"id": row.id, "code": why.code, "reason": why.reason})
            reasons[f"{why.code} {why.reason}"] += 1
    return {"done": done, "refused": refused[:TOLD], "reasons": dict(reasons), "seen": len(seqs), "next": onward}


def begun(conn: Connection, act: str, where: Mapping[str, Any], user: str, step: str = "", origin: str = "") -> int:
    """Write down that somebody does this to many; when it began."""
    wanted, now = _asked(act, where, step), now_ms()
    record(conn, now, user, f"runs.{act}", subject=wanted.words(), origin=origin)
    return now


def _asked(act: str, where: Mapping[str, Any], step: str) -> Filter:
    if act not in KINDS:
        raise Refused(BAD_FILTER, f"the acts are {', '.join(KINDS)}")
    if (act == "retry_from") != bool(step):
        raise Refused(BAD_FILTER, "a step goes with retry from a step, and only with it")
    wanted = read_filter(where)
    if wanted == Filter():
        raise Refused(BAD_FILTER, "say which runs: nothing is done to all of them")
    return wanted


def _act(conn: Connection, act: str, run_id: str, user: str, note: str, step: str, origin: str) -> None:
    match act:
        case "retry":
            runs.retry(conn, run_id, user, note, origin)
        case "cancel":
            runs.cancel(conn, run_id, user, note, origin)
        case "resend":
            resend.as_is(conn, run_id, user, note, origin)
        case _:
            resend.retry_from(conn, run_id, step, user, note, origin)


def _not_resent(conn: Connection, seqs: list[int], began: int) -> list[int]:
    query = select(run.c.origin).where(run.c.origin.in_(seqs), run.c.created_at >= began)
    resent = set(conn.execute(query).scalars())
    return [seq for seq in seqs if seq not in resent]


def _add(conn: Connection, seen: _Sum, act: str, seqs: list[int], step: str) -> None:
    doubts = _with_doubt(conn, seqs)
    columns = (run.c.seq, run.c.id, run.c.route, run.c.revision, run.c.state, run.c.step, run.c.generation,
               run.c.children, run.c.open_children, run.c.due_at, run.c.waits_for)  # fmt: skip
    able: list[Any] = []
    for row in conn.execute(select(*columns).where(run.c.seq.in_(seqs)).order_by(run.c.seq.desc())):
        fits = _able(act, row, row.seq in doubts)
        seen.groups[row.route, row.state, fits] += 1
        if fits:
            able.append(row)
    seen.able += [row.seq for row in able]
    seen.examples += [row.id for row in able[: EXAMPLES - len(seen.examples)]]
    if act in ("resend", "retry_from"):
        _count_again(conn, seen, able, step if act == "retry_from" else "")


def _able(act: str, row: Any, doubt: bool) -> bool:
    """As the acts decide, as far as a row tells; each decides again."""
    state = State(row.state)
    stuck = state in (State.DEAD, State.HELD)
    match act:
        case "cancel":
            return state not in FINAL and state is not State.RUNNING and not row.open_children
        case "retry":
            return not doubt and (stuck or (state is State.WAITING and row.due_at is not None))
        case "retry_from":
            return not doubt and not row.children and (stuck or (state is State.WAITING and not _behind(row)))
        case _:
            return not doubt and not row.children and (stuck or state in FINAL)


def _behind(row: Any) -> bool:
    return str(row.waits_for).startswith(order.BEHIND)


def _with_doubt(conn: Connection, seqs: list[int]) -> set[int]:
    return set(conn.execute(select(effect.c.run).where(effect.c.run.in_(seqs), effect.c.state == "doubt")).scalars())


def _count_again(conn: Connection, seen: _Sum, rows: list[Any], step: str) -> None:
    """Effects of these runs that were done; with a step only those from it on."""
    later = {row.seq: _steps_from(conn, row, step) for row in rows} if step else {}
    query = select(effect.c.run, effect.c.step, effect.c.connection, effect.c.operation).where(
        effect.c.run.in_([row.seq for row in rows]), effect.c.state.in_(["done", "arrived"])
    )
    for one in conn.execute(query):
        if not step or one.step in later[one.run]:
            seen.again[one.step, one.connection, one.operation] += 1


def _steps_from(conn: Connection, row: Any, step: str) -> set[str]:
    try:
        route = texts.of_run(conn, row.route, row.revision)
        return {one.id for one in route.steps[route.index(step) :]}
    except Refused:
        return set()
