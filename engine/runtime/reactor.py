"""The one module that chooses and imports the reactor: Twisted's asyncio reactor, on uvloop where it has a build."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any


def install() -> Any:
    """Install the reactor (once a process) and return it."""
    # The writer's thread and the reactor's share the interpreter. A turn of the reactor takes a millisecond or two, and
    # cutting it costs more than letting it end.
    sys.setswitchinterval(0.002)
    if "twisted.internet.reactor" not in sys.modules:
        from twisted.internet.main import installReactor

        from engine.runtime.short_ways import Reactor

        installReactor(Reactor(_loop()))
    from twisted.internet import reactor

    made: Any = reactor
    # Twisted's timers go by the wall clock: when that is set back an hour, none would strike for an hour; when it is
    # set forward, all limits of all calls would strike at once.
    made.seconds = time.monotonic
    return made


def _loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # no build for this system (Windows)
        return asyncio.SelectorEventLoop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
