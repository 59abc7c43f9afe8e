"""A run's way through one revision of its route, in memory: the steps are the engine's own, the answers recorded."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import CancelledError

from engine.message import Failure, InDoubt, Unavailable, Value
from engine.rehearsal.answers import Answers
from engine.rehearsal.context import Assume, Rehearsed, Sent
from engine.rehearsal.record import RunRecord
from engine.runtime import signals
from engine.runtime.journey import BUG, where
from engine.runtime.outcome import NOTHING, Child, Jump, Next, Outcome, Run, Split, Stop, Wait
from engine.site.model import Route, Step, Then
from engine.site.walk import with_results
from engine.steps.set import as_text

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

ROUNDS = 3
"""Jumps back after which a rehearsal stops: with the same answers it would go round for ever."""


@dataclass
class Walked:
    """Where a run came to. parts: its children, when it was split. key: a part's identity."""

    route: str
    state: str = "done"
    step: str = ""
    code: str = ""
    reason: str = ""
    status: str = ""
    key: str = field(default="", repr=False)
    labels: dict[str, str] = field(default_factory=dict, repr=False)
    sent: list[Sent] = field(default_factory=list)
    parts: list[Walked] = field(default_factory=list)


@dataclass(frozen=True)
class Start:
    """A run at its beginning. old: the route that its record is of."""

    run: Run
    route: Route
    values: Mapping[str, Value] = field(repr=False)
    labels: Mapping[str, str] = field(repr=False)
    record: RunRecord | None
    old: Route | None


async def walk(runtime: Runtime, start: Start, assume: Assume) -> Walked:
    """The whole way of a run and of its parts."""
    return await _Walk(runtime, start, assume).go()


