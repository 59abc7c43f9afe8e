"""`call`: one request to one connection; its answer is the value. An effect, written in the ledger."""

from __future__ import annotations

from engine.runtime.context import Context
from engine.runtime.outcome import Next, Outcome
from engine.site.calls import CallSettings, build_call

Settings = CallSettings
build_settings = build_call


async def perform(settings: CallSettings, context: Context) -> Outcome:
    """Raises what the sink raises; the policy and `on_error` of the step say what follows."""
    called = await context.call(settings)
    return Next(called.value, effects=(called.effect,), note=called.summary)
