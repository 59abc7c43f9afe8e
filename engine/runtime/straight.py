"""A run whose only call is intended with its message, and ends with it: call and end, without a journey.

Most messages go this way, and a journey is a dozen coroutines deep. As soon as something is not plain, what the call
came to is handed to a journey, which goes on as if it had made the call itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from twisted.internet.defer import CancelledError

from engine.message import Unavailable
from engine.points import point
from engine.runtime.ahead import Begun
from engine.runtime.context import request_of
from engine.runtime.joined import SETTLE, Settling
from engine.runtime.journey import Journey, written
from engine.runtime.outcome import EffectEnd, Next, Run
from engine.runtime.settle import After, Draft
from engine.runtime.values import encode, is_large
from engine.site.calls import CallSettings
from engine.site.model import Route

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime


async def go(runtime: Runtime, run: Run, route: Route, begun: Begun) -> After:
    """What the last commit said."""
    ahead, entry, name = begun.ahead, begun.entry, run.step
    step = route.step(name)
    point(f"step.{name}.intended")
    try:
        call = cast(CallSettings, step.settings)
        response = await runtime.send(
            ahead.connection, request_of(runtime, run, call, ahead.arguments, entry, ahead.values)
        )
        encoded = encode(response.value)
    except CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - for the journey to judge, as if it had met it
        return await Journey(runtime, run, route, replace(begun, came=error)).go()
    if is_large(encoded):
        return await Journey(runtime, run, route, replace(begun, came=response)).go()
    point(f"step.{name}.called")
    outcome = Next(response.value, effects=(EffectEnd(entry.key, "done"),), note=response.summary)
    point(f"step.{name}.performed")
    draft = Draft({step.into: (encoded, None)})
    item = Settling(run, route, draft, outcome, None, runtime.room(), runtime.now())
    after: After
    try:
        after = await runtime.store.join(SETTLE, item)
    except Unavailable:
        after = await written(runtime, run, lambda: runtime.store.join(SETTLE, item))
    point(f"step.{name}.settled")
    runtime.settled(run, step, after)
    return after
