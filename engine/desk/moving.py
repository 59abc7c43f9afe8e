"""Moving runs to another revision or step: first a preview, then one commit for each run. Writer functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.message import Refused
from engine.runtime import journal, order, sign_jobs
from engine.runtime.states import State
from engine.site.conditions import Condition
from engine.site.model import Route, Step
from engine.site.nodes import Map
from engine.site.paths import Template
from engine.site.walk import leaves
from engine.store.schema import effect, run
from engine.store.sql import Row, Statement

P = bindparam
MOST = 1000
"""Runs that one command moves at most."""
MOVED = (State.READY, State.WAITING, State.HELD, State.DEAD)
GIVEN = ("body", "meta", "run", "values", "labels", "answer")

Routes = Callable[[str, str], Route | None]

_BY_ID = Statement(select(run).where(run.c.id == P("id")))
_OF_ROUTE = Statement(
    select(run).where(run.c.route == P("route"), run.c.ended_at.is_(None)).order_by(run.c.seq).limit(MOST + 1)
)
_DOUBT = Statement(
    select(effect.c.key).where(
        effect.c.run == P("run"), effect.c.step == P("step"), effect.c.state.in_(["doubt", "intended"])
    )
)


@dataclass(frozen=True, slots=True)
class Which:
    """runs: ids. label: `name=value`. route: all its unfinished runs. revision_of: only those on this revision."""

    runs: tuple[str, ...] = ()
    label: str = ""
    route: str = ""
    on: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """One run's. problem: why it is not moved; empty when it is."""

    run: str
    route: str
    state: str
    from_step: str
    from_revision: str
    to_step: str
    to_revision: str
    again: bool = False
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def find(conn: Connection, which: Which) -> list[Row]:
    """The runs that are meant; `Refused` when they are too many, or one is not there."""
    if which.runs:
        found = [_BY_ID.one(conn, id=name) for name in which.runs]
        if None in found:
            raise Refused("WB-7302", "there is no such run")
        rows = [row for row in found if row is not None]
    elif which.label:
        rows = _labelled(conn, which.label)
    else:
        rows = _OF_ROUTE.all(conn, route=which.route)
    rows = [row for row in rows if which.route in ("", row["route"]) and row["revision"].startswith(which.on)]
    if len(rows) > MOST:
        raise Refused("WB-7210", f"more than {MOST} runs: name a label, or the revision that they are on")
    return rows


def _labelled(conn: Connection, label: str) -> list[Row]:
    name, _, text = label.partition("=")
    sql = (
        "SELECT run.* FROM label JOIN run ON run.seq = label.run WHERE label.name = ? AND label.value = ?"
        " AND run.ended_at IS NULL ORDER BY run.seq LIMIT ?"
    )
    return list(conn.exec_driver_sql(sql, (name, text, MOST + 1)).mappings())  # type: ignore[arg-type]


def preview(conn: Connection, row: Row, to: Route, step: str, routes: Routes) -> Move:
    """What would become of one run. step: empty for the one that it stands at."""
    wanted = step or row["step"] or ""
    problem = _problem(conn, row, to, wanted, routes)
    back = not problem and _goes_back(row, to, wanted, routes)
    return Move(
        row["id"], row["route"], row["state"], row["step"] or "", row["revision"], wanted, to.revision, back, problem
    )


def _problem(conn: Connection, row: Row, to: Route, wanted: str, routes: Routes) -> str:
    ids = [step.id for step in to.steps]
    if row["route"] != to.name:
        return f"it is a run of {row['route']}"
    if State(row["state"]) not in MOVED:
        return f"a run that is {row['state']} is not moved"
    if order.waits_behind(row):
        return f"it waits {row['waits_for']}: release that one"
    if row["children"]:
        return "it has parts: move these"
    if wanted not in ids:
        return f"the revision {to.revision[:12]} has no step {wanted}"
    if row["revision"] == to.revision and row["step"] == wanted:
        return "it stands there already"
    if _DOUBT.one(conn, run=row["seq"], step=row["step"]) is not None:
        return "its effect is in doubt: answer that first"
    if row["parent"] is not None and ids.index(wanted) <= _last_split(to):
        return "a part of a split cannot go to the split or before it"
    missing = sorted(needed(to, wanted) - _kept(conn, row))
    return f"it lacks the value {missing[0]}, which step {_user(to, wanted, missing[0])} needs" if missing else ""


