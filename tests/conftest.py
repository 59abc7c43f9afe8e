"""One reactor, the daemon's own, for the whole test run, and `async def` tests driven on it.

This file is imported before every test module, so the reactor is installed before anything imports it. The reactor
runs only while an async test (or `drive`) runs; then `callFromThread`, `deferToThread`, `spawnProcess` and timers work
as they do in the daemon. There is no second async plug-in.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import os
import signal
import sys
import threading
import time
from collections import abc
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from twisted.internet.defer import Deferred
from twisted.internet.error import TimeoutError as LimitError
from twisted.internet.main import installReactor
from twisted.python.failure import Failure

from engine.runtime.short_ways import Reactor

LIMIT = 20.0
"""Seconds that an async test may take without `@pytest.mark.limit(seconds)`."""

GRACE = 5.0
"""Seconds that a cancelled test may take to end before it is abandoned."""

# No test fails on time: a machine under load draws slowly, and is no fault of the test's.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("here")

_status: list[int] = []

SUITES = {"contracts": "contract", "wire": "wire", "crash": "crash", "browser": "browser"}
"""The marker of a test by its folder under tests/; every other folder is `unit`."""


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


_loop = _new_loop()
asyncio.set_event_loop(_loop)
installReactor(Reactor(_loop))

from twisted.internet import process, tcp  # noqa: E402 (the reactor must be installed first)
from twisted.internet import reactor as _installed  # noqa: E402

_reactor: Any = _installed  # the interfaces of Twisted's stubs know less than the asyncio reactor does
_reactor.seconds = time.monotonic  # as the daemon's: see engine/runtime/reactor.py


def _start() -> None:
    """Start the reactor without its signal handlers (pytest keeps Ctrl-C), but for the one that reaps processes."""
    _reactor.startRunning(installSignalHandlers=False)
    signal.signal(
        signal.SIGCHLD,
        lambda *_: _reactor.callFromThread(process.reapAllProcesses),
    )
    signal.siginterrupt(signal.SIGCHLD, False)


_start()


class _Drive:
    """Runs the loop until one coroutine has ended, or its limit is over."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Any]], limit: float) -> None:
        self._work = work
        self._limit = limit
        self._result: list[Any] = []

    def run(self) -> Any:
        # Started by the loop, so that code which asks for the running asyncio loop finds it from its first line.
        _loop.call_soon(self._begin)
        abandon = _loop.call_later(self._limit + GRACE, self._end, Failure(LimitError(f"{self._limit:g} s, and stuck")))
        try:
            while not self._result:
                _loop.run_forever()
        finally:
            abandon.cancel()
        result = self._result[0]
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def _begin(self) -> None:
        try:
            deferred: Deferred[Any] = Deferred.fromCoroutine(self._work())
        except BaseException as error:  # noqa: BLE001 (anything goes to the test's report)
            self._end(Failure(error))
            return
        _ = deferred.addTimeout(self._limit, _reactor, self._late).addBoth(self._end)

    def _late(self, _result: Any, limit: float) -> Any:
        raise LimitError(f"the test took more than its limit of {limit:g} s")

    def _end(self, result: Any) -> None:
        if not self._result:
            self._result.append(result)
        _loop.stop()


def _ports() -> set[Any]:
    return {reader for reader in _reactor.getReaders() if isinstance(reader, tcp.Port)}


def _limit(item: pytest.Item) -> float:
    marker = item.get_closest_marker("limit")
    return float(marker.args[0]) if marker else LIMIT


def _driven(work: Callable[..., Any], limit: float) -> Callable[..., Any]:
    @functools.wraps(work)
    def test(*args: Any, **keywords: Any) -> Any:
        return _Drive(functools.partial(work, *args, **keywords), limit).run()

    return test


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Drive an `async def` test; under Hypothesis, drive each of its examples."""
    limit = _limit(pyfuncitem)
    hypothesis = getattr(pyfuncitem.obj, "hypothesis", None)
    if hypothesis is not None and inspect.iscoroutinefunction(hypothesis.inner_test):
        hypothesis.inner_test = _driven(hypothesis.inner_test, limit)
        return None
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    before = _ports()
    _driven(pyfuncitem.obj, limit)(**arguments)
    left = _ports() - before
    for port in left:
        port.stopListening()
    assert not left, f"the test left ports open: {sorted(map(str, left))}"
    return True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the marker of its suite."""
    here = Path(__file__).parent
    for item in items:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        item.add_marker(SUITES.get(folder, "unit"))
    # What runs in workers is tested before what uses Twisted, see `pytest_collection_finish`.
    items.sort(key=lambda item: not item.path.is_relative_to(here / "engine" / "transform")
               and not item.path.is_relative_to(here / "transforms"))  # fmt: skip


def pytest_collection_finish() -> None:
    """Take off what zope.interface left on abstract base classes while the tests were imported.

    xmlschema reads every attribute of its classes, and `__provides__` of a base class cannot be read there. The
    product uses xmlschema in worker processes only, which know no zope.
    """
    for kind in (abc.Sequence, abc.Reversible, abc.Collection, abc.Sized, abc.Iterable, abc.Container):
        if "__provides__" in vars(kind):
            type.__delattr__(kind, "__provides__")


def pytest_unconfigure() -> None:
    """A test that failed half-way may leave an engine's threads: they must not keep the suite from ending."""
    left = [thread for thread in threading.enumerate() if not thread.daemon and thread is not threading.main_thread()]
    if _status and left:
        sys.stdout.flush()
        os._exit(_status[0])


def pytest_sessionfinish(exitstatus: int) -> None:
    """Stop the reactor, so that its thread pool and its shutdown triggers end."""
    _status.append(int(exitstatus))
    _reactor.addSystemEventTrigger("after", "shutdown", _loop.stop)
    _reactor.stop()
    _loop.call_later(GRACE, _loop.stop)
    _loop.run_forever()


@pytest.fixture(name="reactor")
def fixture_reactor() -> Any:
    """The running reactor."""
    return _reactor


@pytest.fixture(name="drive")
def fixture_drive(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """`drive(coroutine)` runs it to its end: for fixtures that start and stop things around an async test."""
    return lambda coroutine: _Drive(lambda: coroutine, _limit(request.node)).run()
