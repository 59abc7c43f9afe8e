"""The one door to processes: a bounded pool of workers, with a deadline for each job.

A job that runs too long or kills its worker is refused by itself; what waited behind it is done elsewhere. Heavy
jobs (PDF, signatures, big payloads) have their own few workers, started when needed and ended when idle. So have the
site's plug-ins, and each stylesheet and table that was stopped lately: a runaway keeps no order waiting a second time.
"""

from __future__ import annotations

import pickle
from collections import deque
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorProcess, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from engine.message import Refused, Unavailable
from engine.transform.framing import frame
from engine.transform.process import DEADLINE, DIED, Job, Kind, Worker, settle

FULL, STOPPING = "WB-1012", "the engine is stopping"
WINDOW = 64
"""Jobs in one worker's pipe at a time; the rest wait here, where any worker may take them."""
WINDOW_BYTES = 1 << 20
START_TRIES = 5
"""Starts that fail in a row before the waiting jobs are told so."""
GIB = 1 << 30
PLUGIN = "engine.transform.jobs:plugin"
SUSPECTS = frozenset(("engine.transform.jobs:xslt", "engine.transform.jobs:mapping"))
"""Jobs whose first argument is a file of the site."""
SUSPECTED = 600.0
"""Seconds for which a file that was stopped runs apart."""
MOST_SUSPECTS = 256
PICTURE_DEADLINE, PAPER_DEADLINE, READING_DEADLINE = 120.0, 120.0, 300.0
PICTURES = ("records.unpack", "records.inspect")
"""Imported before the first scanned page comes to such a worker: they take longer than a page."""
PICTURE_IDLE = 900.0
"""Seconds: while the next stack of paper is made ready, the workers that take its pages stay."""
NICEST = 19
GIVE_WAY = 5
"""How much nicer than the rest (`nice`) the workers are that run what may never end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many workers and how much may wait. idle: seconds after which an unused worker ends (0: never).

    window: jobs in one worker's pipe. What is taken back from a pipe is begun there all the same, so long jobs have
    none behind them: they would be begun again and again.
    """

    size: int
    deadline: float
    waiting: int
    waiting_bytes: int = 256 << 20
    idle: float = 0.0
    window: int = WINDOW


