"""What was really answered, for the steps of another revision of the route.

A step has the record of the step with its id and verb; else of the first step that asked the same of the same
connection and is not there any more (it was renamed). The ids and times of effects come from that record too, so that
they are equal on both sides.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from engine.message import Value
from engine.rehearsal.record import EffectRecord, RunRecord
from engine.runtime import ledger
from engine.runtime.outcome import Run
from engine.site.calls import CallSettings
from engine.site.model import Route, Step

OVERDUE = "WB-2014"
"""The time of a wait was over."""


@dataclass(frozen=True)
class Known:
    """What the record says of a step. found: it left a value. effect: its last one. passed: the run went on."""

    found: bool
    value: Value
    effect: EffectRecord | None
    passed: bool


UNKNOWN = Known(False, None, None, False)


class Answers:
    """Of one run. record: None for a run that was not there before."""

    def __init__(self, record: RunRecord | None, old: Route | None, new: Route) -> None:
        self._record = record
        self._old = old
        self.of = _pairs(old, new) if old is not None else {}

    def origin(self, step: Step) -> str | None:
        """The id of the step whose record this is; None when there is none."""
        old = self.of.get(step.id)
        return None if old is None else old.id

    def known(self, step: Step) -> Known:
        """What this step was answered."""
        old, record = self.of.get(step.id), self._record
        if old is None or record is None:
            return UNKNOWN
        found = old.into in record.values and old.into not in ("body", "")
        return Known(found, record.values.get(old.into), record.effects.get(old.id), self._passed(record, old))

    def value(self, name: str) -> Value:
        """A value by its name, whoever made it."""
        return None if self._record is None else self._record.values.get(name)

    def _passed(self, record: RunRecord, old: Step) -> bool:
        """Whether the run left this step, also without a value."""
        assert self._old is not None
        ids = [step.id for step in self._old.steps]
        if record.step not in ids:
            return not record.is_open
        at, here = ids.index(record.step), ids.index(old.id)
        return at > here or (at == here and (record.state in ("done", "filtered") or record.code == OVERDUE))

    def effect(self, step: Step, run: Run, visit: int) -> tuple[str, int]:
        """Key and time of the effect of a step: as recorded, else made from the run and equal on both sides."""
        old = self.of.get(step.id)
        known = self.known(step).effect
        key = known.key if known is not None else ledger.effect_key(run, old.id if old is not None else step.id)
        if visit > 1:
            key = hashlib.sha256(f"{key}:{visit}".encode()).hexdigest()
        return key, known.at if known is not None else run.created_at


def _pairs(old: Route, new: Route) -> dict[str, Step]:
    by_id = {step.id: step for step in old.steps}
    found = {
        step.id: by_id[step.id] for step in new.steps if step.id in by_id and by_id[step.id].verb == step.verb
    }  # fmt: skip
    taken = {step.id for step in found.values()}
    left = [step for step in old.steps if step.id not in taken]
    for step in new.steps:
        if step.id not in found:
            same = next((one for one in left if signature(one) == signature(step)), None)
            if same is not None:
                found[step.id] = same
                left.remove(same)
    return found


def signature(step: Step) -> tuple[Any, ...]:
    """What a step asks of whom."""
    settings = step.settings
    if isinstance(settings, CallSettings):
        return (step.verb, settings.to, settings.operation)
    call = getattr(settings, "call", None)
    asked = (call.to, call.operation) if isinstance(call, CallSettings) else ()
    parts = tuple(getattr(settings, name, None) for name in ("for_", "in_", "with_", "route", "do", "question"))
    if not any(parts) and not asked:
        return (step.verb, step.into, settings)
    return (step.verb, *parts, *asked)
