"""`signal`: set, cancel or wake the runs of a route that have certain labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from engine.message import Refused
from engine.runtime import journal, signals
from engine.runtime.context import Context
from engine.runtime.outcome import Next, Outcome, SignalWait, Wait
from engine.runtime.values import encode
from engine.site.paths import Template
from engine.site.settings import Duration, option
from engine.steps._timeout import OnTimeout, time_over, until_of
from engine.steps.set import as_text

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Settings:
    """Its value is a list of `{run, status, done}`; the first one's run and status are also `run` and `status`."""

    route: str = option("the route whose runs are meant")
    labels: dict[str, Template] = option("labels that a run must have, all of them")
    do: Literal["set", "cancel", "wake"] = option("what happens to them")
    values: dict[str, Template] = option("for set: values by name, or texts by slash path into a value", {})
    set_labels: dict[str, Template] = option("for set: labels", {})
    if_none: Literal["wait", "done"] = option("when there is no such run (yet)", "wait")
    until: Duration | None = option("how long to wait for one", None)
    on_timeout: OnTimeout | None = option("what follows when the time is over", None)


async def perform(settings: Settings, context: Context) -> Outcome:
    """Found runs get the signal in one commit with this step's value, so that a crash does not send it twice.

    When there is none, the settle that registers the waiter looks once more: none is missed in between.
    """
    done = (await context.values()).get(context.step.into)
    if isinstance(done, dict):
        return Next(note="the signal was given")
    labels = {n: as_text(n, v) for n, v in (await context.evaluate(settings.labels)).items()}
    if not labels or not all(labels.values()):
        raise Refused("WB-2013", "a signal needs labels with values")
    values = await context.evaluate(settings.values)
    new_labels = {n: as_text(n, v) for n, v in (await context.evaluate(settings.set_labels)).items()}
    what = signals.Signal(settings.do, values, new_labels, f"by {context.route.name}", labels)
    found = await context.runtime.store.write(lambda conn: _give(conn, settings, context, labels, what))
    if not found and settings.if_none == "wait":
        return _wait(settings, context, labels)
    context.runtime.poke()
    return Next(_value(found))


def _give(
    conn: Connection, settings: Settings, context: Context, labels: dict[str, str], what: signals.Signal
) -> list[signals.Found]:
    now, run = context.now(), context.run
    rows = signals.find(conn, settings.route, labels)
    found = signals.deliver(conn, run, rows, what, context.runtime.known_route, now)
    for hit in found:
        journal.add_event(conn, run.seq, None, now, "signal", run.step, text=f"{settings.do} {hit.run}: {hit.done}")
    if found:
        journal.put_value(conn, run.seq, context.step.into, encode(_value(found)), None, now)
    return found


def _value(found: list[signals.Found]) -> dict[str, Any]:
    listed = [{"run": hit.run, "status": hit.status, "done": hit.done} for hit in found]
    first = listed[0] if listed else {"run": "", "status": "", "done": "nobody"}
    return {**first, "all": listed}


def _wait(settings: Settings, context: Context, labels: dict[str, str]) -> Outcome:
    keys = signals.match_keys(settings.route, labels)
    until = until_of(settings.until, context)
    late = until is not None and context.now() >= until
    what = f"a run of {settings.route}"
    over = time_over(settings.on_timeout, context, what) if late else None
    registered = SignalWait({"route": settings.route, "labels": labels}, keys)
    return over if over is not None else Wait(what, None if late else until, until, registered)