class _Walk:
    def __init__(self, runtime: Runtime, start: Start, assume: Assume) -> None:
        self._runtime = runtime
        self._start = start
        self._assume = assume
        self._route = start.route
        self._answers = Answers(start.record, start.old, start.route)
        seed = dict(start.values)
        if start.record is not None and signals.OVERRIDES in start.record.values:
            seed[signals.OVERRIDES] = start.record.values[signals.OVERRIDES]
        self._context = Rehearsed(runtime, start.run, start.route, seed, self._answers, assume)
        self._walked = Walked(start.route.name, labels={n: t for n, t in start.labels.items() if t})
        self._rounds = 0

    async def go(self) -> Walked:
        steps, walked = self._route.steps, self._walked
        at = self._route.index(self._start.run.step)
        while at < len(steps):
            step = steps[at]
            self._stand(step)
            outcome = await self._outcome(step)
            if outcome is None:  # skipped
                at += 1
                continue
            walked.status = step.status or walked.status
            walked.step = step.id
            match outcome:
                case Next():
                    await self._take(step, outcome)
                    at += 1
                case Jump():
                    onward = await self._jump(at, outcome)
                    if onward is None:
                        return self._ended("held", "WB-2016", "the same answers send it back again and again")
                    at = onward
                case Split():
                    return await self._split(at, outcome)
                case Stop():
                    return self._ended(outcome.state, outcome.code, outcome.reason)
                case Wait():
                    return self._ended("waiting", outcome.code, outcome.waits_for)
        return self._ended("done", "", "")

    def _ended(self, state: str, code: str, reason: str) -> Walked:
        walked = self._walked
        walked.state, walked.code, walked.reason = state, code, reason
        walked.sent = self._context.sent
        return walked

    def _stand(self, step: Step) -> None:
        context = self._context
        context.run = replace(
            context.run, step=step.id, attempts=1, first_try_at=context.run.created_at, status=step.status or None
        )
        context.late = False

    async def _outcome(self, step: Step) -> Outcome | None:
        """None: its `when` does not hold."""
        context = self._context
        try:
            if step.when is not None and not await context.holds(step.when):
                return None
            return await self._perform(step)
        except CancelledError:
            raise
        except Failure as failure:
            return self._failed(step, failure)
        except Exception as error:  # noqa: BLE001 - a bug of a step is an outcome here, as in the engine
            return Stop("held", BUG, f"defect: {where(error)}", "bug")

    async def _perform(self, step: Step) -> Outcome:
        if step.verb == "signal":
            return await self._signal(step)
        if step.verb == "sign":
            return await self._sign(step)
        if step.verb == "wait" and step.settings.for_ != "poll":
            return await self._wait(step)
        outcome: Outcome = await self._runtime.verb(step.verb).perform(step.settings, self._context)
        if isinstance(outcome, Wait) and step.verb == "wait" and self._answers.known(step).passed:
            self._context.late = True  # it was asked until the time was over
            outcome = await self._runtime.verb(step.verb).perform(step.settings, self._context)
        return outcome

    async def _wait(self, step: Step) -> Outcome:
        """What came is there at once; what did not come while the run waited never comes."""
        known, context, settings = self._answers.known(step), self._context, step.settings
        values = await context.values()
        if settings.for_ == "file":
            path = (await context.evaluate({"path": settings.path}))["path"]
            context.note("file", settings.in_, "file", {"path": path, "name": settings.name}, context.visit())
        if known.found and known.value is not None and settings.for_ in ("file", "person"):
            values[step.into] = known.value
        elif known.found:
            return Next(known.value)
        record = self._start.record
        stays = record is not None and record.is_open and record.step == self._answers.origin(step)
        context.late = (settings.for_ == "time" and not stays) or known.passed
        outcome: Outcome = await self._runtime.verb("wait").perform(settings, context)
        return outcome

    async def _sign(self, step: Step) -> Outcome:
        known, context, settings = self._answers.known(step), self._context, step.settings
        filled = await context.evaluate({"document": settings.document})
        plain = with_results({"by": settings.by, "seal": settings.seal}, {})
        context.note("sign", settings.with_, "sign", {**filled, **plain}, context.visit())
        if known.found and known.value is not None:
            return Next(known.value, {"signer": self._answers.value("signer")})
        if known.passed and settings.expired:
            return Jump(settings.expired, "no physician signed in time")
        return Wait("a physician's signature")

    async def _signal(self, step: Step) -> Outcome:
        """An effect on other runs: which, and what it says."""
        known, context, settings = self._answers.known(step), self._context, step.settings
        labels = {n: as_text(n, v) for n, v in (await context.evaluate(settings.labels)).items()}
        values = await context.evaluate(settings.values)
        new = {n: as_text(n, v) for n, v in (await context.evaluate(settings.set_labels)).items()}
        said = {"labels": labels, "values": values, "set_labels": new}
        sent = context.note("signal", settings.route, settings.do, said, context.visit())
        if known.found:
            return Next(known.value)
        sent.assumed = self._answers.origin(step) is None
        if settings.if_none == "wait" and not known.passed and not sent.assumed:
            return Wait(f"a run of {settings.route}")
        return Next({"run": "", "status": "", "done": "nobody", "all": []})

    async def _take(self, step: Step, outcome: Next) -> None:
        if outcome.value is not NOTHING:
            await self._context.keep(step.into, outcome.value)
        for name, value in outcome.values.items():
            await self._context.keep(name, value)
        for name, text in outcome.labels.items():
            self._walked.labels[name] = text

    async def _jump(self, at: int, outcome: Jump) -> int | None:
        """Where it goes on; None when it goes round."""
        target = self._route.index(outcome.step)
        if target <= at:
            self._rounds += 1
            if self._rounds > ROUNDS:
                return None
            self._context.run = replace(self._context.run, generation=self._context.run.generation + 1)
        values = await self._context.values()
        for step in self._route.steps[target:]:
            if step.into not in ("body", "meta"):
                values.pop(step.into, None)
        return target

    # ---- failures, as `engine.runtime.journey` judges them

    def _failed(self, step: Step, failure: Failure) -> Outcome:
        if isinstance(failure, InDoubt):
            return Stop("held", failure.code, f"in doubt: {failure.reason}", "doubt")
        if not isinstance(failure, Unavailable):
            return _then(step.on_error.refused or Then("dead"), failure)
        record = self._start.record
        if record is not None and record.is_open and record.step == self._answers.origin(step):
            return Wait(f"retry of {step.id}", code=failure.code)
        policies = self._runtime.site.policies
        policy = policies.get(step.policy) or policies["default"]
        return _then(step.on_error.unavailable or policy.then, failure)

    # ---- parts

    async def _split(self, at: int, outcome: Split) -> Walked:
        following = self._route.steps[at + 1].id
        records = _matched(outcome.children, self._start.record)
        for number, (child, record) in enumerate(zip(outcome.children, records, strict=True), 1):
            self._walked.parts.append(await self._part(child, record, following, number, outcome.meta))
        self._walked.status = ""  # it is its parts' now
        return self._ended("split", "", f"{len(outcome.children)} parts")

    async def _part(self, child: Child, record: RunRecord | None, step: str, number: int, meta: Value) -> Walked:
        run = record.run if record is not None else self._new(child.key or str(number))
        run = replace(run, step=step, generation=0)
        done = _at_birth(record)
        if done is not None:
            return replace(done, route=self._route.name, step=step, key=child.key or "", labels=dict(child.labels))
        start = Start(run, self._route, {"body": child.part, "meta": meta}, child.labels, record, self._start.old)
        walked = await walk(self._runtime, start, self._assume)
        walked.key = child.key or ""
        walked.status = walked.status or self._walked.status
        return walked

    def _new(self, of: str) -> Run:
        """A part that was not there: its id is made from the run's, equal each time."""
        parent = self._start.run
        made = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{parent.id}/{of}"))
        return replace(parent, id=made, parent=parent.seq, child_key=of)


def _matched(children: tuple[Child, ...], record: RunRecord | None) -> list[RunRecord | None]:
    """The record of each part: by its identity, else by its place when the count is the same."""
    parts = record.parts if record is not None else []
    keyed = {one.run.child_key: one for one in parts if one.run.child_key}
    found = [keyed.get(child.key) if child.key else None for child in children]
    left = [one for one in parts if all(one is not known for known in found)]
    if len(left) == found.count(None):
        found = [one if one is not None else left.pop(0) for one in found]
    return found


def _at_birth(record: RunRecord | None) -> Walked | None:
    """A part that ended when it was born, because an earlier message had brought it."""
    if record is None or record.effects:
        return None
    if record.state == "filtered" and record.reason.startswith("repeat of "):
        return Walked("", "filtered", reason="repeat of an earlier part")
    if record.state == "held" and record.code == "WB-1008":
        return Walked("", "held", code=record.code, reason=record.reason)
    return None


def _then(then: Then, failure: Failure) -> Outcome:
    if then.kind == "go":
        return Jump(then.step, f"{failure.code} {failure.reason}")
    return Stop("held" if then.kind == "hold" else "dead", failure.code, failure.reason)


def rooted(record: RunRecord | None, route: Route, fresh: Any) -> Run:
    """The run at its first step. fresh: the run of a route that had none."""
    run: Run = record.run if record is not None else fresh
    return replace(run, route=route.name, step=route.steps[0].id, generation=0, attempts=1)
