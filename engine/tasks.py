"""The one way to start a background coroutine: named, its failure logged, cancelled at stop."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from types import CoroutineType
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.python.failure import Failure

log = logging.getLogger(__name__)

T = TypeVar("T")


class Tasks:
    """The engine's background coroutines. `failed` counts those that ended with a bug."""

    def __init__(self, on_bug: Callable[[str], None] = lambda _: None) -> None:
        self._running: dict[Deferred[Any], str] = {}
        self._on_bug = on_bug
        self.failed = 0

    def spawn(self, name: str, work: Awaitable[Any]) -> Deferred[Any]:
        """Start `work`; the result fires with its value, or with None when it failed or was cancelled."""
        task = _Spawned(work if isinstance(work, CoroutineType) else _awaiting(work), self)
        self._running[task] = name
        task.go(None)
        return task

    def names(self) -> list[str]:
        return sorted(self._running.values())

    async def stop(self) -> None:
        """Cancel all and wait until each has ended."""
        ending = list(self._running)
        for task in ending:
            task.cancel()
        if ending:
            await DeferredList(ending, consumeErrors=True)

    def ended(self, task: Deferred[Any]) -> None:
        """Of its own accord."""
        self._running.pop(task, None)

    def ended_badly(self, task: Deferred[Any], failure: Failure) -> None:
        """With this."""
        name = self._running.pop(task, "")
        if failure.check(CancelledError):
            return
        self.failed += 1
        # The type and the place only: a message may quote a patient's value.
        where = failure.frames[-1] if failure.frames else ("?", "?", 0)
        log.error("task %s failed: %s in %s line %s", name, getattr(failure.type, "__name__", "?"), where[1], where[2])
        self._on_bug(name)


def drive(work: Awaitable[Any]) -> Deferred[Any]:
    """As `Deferred.fromCoroutine`, at a third of its cost; contextvars are those of whoever goes on with the coroutine.

    Cancelled, what the coroutine waits for is cancelled, and the Deferred fires when the coroutine has ended.
    """
    running = _Running(work if isinstance(work, CoroutineType) else _awaiting(work))
    running.go(None)
    return running


class Once(Deferred[T]):
    """A Deferred for one coroutine that `drive` or `Tasks` runs: it goes on at once, without a chain of callbacks,
    at less than half the cost. To everybody else it is a Deferred like any other."""

    _waiter: _Running | None = None

    def callback(self, result: T | Failure) -> None:
        if self.called or self._callbacks or isinstance(result, Failure):
            self._as_usual()
            super().callback(result)
            return
        self.called = True
        self._canceller = None
        self.result = result
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            self._runningCallbacks = True
            waiter.go(result)
            self._runningCallbacks = False
            self.result = None  # as of a Deferred whose callback returned nothing
            if self._callbacks:
                self._runCallbacks()

    def errback(self, fail: Failure | BaseException | None = None) -> None:
        self._as_usual()
        super().errback(fail)

    def _as_usual(self) -> None:
        """The one who waits becomes the first callback."""
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            later, self._callbacks = self._callbacks, []
            _ = self.addCallbacks(waiter.go, waiter.go_badly)
            self._callbacks += later


class _Running(Once[Any]):
    """What a coroutine comes to."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        super().__init__()
        self._coroutine = coroutine
        self._waits_for: Deferred[Any] | None = None

    def _ended(self, result: Any) -> None:
        self.callback(result)

    def _ended_badly(self) -> None:
        self.errback()

    def go(self, result: Any) -> None:
        """Let the coroutine go on with this, to the next Deferred that has not fired, or its end."""
        try:
            waits_for = self._coroutine.send(result)
        except StopIteration as end:
            self._ended(end.value)
        except BaseException:  # noqa: BLE001 - whatever it is, it is the coroutine's result
            self._ended_badly()
        else:
            self._wait(waits_for)

    def go_badly(self, failure: Failure) -> None:
        """As `go`, with what went wrong."""
        error: Any = failure.value
        try:
            waits_for = self._coroutine.throw(error.with_traceback(failure.tb))
        except StopIteration as end:
            self._ended(end.value)
        except BaseException:  # noqa: BLE001 - as above
            self._ended_badly()
        else:
            self._wait(waits_for)

    def _wait(self, waits_for: Deferred[Any]) -> None:
        self._waits_for = waits_for
        if isinstance(waits_for, Once) and not (waits_for.called or waits_for._callbacks or waits_for._waiter):
            waits_for._waiter = self
        else:
            _ = waits_for.addCallbacks(self.go, self.go_badly)

    def cancel(self) -> None:
        """Cancel what is waited for: the coroutine ends in its own way, and only then this fires."""
        if self.called or self._waits_for is None:
            super().cancel()
        else:
            self._waits_for.cancel()


class _Spawned(_Running):
    """One whose end its `Tasks` hear of; nearly always nobody else does."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], tasks: Tasks) -> None:
        super().__init__(coroutine)
        self._tasks = tasks

    def _ended(self, result: Any) -> None:
        self._tasks.ended(self)
        self.callback(result)

    def _ended_badly(self) -> None:
        self._tasks.ended_badly(self, Failure())
        self.callback(None)


async def _awaiting(work: Awaitable[Any]) -> Any:
    return await work
