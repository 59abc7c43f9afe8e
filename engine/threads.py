"""The one door to threads: a small named pool per purpose, so that a hung share cannot starve the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

T = TypeVar("T")

SIZES = {"blobs": 4}
"""Threads of a purpose; 1 where nothing is said (an ODBC file and a folder want to be used by one at a time)."""
PATIENCE = 1.0
"""Seconds that stopping waits for a thread that may hang in a network share."""


class Pools:
    """Implements `engine.channel.Threads`."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pools: dict[str, ThreadPool] = {}
        self._stopped = False

    def run(self, pool: str, work: Callable[..., T], *args: Any) -> Deferred[T]:
        """Call `work(*args)` in a thread of that pool; fires in the reactor."""
        done: Deferred[T] = deferToThreadPool(self._reactor, self._pool(pool), work, *args)
        return done

    def stop(self) -> None:
        """End the threads; one that hangs is left to die with the process. Blocking, `PATIENCE` at most."""
        self._stopped = True
        enders = [threading.Thread(target=pool.stop, daemon=True) for pool in self._pools.values()]
        for ender in enders:
            ender.start()
        for ender in enders:
            ender.join(PATIENCE)

    def _pool(self, name: str) -> ThreadPool:
        if self._stopped:
            raise RuntimeError("the engine is stopping")
        if name not in self._pools:
            pool = ThreadPool(0, SIZES.get(name, 1), name=f"waybill-{name}")
            # Daemon threads: one that hangs in a share must not keep the process alive.
            pool.threadFactory = _daemon  # type: ignore[assignment]
            pool.start()
            self._pools[name] = pool
        return self._pools[name]


def _daemon(*args: Any, **kwargs: Any) -> threading.Thread:
    return threading.Thread(*args, **kwargs, daemon=True)
