"""A run in a rehearsal: what it would send is written down, and answered from the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.message import InDoubt, Refused, Unavailable, Value
from engine.rehearsal.answers import Answers
from engine.runtime import signals
from engine.runtime.context import Called, Context
from engine.runtime.outcome import EffectEnd, Run
from engine.site.calls import CallSettings
from engine.site.model import Route

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

YEARS = 20 * 365 * 86_400_000
"""Milliseconds after which every wait is over."""
UNDER_WAY = "WB-3007"

Assume = Callable[[str, str, Mapping[str, Any]], Value]
"""What a peer's good answer would be: connection, operation, arguments."""


@dataclass
class Sent:
    """One thing that would go out, or that would be asked, signed or waited for.

    kind: call, poll, signal, sign, file. origin: the step whose record it has. assumed: the answer was not recorded.
    """

    step: str
    kind: str
    connection: str
    operation: str
    arguments: Mapping[str, Any] = field(repr=False)
    origin: str | None = None
    visit: int = 1
    assumed: bool = False


class Rehearsed(Context):
    """`engine.runtime.context.Context` without a ledger and without peers. late: every wait's time is over."""

    def __init__(
        self, runtime: Runtime, run: Run, route: Route, seed: Mapping[str, Value], answers: Answers, assume: Assume
    ) -> None:
        super().__init__(runtime, run, route, seed)
        self.answers = answers
        self.sent: list[Sent] = []
        self.late = False
        self._assume = assume
        self._visits: dict[str, int] = {}

    def now(self) -> int:
        """The run's own time, equal on both sides."""
        return self.run.created_at + (YEARS if self.late else 0)

    async def keep(self, name: str, value: Value) -> Value:
        """As in the engine, in memory only."""
        values = await self.values()
        changes = values.get(signals.OVERRIDES)
        if isinstance(changes, dict):
            value = signals.with_changes(name, value, changes)
        values[name] = value
        return value

    def visit(self) -> int:
        """How often the run has come to its step, this time included."""
        self._visits[self.run.step] = self._visits.get(self.run.step, 0) + 1
        return self._visits[self.run.step]

    def note(self, kind: str, connection: str, operation: str, arguments: Mapping[str, Any], visit: int = 1) -> Sent:
        """Write down what would go out."""
        step = self.step
        sent = Sent(step.id, kind, connection, operation, arguments, self.answers.origin(step), visit)
        self.sent.append(sent)
        return sent

    async def query(self, call: CallSettings) -> Value:
        """A poll: the answer that counted at last; None when there was none."""
        visit = self.visit()
        key, at = self.answers.effect(self.step, self.run, visit)
        sent = self.note("poll", call.to, call.operation, await self.arguments(call, at, key), visit)
        known = self.answers.known(self.step)
        answer = known.value
        if not known.found and self.answers.origin(self.step) is None:
            answer = self._assume(call.to, call.operation, sent.arguments)
            sent.assumed = True
        elif answer is not None and call.expect is not None and not await self._expected(call, answer):
            return None
        return answer

    async def call(self, call: CallSettings) -> Called:
        """An effect, answered as it was; what was not recorded is answered as a good peer does."""
        visit = self.visit()
        key, at = self.answers.effect(self.step, self.run, visit)
        sent = self.note("call", call.to, call.operation, await self.arguments(call, at, key), visit)
        known = self.answers.known(self.step)
        done = EffectEnd(key, "done")
        if known.effect is not None and known.effect.state not in ("done", "arrived"):
            raise _failure(known.effect.state, known.effect.code, known.effect.reason)
        if not known.found:
            sent.assumed = known.effect is None
            return Called(self._assume(call.to, call.operation, sent.arguments) if sent.assumed else None, done)
        if call.expect is not None and known.value is not None and not await self._expected(call, known.value):
            self._not_expected(call)
        return Called(known.value, done)


def _failure(state: str, code: str, reason: str) -> Exception:
    if state == "refused":
        return Refused(code, reason)
    if state in ("unavailable", "again"):
        return Unavailable(code, reason)
    return InDoubt(code or UNDER_WAY, reason or "nobody knows whether it was done")
