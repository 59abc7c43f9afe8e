"""One worker process as the pool sees it: what it works on, since when, and its end."""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure as TwistedFailure

from engine import message
from engine.message import Failure, Refused
from engine.transform import worker
from engine.transform.framing import Framer, FrameTooLarge

DEADLINE, DIED = "WB-2004", "WB-2005"
STALL = 0.25
"""Seconds after which a job counts as slow: what waits behind it goes to another worker."""
GRACE = 0.02
"""Seconds between noticing a missed deadline and the kill, so that a reply already in the pipe is read first."""
START = 60.0
"""Seconds that a worker may take to import its modules."""
STDERR_KEPT = 4096
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH", "LD_LIBRARY_PATH", "ODBCSYSINI")
"""The only environment that a worker gets: no secret of ours is among them."""
EXCEPTION = re.compile(rb"^([A-Za-z_][\w.]{0,80}(?:Error|Exception|Exit|Interrupt))\b", re.MULTILINE)
_log = Logger()

ROOT = str(Path(__file__).resolve().parents[2])


class JobBug(Exception):
    """A job raised something that is no failure of its input: type and place, never the message."""


@dataclass(slots=True, eq=False)
class Job:
    """One request: its frame, its seconds, and who waits for it (None: nobody any more)."""

    frame: bytes
    deadline: float
    waiter: Deferred[Any] | None