def _last_split(route: Route) -> int:
    return max((index for index, step in enumerate(route.steps) if step.verb == "split"), default=-1)


def _kept(conn: Connection, row: Row) -> set[str]:
    return {value["name"] for value in journal.values_of(conn, row["seq"])} | set(GIVEN)


def needed(route: Route, start: str) -> set[str]:
    """Values that steps from `start` on read and no step from there on makes before."""
    made: set[str] = set()
    lacking: set[str] = set()
    for step in route.steps[route.index(start) :]:
        lacking |= _read(step) - made
        made |= {step.into, *_sets(step)}
    return lacking


def _user(route: Route, start: str, name: str) -> str:
    return next(step.id for step in route.steps[route.index(start) :] if name in _read(step))


def _read(step: Step) -> set[str]:
    """The values that a step reads."""
    found: set[str] = set()
    for _, value in leaves([step.settings, step.when]):
        if isinstance(value, Template):
            found |= set(value.names)
        elif isinstance(value, Condition):
            found |= {name for template in value.templates() for name in template.names}
    return found


def _sets(step: Step) -> Iterable[str]:
    body = step.source.get(step.verb)
    values = body.get("values") if step.verb == "set" and isinstance(body, Map) else None
    return values if isinstance(values, Map) else ()


def _goes_back(row: Row, to: Route, wanted: str, routes: Routes) -> bool:
    """To an earlier step, or to one that it has passed: its effects there are new ones."""
    ids = [step.id for step in to.steps]
    if row["step"] in ids:
        return ids.index(wanted) < ids.index(row["step"])
    old = routes(row["route"], row["revision"])
    passed = [step.id for step in old.steps[: old.index(row["step"])]] if old is not None and _has(old, row) else ids
    return wanted in passed


def _has(route: Route, row: Row) -> bool:
    return any(step.id == row["step"] for step in route.steps)


def apply(conn: Connection, planned: Move, to: Route, routes: Routes, by: str, note: str, now: int) -> str:
    """Move one run; what is against it now, or empty."""
    row = _BY_ID.one(conn, id=planned.run)
    assert row is not None, "runs are not deleted while they are unfinished"
    fresh = preview(conn, row, to, planned.to_step, routes)
    if fresh.problem:
        return fresh.problem
    seq, step = row["seq"], to.step(planned.to_step)
    if fresh.again:
        left = [other.into for other in to.steps[to.index(step.id) :]]
        journal.drop_values(conn, seq, [*left, sign_jobs.REFUSAL])
    if row["step"] != step.id:
        sign_jobs.cancel(conn, seq, "the run was moved to another step", now)
    journal.drop_wait(conn, seq)
    conn.exec_driver_sql("UPDATE run SET revision = ? WHERE seq = ?", (to.revision, seq))
    columns: dict[str, Any] = {
        "step": step.id, "status": step.status or row["status"], "attempts": 1, "first_try_at": now,
        "generation": row["generation"] + int(fresh.again), "waits_for": "", "code": "", "reason": "",
    }  # fmt: skip
    if row["state"] == State.READY:
        names = ", ".join(f"{name} = ?" for name in columns)
        conn.exec_driver_sql(f"UPDATE run SET {names} WHERE seq = ?", (*columns.values(), seq))  # noqa: S608 - our names
    else:
        journal.move(conn, row, State.READY, now, **columns)
        journal.close_attention(conn, seq, now, by, "moved")
    text = f"moved from {fresh.from_step} of {fresh.from_revision[:12]} to {to.revision[:12]}"
    journal.add_event(conn, seq, None, now, "moved", step.id, text=f"{text}: {note}" if note else text, user=by)
    return ""
