"""Requests a second through the worker pool: `python -m bench.transform_pool [--job echo] [--size 2] ...`.

`echo` sends a body there and back, the pool itself; the others are the jobs of an order's way.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import time
from pathlib import Path
from typing import Any

import uvloop

asyncio.set_event_loop(uvloop.new_event_loop())

from twisted.internet import asyncioreactor  # noqa: E402  (the loop must be there before the reactor)

asyncioreactor.install(asyncio.get_event_loop())  # type: ignore[no-untyped-call]

from twisted.internet import reactor as _installed  # noqa: E402
from twisted.internet.defer import Deferred  # noqa: E402

from engine.transform.pool import Pool  # noqa: E402

reactor: Any = _installed  # the stubs know less than the asyncio reactor does


HERE = Path(__file__).resolve().parents[1]
BODY = (HERE / "tests/data/his/AddRisAppBillRt-layout-a.xml").read_bytes()


def jobs() -> dict[str, tuple[Any, ...]]:
    """The arguments of `Pool.run` by the job's word here."""
    return {"echo": ("builtins:bytes", BODY[:2048])}


async def load(pool: Pool, count: int, concurrency: int, job: tuple[Any, ...]) -> list[float]:
    """`count` requests from `concurrency` callers; the seconds of each."""
    taken: list[float] = []
    left = iter(range(count))

    async def caller() -> None:
        for _ in left:
            began = time.perf_counter()
            await pool.run(*job)
            taken.append(time.perf_counter() - began)

    callers = [Deferred.fromCoroutine(caller()) for _ in range(concurrency)]
    for one in callers:
        await one
    return taken


async def measure(options: argparse.Namespace) -> None:
    """Warm up, measure, print one line."""
    pool = Pool(reactor, size=options.size)
    pool.start()
    job = jobs()[options.job]
    await load(pool, 200, options.concurrency, job)
    cpu = resource.getrusage(resource.RUSAGE_SELF)
    began = time.perf_counter()
    taken = sorted(await load(pool, options.count, options.concurrency, job))
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    own = used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime
    print(
        f"{options.job} size={options.size} concurrency={options.concurrency}: {options.count / seconds:.0f}/s "
        f"p50 {taken[len(taken) // 2] * 1e3:.1f} ms p99 {taken[len(taken) * 99 // 100] * 1e3:.1f} ms, "
        f"daemon CPU {own / options.count * 1e6:.0f} us a request"
    )
    await pool.stop()


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--job", choices=sorted(jobs()), default="echo")
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--size", type=int, default=2)
    options.add_argument("--concurrency", type=int, default=32)
    given = options.parse_args()

    def begin() -> None:
        ran = Deferred.fromCoroutine(measure(given))
        _ = ran.addErrback(lambda failure: print(failure.getTraceback())).addBoth(lambda _: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()


if __name__ == "__main__":
    main()
