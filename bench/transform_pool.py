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

asyncioreactor.install(asyncio.get_event_loop())

from twisted.internet import reactor as _installed  # noqa: E402
from twisted.internet.defer import Deferred  # noqa: E402

from engine.message import Xml  # noqa: E402
from engine.site.model import Label  # noqa: E402
from engine.site.paths import Template, XPath  # noqa: E402
from engine.transform.jobs import AcceptSpec, RunHeader, SplitSpec, split, xslt  # noqa: E402
from engine.transform.pool import Pool  # noqa: E402
from engine.transform.split import By  # noqa: E402

reactor: Any = _installed  # the stubs know less than the asyncio reactor does


HERE = Path(__file__).resolve().parents[1]
HIS = HERE / "transforms/his"
BODY = (HERE / "tests/data/his/AddRisAppBillRt-layout-a.xml").read_bytes()
JOBS = "engine.transform.jobs:"


def jobs() -> dict[str, tuple[Any, ...]]:
    """The arguments of `Pool.run` by the job's word here: one order of two items, and its first item."""
    reply, order = str(HIS / "reply.xsl"), XPath("//OEORIOrderItemID")
    labels = (Label("order_id", order), Label("patient_id", XPath("//PATPatientID")))
    identity = (XPath("//Header/SourceSystem"), XPath("//Header/MessageID"))
    accept = AcceptSpec({}, str(HIS / "AddRisAppBillRt.xsd"), identity, labels, reply, reply, "r")
    split_ = SplitSpec(By(XPath("//OrderList[not(Order)] | //OrderList/Order")), (order,), labels)
    body = Xml(BODY[BODY.index(b"<Request") :])
    part = split(split_, {"body": body})[0].value
    header = RunHeader("r", 1, "2026-11-20T11:30:00+08:00", 1, "ab" * 32)
    made = xslt(HIS / "order.xsl", header, part, {})
    client = str(HERE / "transforms/device/client.yaml")
    return {
        "echo": ("builtins:bytes", BODY[:2048]),
        "accept": (JOBS + "accept", accept, BODY, "text/xml"),
        "split": (JOBS + "split", split_, {"body": body}),
        "xslt": (JOBS + "xslt", str(HIS / "order.xsl"), header, part, {}),
        "mapping": (JOBS + "mapping", client, {"order": made}, {}),
        "evaluate": (
            JOBS + "evaluate",
            {"a": Template("$(order/id|filename)"), "b": order},
            {"order": made, "body": part},
            {},
        ),
    }


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
    print(f"workers: {sum(map(pss, pool.pids)) / 2**20:.0f} MiB PSS together")
    await pool.stop()


def pss(pid: int) -> int:
    """Bytes that a process has for itself, with its share of what it shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


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