class Crew:
    """The workers of one kind and the queue before them."""

    _log = Logger()

    def __init__(self, reactor: Any, kind: Kind, limits: Limits) -> None:
        self._reactor = reactor
        self._kind = kind
        self._limits = limits
        self._workers: list[Worker] = []
        self._leaving: set[Worker] = set()
        self._queue: deque[Job] = deque()
        self._queued_bytes = 0
        self._failed_starts = 0
        self._turn: Any = None
        self._idle_timer: Any = None
        self._retry: Any = None
        self._stopped: Deferred[None] | None = None

    def start(self) -> None:
        """Have all workers, as far as the system gives them."""
        while len(self._workers) < self._limits.size and self._stopped is None and self._retry is None:
            worker = Worker(self._reactor, self._kind, self)
            try:
                worker.start()
            except OSError as error:
                self._log.error("no worker process: {type}", type=type(error).__name__)
                self._start_failed()
            else:
                self._workers.append(worker)

    @property
    def pids(self) -> list[int]:
        """Process ids of the living workers."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    @property
    def started(self) -> int:
        """How many workers take jobs."""
        return sum(worker.is_ready for worker in self._workers)

    def put(self, request: bytes, deadline: float | None) -> Deferred[Any]:
        """Queue one request (a frame)."""
        job = Job(request, self._limits.deadline if deadline is None else deadline, None)
        waiter: Deferred[Any] = Deferred(lambda _: setattr(job, "waiter", None))
        job.waiter = waiter
        if self._stopped is not None:
            settle(job, Unavailable(FULL, STOPPING))
        elif len(self._queue) >= self._limits.waiting or self._queued_bytes > self._limits.waiting_bytes:
            settle(job, Unavailable(FULL, f"too many {self._kind.name} jobs are waiting"))
        else:
            self._enqueue([job])
            self.start()
        return waiter

    def _enqueue(self, jobs: list[Job], first: bool = False) -> None:
        if first:
            self._queue.extendleft(reversed(jobs))
        else:
            self._queue.extend(jobs)
        self._queued_bytes += sum(len(job.frame) for job in jobs)
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        if self._turn is None:  # once a turn of the loop, so that what comes together goes in one write
            self._turn = self._reactor.callLater(0, self._dispatch)

    def _dispatch(self) -> None:
        self._turn = None
        while self._queue:
            free = [w for w in self._workers if w.is_ready and not w.is_slow and len(w.jobs) < self._limits.window]
            if not free:
                return
            worker = min(free, key=lambda w: len(w.jobs))
            share = -(-len(self._queue) // len(free))
            batch = self._take(min(share, self._limits.window - len(worker.jobs)))
            if batch:
                worker.send(batch)

    def _take(self, count: int) -> list[Job]:
        """Up to `count` jobs that somebody still waits for, not many bytes at once."""
        batch: list[Job] = []
        size = 0
        while self._queue and len(batch) < count and size < WINDOW_BYTES:
            job = self._queue.popleft()
            self._queued_bytes -= len(job.frame)
            if job.waiter is not None:
                batch.append(job)
                size += len(job.frame)
        return batch

    def ready(self, worker: Worker) -> None:
        """A worker has imported its modules."""
        self._failed_starts = 0

    def answered(self, worker: Worker) -> None:
        """Refill a worker before its pipe is empty; notice when nothing is left to do."""
        if self._queue:
            if len(worker.jobs) <= self._limits.window // 2 and self._turn is None:
                self._dispatch()
        elif self._limits.idle and self._idle_timer is None and not any(w.jobs for w in self._workers):
            self._idle_timer = self._reactor.callLater(self._limits.idle, self._end_idle)

    def stalled(self, worker: Worker) -> bool:
        """Give what waits behind a slow job to the others; False when there are none."""
        if not any(w.is_ready and not w.is_slow for w in self._workers if w is not worker):
            return False
        jobs = worker.take_back()
        if jobs:
            self._enqueue(jobs, first=True)
        return True

    def gone(self, worker: Worker, unstarted: list[Job], planned: bool = False) -> None:
        """A worker is being killed or has died: do what it had not begun elsewhere, have another."""
        self._workers.remove(worker)
        self._leaving.add(worker)
        if self._stopped is not None:
            for job in unstarted:
                settle(job, Unavailable(FULL, STOPPING))
            return
        if unstarted:
            self._enqueue(unstarted, first=True)
        if not worker.is_ready and not planned:
            self._start_failed()
        elif self._queue or not self._limits.idle:
            self.start()

    def ended(self, worker: Worker) -> None:
        """The system has taken a dead worker's exit status."""
        self._leaving.discard(worker)
        if self._stopped is not None and not self._leaving and not self._stopped.called:
            self._stopped.callback(None)

    def _start_failed(self) -> None:
        self._failed_starts += 1
        if self._failed_starts >= START_TRIES:
            self._fail_queue("worker processes do not start")
        if self._stopped is None and self._retry is None:
            self._retry = self._reactor.callLater(min(0.1 * 2**self._failed_starts, 10.0), self._try_again)

    def _try_again(self) -> None:
        self._retry = None
        if self._queue or not self._limits.idle:
            self.start()

    def _end_idle(self) -> None:
        self._idle_timer = None
        for worker in list(self._workers):
            worker.leave()

    def _fail_queue(self, reason: str) -> None:
        jobs, self._queue, self._queued_bytes = self._queue, deque(), 0
        for job in jobs:
            settle(job, Unavailable(FULL, reason))

    def stop(self) -> Deferred[None]:
        """End all workers at once; what was not done is `Unavailable`. Fires when every process has ended."""
        if self._stopped is not None:
            return self._stopped
        self._stopped = Deferred()
        for timer in (self._turn, self._idle_timer, self._retry):
            if timer is not None and timer.active():
                timer.cancel()
        for worker in list(self._workers):
            worker.leave()
        self._fail_queue(STOPPING)
        if not self._leaving and not self._stopped.called:
            self._stopped.callback(None)
        return self._stopped


