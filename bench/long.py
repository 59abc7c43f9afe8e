"""Whether memory or the write-ahead log grow while many messages pass. `python -m bench.long [--count 1000000]`.

MLLP to MLLP, 32 connections, nothing pruned. Samples the PSS of all processes of the engine and the size of its log;
prints the slope after the first fifth, in MB for each million messages.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bench import machine
from bench.flow import drained
from bench.messages import Route
from bench.meter import Meter
from bench.rig import Rig
from bench.sent import Sent, judged, received

EVERY = 3.0
WARM = 0.2
"""Share of the messages that pass before the slope is taken: caches fill, SQLite takes its pages."""


def sample(rig: Rig) -> dict[str, float]:
    """One look: how many messages are through, what memory and log are."""
    assert rig.sink is not None
    daemon, *workers = [round(Meter(pid).own_pss(), 1) for pid in rig.engine.pids()]
    wal = rig.state / "waybill.sqlite-wal"
    return {
        "at": round(time.monotonic(), 1), "messages": rig.sink.ask("many")["messages"], "daemon_mb": daemon,
        "workers_mb": sum(workers), "wal_mb": round(wal.stat().st_size / 1e6, 1) if wal.exists() else 0.0,
        "store_mb": round((rig.state / "waybill.sqlite").stat().st_size / 1e6, 1),
    }  # fmt: skip


def run(count: int, connections: int = 32, route: Route = "mllp", every: float = EVERY) -> dict[str, Any]:
    """`count` messages through the route; the samples, and what follows from them."""
    with Rig(route) as rig:
        assert rig.sink is not None
        about, samples = machine.about(rig.folder), [sample(rig)]
        generator = rig.generator(connections, 1, "--count", count, "--warmup", 0)
        try:
            generator.says(60)
            generator.tell("go")
            told = None
            while told is None:
                told = generator.says(every)
                samples.append(sample(rig))
            drained(rig.sink, told["sent"] - told["refused"])
            samples.append(sample(rig))
            seen = rig.sink.ask(f"dump {rig.received}")
        finally:
            generator.end()
        row = judged(Sent.read(rig.record, 1), received(rig.received), seen)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": about, "connections": connections,
        "count": count, "nice": os.nice(0), "per_second": round(count / told["seconds"], 1), "samples": samples,
        "lost": row["lost"], "doubled": row["doubled"], **judge(samples),
    }  # fmt: skip


def judge(samples: Sequence[dict[str, float]]) -> dict[str, float]:
    """Slope in MB for each million messages after warm-up, how far it reached, the longest log."""
    last = samples[-1]["messages"]
    warm = [one for one in samples if one["messages"] >= WARM * last]
    memory = [one["daemon_mb"] + one["workers_mb"] for one in samples]
    return {
        "slope_mb_per_million": round(slope(warm, "daemon_mb") * 1e6, 1),
        "workers_slope_mb_per_million": round(slope(warm, "workers_mb") * 1e6, 1),
        "warm_mb": round(warm[0]["daemon_mb"] + warm[0]["workers_mb"], 1), "end_mb": round(memory[-1], 1),
        "peak_mb": round(max(memory), 1), "wal_peak_mb": max(one["wal_mb"] for one in samples),
        "store_mb": samples[-1]["store_mb"],
    }  # fmt: skip


def slope(samples: Sequence[dict[str, float]], name: str) -> float:
    """MB a message, by least squares; 0 where there are too few to say."""
    if len({one["messages"] for one in samples}) < 2:
        return 0.0
    found = statistics.linear_regression([one["messages"] for one in samples], [one[name] for one in samples])
    return float(found.slope)


def lines(result: dict[str, Any]) -> list[str]:
    """For a person."""
    faults = f"{result['lost']} lost, {result['doubled']} doubled"
    memory = (
        f"memory after warm-up {result['warm_mb']} MB, at the end {result['end_mb']} MB, peak {result['peak_mb']} MB"
    )
    slopes = f"daemon {result['slope_mb_per_million']} MB, workers {result['workers_slope_mb_per_million']} MB"
    return [
        f"{result['count']:,} messages at {result['per_second']:,.0f}/s, {result['connections']} connections: {faults}",
        f"{memory}; slope for each million messages: {slopes}",
        f"the store has {result['store_mb']:,.0f} MB; its log was never above {result['wal_peak_mb']} MB",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = run(options.count, options.connections)
    print(json.dumps(result) if options.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
