"""A run's journey through its route, from a claim until it waits, ends or needs a person."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater

from engine.message import Failure, InDoubt, Unavailable, Value
from engine.points import point
from engine.runtime import journal, ledger
from engine.runtime.ahead import Begun
from engine.runtime.context import Context
from engine.runtime.gates import Crowded, Paused, waits_for, waits_for_turn
from engine.runtime.joined import SETTLE, Settling, may_settle
from engine.runtime.outcome import NOTHING, EffectEnd, Jump, Next, Outcome, PauseWait, Run, Split, Stop, Wait
from engine.runtime.retry import Again, GiveUp, after_failure
from engine.runtime.settle import After, Draft, settle
from engine.runtime.states import State
from engine.site.model import Route, Step, Then

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engine.runtime.runtime import Runtime

log = logging.getLogger(__name__)

BUG = "WB-2999"
"""A step failed in a way that it does not declare: a defect of Waybill or of a plug-in."""
NO_STEP = "WB-2010"
ASIDE = 60_000
"""Milliseconds after which a run that was set aside at a crowded connection asks again by itself."""
STORE_AGAIN = 1.0
"""Seconds until a settle is tried again that the store did not take."""


class Journey:
    """Drives one run. `go` returns what the last settle said."""

    def __init__(
        self, runtime: Runtime, run: Run, route: Route | None, seed: Mapping[str, Value] | Begun | None = None
    ) -> None:
        self._runtime = runtime
        self._run = run
        self._route = route
        self._seed = seed
        self._unclear: Exception | None = None  # why the `when` of the step that is next could not be read

    async def go(self) -> After:
        route = self._route
        if route is None or all(step.id != self._run.step for step in route.steps):
            return await self._lost()
        seed = self._seed
        begun = seed if isinstance(seed, Begun) else None
        context = Context(self._runtime, self._run, route, seed.ahead.values if isinstance(seed, Begun) else seed)
        context.begun = begun
        if begun is None and not await self._applies(context, context.step) and not await self._begun(context):
            onward = await self._skip_first(context)
            if onward is None:
                return await self._write_outcome(context, Next(note="no step applies"), None)
        while True:
            step = context.step
            if context.begun is None:  # else it was passed before the message was stored
                point(f"step.{step.id}.before")
            context.effect_key = None
            outcome = await self._outcome(context, step)
            after = await self._settle(context, step, outcome)
            if after.state is not State.RUNNING:
                return after
            context.run = after.run
            if after.reload:
                context.forget()

    async def _outcome(self, context: Context, step: Step) -> Outcome:
        try:
            if self._unclear is not None:
                unclear, self._unclear = self._unclear, None
                raise unclear
            outcome: Outcome = await self._runtime.verb(step.verb).perform(step.settings, context)
            if isinstance(outcome, Next):
                await self._take_values(context, step, outcome)
            return outcome
        except CancelledError:
            raise
        except Failure as failure:
            return self._failed(context, step, failure)
        except Exception as error:  # noqa: BLE001 - a bug must neither lose the run nor stop the engine
            return self._bug(step, error)

    async def _take_values(self, context: Context, step: Step, outcome: Next) -> None:
        if outcome.value is not NOTHING:
            await context.keep(step.into, outcome.value)
        for name, value in outcome.values.items():
            await context.keep(name, value)
        for name, text in outcome.labels.items():
            context.label(name, text)

    async def _settle(self, context: Context, step: Step, outcome: Outcome) -> After:
        point(f"step.{step.id}.performed")
        onward = self._plainly_after(context, outcome)
        if onward is None:
            onward = await self._after(context, outcome)
        computed = isinstance(outcome, Next) and not outcome.effects and not self._is_checkpoint(context, step)
        if computed and onward:
            return self._pass(context, step, onward)
        after = await self._write_outcome(context, outcome, onward or None)
        if after.woken and after.state is State.RUNNING:
            self._runtime.dispatcher.poke()  # one that waited for this step, in order
        if after.state is State.RUNNING and context.run.route in self._runtime.paused.routes:
            after = await self._stay(after.run)
        point(f"step.{step.id}.settled")
        self._runtime.settled(context.run, step, after)
        return after

    async def _write_outcome(self, context: Context, outcome: Outcome, onward: str | None) -> After:
        run, route, draft, now = context.run, context.route, context.draft, self._runtime.now()
        room, store = self._runtime.room(), self._runtime.store
        if isinstance(outcome, Next) and may_settle(run, draft, outcome, route, onward):
            item = Settling(run, route, draft, outcome, onward, room, now)
            try:
                after: After = await store.join(SETTLE, item)
            except Unavailable:
                after = await written(self._runtime, run, lambda: store.join(SETTLE, item))
        else:
            after = await written(
                self._runtime, run,
                lambda: store.write(lambda conn: settle(conn, run, route, draft, outcome, onward, room, now)),
            )  # fmt: skip
        draft.clear()
        return after

    def _pass(self, context: Context, step: Step, onward: str) -> After:
        """A step that only computed: it is written with the next commit; after a crash it is computed again."""
        context.draft.events.append(("done", step.id, ""))
        status = context.route.step(onward).status or context.run.status
        return After(State.RUNNING, context.run.at_step(onward, status, self._runtime.now()))

    def _is_checkpoint(self, context: Context, step: Step) -> bool:
        order = context.route.receive.order
        if context.run.ordered and order is not None and order.until == step.id:
            return True  # those behind it go on from here
        return step.verb in ("wait", "sign", "signal", "split")

    def _plainly_after(self, context: Context, outcome: Outcome) -> str | None:
        """The step after this one, empty at the end; None when it takes more to know."""
        if not isinstance(outcome, Next):
            return None
        steps = context.route.steps
        place = context.route.index(context.run.step) + 1
        if place == len(steps):
            return ""
        return steps[place].id if steps[place].when is None else None

    async def _after(self, context: Context, outcome: Outcome) -> str | None:
        if isinstance(outcome, Split):
            # Each part decides by its own body what applies to it.
            following = context.route.steps[context.route.index(context.run.step) + 1 :]
            return following[0].id if following else None
        return await self._onward(context) if isinstance(outcome, Next) else None

    async def _onward(self, context: Context) -> str | None:
        """The next step whose `when` holds; what is skipped is said in the history."""
        steps = context.route.steps
        for step in steps[context.route.index(context.run.step) + 1 :]:
            if await self._applies(context, step):
                return step.id
            context.draft.events.append(("skipped", step.id, ""))
        return None

    async def _applies(self, context: Context, step: Step) -> bool:
        """Whether the step is performed. When that cannot be told, the step fails with the reason."""
        try:
            return step.when is None or await context.holds(step.when)
        except CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - judged as the step's own failure or bug
            self._unclear = error
            return True

    async def _stay(self, run: Run) -> After:
        """Its route is paused: the run stays at the step that it has come to."""
        now = self._runtime.now()
        return await written(self._runtime, run, lambda: self._runtime.store.write(lambda conn: _ready(conn, run, now)))

    async def _begun(self, context: Context) -> bool:
        """A step that waits, or has an effect in the ledger, is not skipped when its condition changes under it."""
        run = context.run
        key = ledger.effect_key(run, run.step)

        def query(conn: Connection) -> bool:
            return bool(journal.state_of(conn, run.seq)["waits_for"]) or ledger.get(conn, run, key) is not None

        return await self._runtime.store.read(query)

    async def _skip_first(self, context: Context) -> str | None:
        """Go to the first step that applies; None when there is none."""
        context.draft.events.append(("skipped", context.run.step, ""))
        onward = await self._onward(context)
        if onward is not None:
            status = context.route.step(onward).status or context.run.status
            context.run = replace(context.run, step=onward, status=status)
        return onward

    def _failed(self, context: Context, step: Step, failure: Failure) -> Outcome:
        log.info("run %s step %s: %s", context.run.id, step.id, failure.code)
        if isinstance(failure, InDoubt):
            reason = f"in doubt: {failure.reason}"
            return Stop("held", failure.code, reason, "doubt", self._ended(context, "doubt", failure))
        if isinstance(failure, Paused):
            return Wait(waits_for(failure.connection), None, registered=PauseWait(failure.connection),
                        effects=self._ended(context, "unavailable", failure), code=failure.code,
                        note=failure.reason)  # fmt: skip
        if isinstance(failure, Crowded):  # brought back when there is room; after a restart by its time
            due_at = self._runtime.now() + ASIDE
            return Wait(waits_for_turn(failure.connection), due_at, code=failure.code, note=failure.reason)
        if isinstance(failure, Unavailable):
            return self._unavailable(context, step, failure)
        then = step.on_error.refused or Then("dead")
        return self._then(then, failure.code, failure.reason, self._ended(context, "refused", failure))

    def _unavailable(self, context: Context, step: Step, failure: Failure) -> Outcome:
        policies = self._runtime.site.policies  # a run on an older revision may name one that is no more
        policy = policies.get(step.policy) or policies["default"]
        now, run = self._runtime.now(), context.run
        elapsed = (now - (run.first_try_at or now)) / 1000
        ended = self._ended(context, "unavailable", failure)
        match after_failure(policy, run.attempts, elapsed, random.SystemRandom()):
            case Again(seconds):
                text = f"attempt {run.attempts}: {failure.reason}"
                return Wait(f"retry of {step.id}", now + int(seconds * 1000), effects=ended, code=failure.code,
                            note=text)  # fmt: skip
            case GiveUp(then, why):
                chosen = step.on_error.unavailable or then
                return self._then(chosen, failure.code, f"{failure.reason} ({why})", ended)

    def _then(self, then: Then, code: str, reason: str, effects: tuple[EffectEnd, ...]) -> Outcome:
        if then.kind == "go":
            return Jump(then.step, f"{code} {reason}", effects)
        return Stop("held" if then.kind == "hold" else "dead", code, reason, effects=effects)

    def _ended(self, context: Context, state: str, failure: Failure) -> tuple[EffectEnd, ...]:
        if context.effect_key is None:
            return ()
        return (EffectEnd(context.effect_key, state, failure.code, failure.reason),)

    def _bug(self, step: Step, error: Exception) -> Outcome:
        log.error("bug in step %s: %s", step.id, where(error, 4))
        self._runtime.count_bug(step.id)
        return Stop("held", BUG, f"defect: {where(error)}", "bug")

    async def _lost(self) -> After:
        reason = f"step {self._run.step} is not in the loaded revision {self._run.revision[:12]} of {self._run.route}"
        run, now = self._run, self._runtime.now()
        route = self._route or self._runtime.any_route()

        def operation(conn: Connection) -> After:
            return settle(conn, run, route, Draft(), Stop("held", NO_STEP, reason), None, 0, now)

        return await self._runtime.store.write(operation)


async def written(runtime: Runtime, run: Run, write: Callable[[], Deferred[After]]) -> After:
    """Write until the store takes it: an effect that is done must not come into doubt because a disk is full."""
    while True:
        try:
            return await write()
        except Unavailable as error:
            log.error("run %s waits for the store: %s", run.id, error.code)
            await deferLater(runtime.reactor, STORE_AGAIN, lambda: None)


def _ready(conn: Connection, run: Run, now: int) -> After:
    """Its route is paused: the run stays at the step that it has come to."""
    row = journal.state_of(conn, run.seq)
    if row["state"] == State.RUNNING:
        journal.move(conn, row, State.READY, now, attempts=0)
    return After(State(journal.state_of(conn, run.seq)["state"]), run)


def where(error: BaseException, last: int = 1) -> str:
    """Type and places of an unknown error; its message may quote a value of the patient."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__} at {' '.join(frames[-last:])}"
