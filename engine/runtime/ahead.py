"""What can be done of a run before its message is stored: the steps that only compute, and the call after them.

A route that begins with mapping tables and goes on with a call that may be repeated needs one commit less for it: the
message, the run, what its steps made and the intention of the call are written together. Nothing here has an effect,
and nothing of it is kept when the commit fails. What cannot be done in this way, for whatever reason, is left to the
run's journey, which meets the same reason and says it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any

from engine.frozen import frozen
from engine.message import Failure, Response, Value
from engine.points import point
from engine.runtime.context import evaluated, form_of, is_small
from engine.runtime.gates import Gate
from engine.runtime.ledger import Entry
from engine.runtime.settle import Draft
from engine.runtime.values import encode, is_large
from engine.site.calls import CallSettings
from engine.site.model import Route, Step
from engine.site.walk import Form
from engine.transform import mapping

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime


@frozen
class Ahead:
    """A run as it stands before its call. status: what the route says there. draft: what its steps left.

    last: the run ends with this call, when it goes well, and nobody waits for its end.
    """

    step: str
    status: str | None
    connection: str
    operation: str
    arguments: Any = field(repr=False)
    values: dict[str, Value] = field(repr=False)
    draft: Draft = field(repr=False)
    last: bool = False


@frozen
class Begun:
    """A run whose call is intended, as its commit left it: only the call itself is still to be made.

    came: what the call came to, where it was made already and the run does not simply end with it.
    """

    ahead: Ahead
    entry: Entry
    came: Response | Exception | None = field(default=None, repr=False)


@frozen
class _Plan:
    """A route that is fit for it, looked through once."""

    computed: tuple[tuple[Step, str], ...]
    step: Step
    call: CallSettings
    form: Form
    status: str | None
    last: bool


class Forerunner:
    """Knows which routes are fit, by revision."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._plans: dict[str, _Plan | None] = {}

    def forget(self) -> None:
        """Another site is loaded."""
        self._plans.clear()

    def gate(self, route: Route) -> Gate | None:
        """Where the first call of such a route goes."""
        plan = self._plan(route)
        return None if plan is None else self._runtime.gate(plan.call.to)

    def _plan(self, route: Route) -> _Plan | None:
        try:
            return self._plans[route.revision]
        except KeyError:
            plan = self._plans[route.revision] = _plan_of(route)
            return plan

    def run(self, route: Route, body: Value, meta: Mapping[str, str]) -> Ahead | None:
        """What the route makes of a message up to its first call; None: it goes the usual way."""
        plan = self._plan(route)
        if plan is None:
            return None
        try:
            return self._computed(plan, {"body": body, "meta": dict(meta)})
        except Failure:
            return None
        except Exception:  # noqa: BLE001 - a bug is the journey's to meet, where it is told and holds the run
            return None

    def _computed(self, plan: _Plan, values: dict[str, Value]) -> Ahead | None:
        runtime, call, draft = self._runtime, plan.call, Draft()
        runtime.check_gate(call.to)
        if not is_small(values):
            return None
        spaces = runtime.site.namespaces
        for step, path in plan.computed:
            point(f"step.{step.id}.before")
            value = values[step.into] = mapping.before_the_run(path, values, spaces)
            encoded = encode(value)
            if value is None or is_large(encoded):
                return None
            draft.values[step.into] = (encoded, None)
            draft.events.append(("done", step.id, ""))
            point(f"step.{step.id}.performed")
        point(f"step.{plan.step.id}.before")
        arguments = plan.form.filled(evaluated(plan.form.templates, values, spaces))
        if runtime.owns(call, arguments) is not None:
            return None
        if call.in_doubt != "repeat" and runtime.repeat(call, arguments) == "unknown":
            return None  # intended only when it is its turn
        point(f"step.{plan.step.id}.before_intended")
        return Ahead(plan.step.id, plan.status, call.to, call.operation, arguments, values, draft, plan.last)


def _plan_of(route: Route) -> _Plan | None:
    if route.receive.order is not None:
        return None
    computed: list[tuple[Step, str]] = []
    status: str | None = None
    for step in route.steps:
        status = step.status or status
        if step.when is not None:
            return None
        if step.verb == "call" and isinstance(step.settings, CallSettings):
            form = form_of(step.settings)
            if form.files:
                return None
            last = step is route.steps[-1] and step.settings.expect is None and route.receive.reply_when == "stored"
            return _Plan(tuple(computed), step, step.settings, form, status, last)
        path = getattr(step.settings, "map", None) if step.verb == "transform" else None
        if path is None or any(step.into == earlier.into for earlier, _ in computed):
            return None
        computed.append((step, str(path)))
    return None