class Crew(Protocol):
    """What a worker tells about itself."""

    def ready(self, worker: Worker) -> None: ...
    def answered(self, worker: Worker) -> None: ...
    def stalled(self, worker: Worker) -> bool: ...
    def gone(self, worker: Worker, unstarted: list[Job], planned: bool = False) -> None: ...
    def ended(self, worker: Worker) -> None: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of worker: its limit in bytes, the modules that it imports before it is ready, how it gives way."""

    name: str
    memory: int
    preload: tuple[str, ...] = ()
    nice: int = 0


class Worker(ProcessProtocol):
    """Owns one process and the jobs in its pipe, first the one that it executes now."""

    transport: Any

    def __init__(self, reactor: Any, kind: Kind, crew: Crew) -> None:
        self._reactor = reactor
        self._kind = kind
        self._crew = crew
        self._framer = Framer()
        self._stderr = bytearray()
        self._timer: Any = None
        self._suspect: Job | None = None
        self.jobs: deque[Job] = deque()
        self.since = 0.0
        self.is_ready = False
        self.is_gone = False
        self.is_slow = False

    def start(self) -> None:
        """Start the process. Raises OSError when the system has none to give."""
        arguments = [sys.executable, "-P", "-m", "engine.transform.worker", f"--parent={os.getpid()}"]
        arguments += [f"--memory={self._kind.memory}", f"--preload={','.join(self._kind.preload)}"]
        arguments += [f"--nice={self._kind.nice}"]
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [ROOT, environment.get("PYTHONPATH", "")]))
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            pipes = {0: nothing, 1: nothing, 2: "r", worker.REQUESTS: "w", worker.REPLIES: "r"}
            # Without a folder Twisted uses posix_spawn: no copy of our state, however briefly.
            self._reactor.spawnProcess(self, sys.executable, arguments, env=environment, childFDs=pipes)
        finally:
            os.close(nothing)
        self._timer = self._reactor.callLater(START, self._look)

    @property
    def pid(self) -> int | None:
        """The process id, None when it is not running."""
        return getattr(self.transport, "pid", None)

    def send(self, jobs: list[Job]) -> None:
        """Put jobs behind those already in the pipe, in one write."""
        if not self.jobs:
            self.jobs.extend(jobs)
            self._begin()
        else:
            self.jobs.extend(jobs)
        self.transport.writeToChild(worker.REQUESTS, b"".join([job.frame for job in jobs]))

    def take_back(self) -> list[Job]:
        """The jobs behind the running one. This worker still does them some day; nobody listens to that."""
        taken = []
        for index in range(1, len(self.jobs)):
            job = self.jobs[index]
            if job.waiter is not None:
                taken.append(job)
                self.jobs[index] = Job(b"", job.deadline, None)
        return taken

    def childDataReceived(self, childFD: int, data: bytes) -> None:  # noqa: N803 (Twisted's name)
        if childFD != worker.REPLIES:
            self._stderr = (self._stderr + data)[-STDERR_KEPT:]
        elif not self.is_gone:
            self._replies(data)

    def _replies(self, data: bytes) -> None:
        try:
            for reply in self._framer.feed(data):
                if not self.is_gone:
                    self._answer(reply)
        except FrameTooLarge:
            self.end(DIED, "the worker's answer is larger than the limit")
        if not self.is_gone and self.is_ready:
            self._crew.answered(self)

    def childConnectionLost(self, childFD: int) -> None:  # noqa: N803 (Twisted's name)
        if childFD == worker.REPLIES:
            self.end(DIED, "the worker died")

    def processEnded(self, reason: TwistedFailure) -> None:
        self.end(DIED, "the worker died")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._crew.ended(self)

    def end(self, code: str, reason: str) -> None:
        """Kill the process: the running job is refused, those behind it go back to the crew."""
        if self.is_gone:
            return
        if code == DIED:
            _log.warn("worker ended: {kind} {type}", kind=self._kind.name, type=self._last_exception())
        running = self.jobs.popleft() if self.jobs else None
        self._crew.gone(self, self._kill())
        settle(running, Refused(code, reason))

    def leave(self) -> None:
        """Kill the process because it is not needed; what it had goes back to the crew."""
        if not self.is_gone:
            self._crew.gone(self, self._kill(), planned=True)

    def _kill(self) -> list[Job]:
        self.is_gone = True
        jobs = [job for job in self.jobs if job.waiter is not None]
        self.jobs.clear()
        with contextlib.suppress(ProcessExitedAlready):
            self.transport.signalProcess("KILL")
        self._again(GRACE, self._reap)
        return jobs

    def _answer(self, reply: bytes) -> None:
        if not self.is_ready:
            self.is_ready = True
            self._timer.cancel()
            self._timer = None
            self._crew.ready(self)
            return
        job = self.jobs.popleft()
        self.is_slow = False
        if reply[:1] == worker.LEAVING:  # what is behind it never began
            self.jobs.appendleft(Job(b"", 0.0, None))
            self.end(DIED, "the worker left")
        elif self.jobs:
            self._begin()
        settle(job, outcome(reply))

    def _begin(self) -> None:
        self.since = self._reactor.seconds()
        allowed = self.jobs[0].deadline
        if self._timer is None:
            self._again(min(STALL, allowed), self._look)
        elif allowed < STALL:
            self._timer.reset(allowed)

    def _again(self, delay: float, what: Callable[[], None]) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = self._reactor.callLater(delay, what)

    def _look(self) -> None:
        """Look at the running job from time to time: slow, then over its deadline."""
        self._timer = None
        if not self.is_ready:
            self.end(DIED, "the worker did not start in time")
        elif self.jobs:
            self._look_at(self.jobs[0])

    def _look_at(self, job: Job) -> None:
        elapsed = self._reactor.seconds() - self.since
        if elapsed >= job.deadline and self._suspect is job:
            return self.end(DEADLINE, f"not done within {job.deadline:g} s")
        if elapsed >= job.deadline:
            self._suspect = job
        elif elapsed >= STALL * 0.9:
            self.is_slow = self._crew.stalled(self)
        return self._again(max(GRACE, min(STALL, job.deadline - elapsed)), self._look)

    def _reap(self) -> None:
        """Ask for the exit status ourselves: under some event loops no signal of a child reaches Twisted."""
        self._timer = None
        if self.pid is not None:
            self._again(GRACE, self._reap)
            self.transport.reapProcess()

    def _last_exception(self) -> str:
        found = EXCEPTION.findall(bytes(self._stderr))
        return found[-1].decode("ascii", "replace") if found else "without an exception"


def outcome(reply: bytes) -> Any:
    """The value of a reply, or the exception that it stands for."""
    value = pickle.loads(memoryview(reply)[1:])  # noqa: S301 (of our own process)
    kind = reply[:1]
    if kind == worker.OK:
        return value
    if kind == worker.BUG:
        _log.error("a job failed: {bug}", bug=value)  # who asked may only say that it did
        return JobBug(value)
    name, code, reason = value
    known: dict[str, type[Failure]] = {cls.__name__: cls for cls in (message.Unavailable, Refused, message.InDoubt)}
    return known.get(name, Refused)(code, reason)


def settle(job: Job | None, result: Any) -> None:
    """Give a job's outcome to who waits for it, once."""
    if job is None or job.waiter is None:
        return
    waiter, job.waiter = job.waiter, None
    if isinstance(result, Exception):
        waiter.errback(result)
    else:
        waiter.callback(result)
