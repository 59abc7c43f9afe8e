"""One step on one message, for `waybill try`: what it would make, send or wait for. It has no effect anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from engine.message import Blob, Failure, Refused, Value
from engine.registry import Registry
from engine.runtime import ledger
from engine.runtime.context import Context
from engine.runtime.outcome import NOTHING, Jump, Next, Run, Split, Stop
from engine.runtime.runtime import Parts, Runtime
from engine.site.calls import CallSettings
from engine.site.conditions import Condition
from engine.site.model import Route, Site, Step
from engine.site.walk import inside, templates
from engine.store.blobs import Blobs
from engine.store.clock import now_ms
from engine.tasks import Tasks
from engine.testing.explain import pretty
from engine.threads import Pools
from engine.transform import reading
from engine.transform.pool import Pool

WRITES = "WB-7318"
"""A step asked for the store while it was only tried."""
NO_STEP = "WB-7319"
"""There is no such route, step, message or file, or several fit."""
PURE = ("transform", "set", "split", "stop", "choose")
"""Verbs that change nothing by being performed."""


@dataclass(frozen=True)
class Subject:
    """What the step is tried on. values: at least `body`, unless `raw` is still to be read. run: as it was stored."""

    values: dict[str, Value] = field(repr=False)
    raw: tuple[bytes, str] | None = field(default=None, repr=False)
    run: Run | None = None
    part: int = 1


@dataclass
class Tried:
    """What came of it. shown: title and text, in order. absent: values of earlier steps that are not here."""

    route: str
    step: str
    verb: str
    place: str
    when: bool | None = None
    shown: list[tuple[str, str]] = field(default_factory=list, repr=False)
    absent: list[str] = field(default_factory=list)
    error: str = ""
    seconds: float = 0.0


class TwoBlobs(Blobs):
    """Documents of the store, read only, and of the files that were named, in a folder that is thrown away."""

    def __init__(self, own: Path, stored: Path) -> None:
        super().__init__(own, durable=False)
        self._stored = Blobs(stored, durable=False)

    def path(self, blob: Blob) -> Path:
        """Where its bytes are."""
        own = super().path(blob)
        return own if own.is_file() else self._stored.path(blob)

    def read(self, blob: Blob) -> bytes:
        """As `Blobs.read`."""
        return super().read(blob) if super().path(blob).is_file() else self._stored.read(blob)


class _NoStore:
    """A try writes nothing, and what it knows it was given."""

    def write(self, *_: Any, **__: Any) -> Deferred[Any]:
        raise Refused(WRITES, "this step needs the store: it cannot be tried")

    read = write


@dataclass(frozen=True)
class Bench:
    """What tries share."""

    reactor: Any
    site: Site
    registry: Registry
    pool: Pool
    blobs: Blobs

    def runtime(self, tasks: Tasks, threads: Pools) -> Runtime:
        """An engine without a store and without sinks."""
        nothing: Any = _NoStore()
        return Runtime(
            Parts(self.reactor, self.site, nothing, self.blobs, threads, self.pool, tasks, self.registry.verb)
        )


async def attempt(bench: Bench, route: Route, step: Step, subject: Subject) -> Tried:
    """Try one step."""
    tried = Tried(route.name, step.id, step.verb, str(step.place))
    threads = Pools(bench.reactor)
    runtime = bench.runtime(Tasks(), threads)
    began = time.monotonic()
    try:
        context = Context(runtime, _run(route, step, subject), route, await _values(runtime, route, step, subject))
        began = time.monotonic()
        await _try(context, step, tried)
    except Failure as failure:
        tried.error = f"{failure.code} {failure.reason}"
    finally:
        threads.stop()
    tried.seconds = time.monotonic() - began
    return tried


async def _try(context: Context, step: Step, tried: Tried) -> None:
    tried.absent = [name for name in _before(context.route, step) if name not in await context.values()]
    if step.when is not None:
        tried.when = await context.holds(step.when)
    for condition in inside(step.settings, Condition):
        if step.verb == "choose":
            tried.shown.append(("a condition", "true" if await context.holds(condition) else "false"))
    show: dict[str, Callable[[Context, Step, Tried], Any]] = {"check": _check, "call": _calls, "wait": _calls}
    if step.verb in PURE:
        await _perform(context, step, tried)
    else:
        await show.get(step.verb, _templates)(context, step, tried)


async def _perform(context: Context, step: Step, tried: Tried) -> None:
    outcome = await context.runtime.verb(step.verb).perform(step.settings, context)
    match outcome:
        case Next():
            if outcome.value is not NOTHING:
                tried.shown.append((f"value {step.into}", pretty(outcome.value)))
            tried.shown += [(f"value {name}", pretty(value)) for name, value in outcome.values.items()]
            tried.shown += [(f"label {name}", text) for name, text in outcome.labels.items()]
        case Split():
            for number, child in enumerate(outcome.children, 1):
                labels = ", ".join(f"{name} = {text}" for name, text in child.labels.items())
                tried.shown.append((f"part {number}: {child.key or 'no identity'}; {labels}", pretty(child.part)))
        case Jump():
            tried.shown.append(("goes to", outcome.step))
        case Stop():
            tried.shown.append(("ends", f"{outcome.state}: {outcome.code} {outcome.reason}".rstrip()))
        case _:
            tried.shown.append(("answers", type(outcome).__name__))


async def _check(context: Context, step: Step, tried: Tried) -> None:
    """Every finding, where the step itself stops at the first."""
    value = (await context.values()).get(step.settings.value)
    findings = await context.job("engine.transform.jobs:check", str(step.settings.xsd), value)
    tried.shown += [(finding.code, finding.text()) for finding in findings] or [("good", "no finding")]
    if findings:
        tried.error = findings[0].line()


async def _calls(context: Context, step: Step, tried: Tried) -> None:
    """What would be sent."""
    calls = list(inside(step.settings, CallSettings))
    for call in calls:
        at = context.run.first_try_at or context.now()
        arguments = await context.arguments(call, at, ledger.effect_key(context.run, step.id))
        what = f"would be sent to {call.to}, operation {call.operation}"
        tried.shown.append((what, ""))
        tried.shown += [(f"  {name}", pretty(value)) for name, value in arguments.items() if value is not None]
    if not calls:
        await _templates(context, step, tried)


async def _templates(context: Context, step: Step, tried: Tried) -> None:
    """Each text of the step with its paths evaluated."""
    for name, template in templates(step.settings).items():
        tried.shown.append((name, pretty((await context.evaluate({name: template}))[name])))


def _before(route: Route, step: Step) -> list[str]:
    """Values that the steps before leave."""
    return [one.into for one in route.steps[: route.index(step.id)] if one.verb not in ("split", "set", "stop", "check",
            "choose")]  # fmt: skip


async def _values(runtime: Runtime, route: Route, step: Step, subject: Subject) -> dict[str, Value]:
    """The values that the step would find: given, stored, or made anew by those steps before that only compute."""
    values = dict(subject.values)
    if subject.raw is not None and "body" not in values:
        values["body"] = await _read(runtime, *subject.raw)
    values.setdefault("meta", {})
    if subject.run is None:
        for one in route.steps[: route.index(step.id)]:
            if one.verb in ("split", "transform", "set") and one.into not in values:
                await _compute(runtime, route, one, subject, values)
    return values


async def _read(runtime: Runtime, body: bytes, content_type: str) -> Value:
    """XML is read in a worker, as when it arrives."""
    if reading.kind_of(content_type)[0] != "xml":
        return reading.read(body, content_type)
    value: Value = await runtime.workers.run("engine.transform.reading:read", body, content_type)
    return value


async def _compute(runtime: Runtime, route: Route, one: Step, subject: Subject, values: dict[str, Value]) -> None:
    """What an earlier step makes of the same message. One that cannot is told as absent."""
    context = Context(runtime, _run(route, one, subject), route, values)
    try:
        if one.when is not None and not await context.holds(one.when):
            return
        outcome = await runtime.verb(one.verb).perform(one.settings, context)
    except Failure:
        return
    if isinstance(outcome, Split):
        values["body"] = outcome.children[min(subject.part, len(outcome.children)) - 1].part
    elif isinstance(outcome, Next):
        values |= outcome.values
        if outcome.value is not NOTHING:
            values[one.into] = outcome.value


def _run(route: Route, step: Step, subject: Subject) -> Run:
    """The stored run at this step, or one that nobody stored."""
    if subject.run is not None:
        run = subject.run
        return Run(
            run.seq, run.id, run.message_id, run.parent, run.root, run.child_key, run.route, run.revision, run.status,
            step.id, run.generation, 1, run.first_try_at, run.created_at,
        )  # fmt: skip
    now = now_ms()
    return Run(0, "00000000-0000-0000-0000-000000000000", "", None, 0, None, route.name, route.revision, None, step.id,
               0, 1, now, now)  # fmt: skip