class Pool:
    """Implements `engine.channel.Workers`. Constructing starts nothing; `start` does.

    size: light workers; deadline: their seconds a job, counted from when the worker begins it. waiting: how many
    jobs may wait for a worker. memory: bytes of address space a worker. idle: seconds until unused heavy workers end.
    pictures: modules of those that take scanned pages; picture_idle: seconds until these end.
    """

    def __init__(
        self,
        reactor: IReactorProcess | IReactorTime,
        size: int = 2,
        deadline: float = 5.0,
        *,
        waiting: int = 2000,
        memory: int = GIB,
        preload: tuple[str, ...] = ("engine.transform.jobs",),
        heavy_size: int = 1,
        heavy_deadline: float = 60.0,
        heavy_waiting: int = 100,
        heavy_memory: int = 2 * GIB,
        idle: float = 60.0,
        pictures: tuple[str, ...] = PICTURES,
        picture_idle: float = PICTURE_IDLE,
    ) -> None:
        self._light = Crew(reactor, Kind("light", memory, preload), Limits(size, deadline, waiting))
        heavy = Limits(heavy_size, heavy_deadline, heavy_waiting, idle=idle, window=1)
        self._heavy = Crew(reactor, Kind("heavy", heavy_memory), heavy)
        apart = Limits(size, deadline, waiting, idle=idle)
        self._apart = Crew(reactor, Kind("apart", memory, preload, GIVE_WAY), apart)
        # Scanned pages: what a person waits for on the screen; what takes long and may not stand before it (exports,
        # whole records, a site's patterns); and the reading of text, which gives way to everything.
        shown = Limits(size, PICTURE_DEADLINE, heavy_waiting, idle=picture_idle, window=1)
        self._pictures = Crew(reactor, Kind("pictures", heavy_memory, pictures), shown)
        papers = Limits(size, PAPER_DEADLINE, heavy_waiting, idle=idle, window=1)
        self._papers = Crew(reactor, Kind("papers", heavy_memory, nice=GIVE_WAY), papers)
        reading = Limits(size, READING_DEADLINE, heavy_waiting, idle=idle, window=1)
        self._reading = Crew(reactor, Kind("reading", heavy_memory, nice=NICEST), reading)
        self._crews = {
            "": self._light, "heavy": self._heavy, "apart": self._apart,
            "pictures": self._pictures, "papers": self._papers, "reading": self._reading,
        }  # fmt: skip
        self._reactor: Any = reactor
        self._suspects: dict[str, float] = {}

    def start(self) -> None:
        """Start the light workers."""
        self._light.start()

    async def stop(self) -> None:
        """End every worker process, and return when they have ended."""
        ending = [crew.stop() for crew in self._crews.values()]
        for ended in ending:
            await ended

    @property
    def pids(self) -> list[int]:
        """Process ids of all workers, for memory metrics."""
        return [pid for crew in self._crews.values() for pid in crew.pids]

    @property
    def ready(self) -> int:
        """How many light workers have started and take jobs."""
        return self._light.started

    def run(
        self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False, crew: str = ""
    ) -> Deferred[Any]:
        """Do `module:function` with these arguments in a worker; fires with its value or its failure.

        crew: for scanned pages `pictures`, for what takes long of them `papers`, and `reading`.

        Raises through the Deferred: what the job raised as `Failure`; `Refused` WB-2004 at the deadline; `Refused`
        WB-2005 when the worker died of it; `Unavailable` WB-1012 when full or stopping; `JobBug` for anything else.
        """
        request = frame(pickle.dumps((job, args), 5))
        if heavy or crew:
            return self._crews[crew or "heavy"].put(request, deadline)
        if job == PLUGIN:
            return self._apart.put(request, deadline)
        if job not in SUSPECTS:
            return self._light.put(request, deadline)
        file = str(args[0])
        chosen = self._apart if self._is_suspect(file) else self._light
        return chosen.put(request, deadline).addErrback(self._stopped, file)

    def _is_suspect(self, file: str) -> bool:
        """Whether a file was stopped lately. One that was corrected comes back after a while by itself."""
        if not self._suspects:
            return False
        since = self._suspects.get(file)
        if since is None or self._reactor.seconds() - since < SUSPECTED:
            return since is not None
        del self._suspects[file]
        return False

    def _stopped(self, failure: Failure, file: str) -> Failure:
        """Remember a file that ran over its deadline or killed its worker."""
        if isinstance(failure.value, Refused) and failure.value.code in (DEADLINE, DIED):
            while len(self._suspects) >= MOST_SUSPECTS:
                del self._suspects[next(iter(self._suspects))]
            self._suspects[file] = self._reactor.seconds()
        return failure
