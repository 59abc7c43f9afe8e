"""One measurement of a route: load, delivery, cost. Every accepted message must reach the sink once, and changed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from bench import machine
from bench.meter import Cost, Meter, disk_usage
from bench.rig import Child, Failed, Rig
from bench.sent import Sent, judged, received

DISTURBED = 0.3
"""Cores that others used during a run, from which on its figures say little."""
DRAIN = 60.0
"""Seconds for what was accepted to reach the sink."""
SETTLE = 0.3
"""Seconds after the last delivery: a message delivered twice shows, and the daemon writes that it is done."""
SAMPLE = 1.0


@dataclass(frozen=True, slots=True)
class Load:
    """connections: each with one message in flight. Either seconds or count."""

    connections: int
    seconds: float = 5.0
    count: int = 0
    warmup: float = 1.0


class _Reading:
    """All counters at one moment."""

    def __init__(self, rig: Rig, generator: Child) -> None:
        assert rig.sink is not None
        self.engine = rig.engine.cost()
        self.sink, self.generator = rig.sink.meter.cost(), generator.meter.cost()
        self.own = Meter(os.getpid()).own_cost()  # the others are children of this process
        self.busy = machine.busy_seconds()
        self.device = machine.device_bytes(rig.folder)
        self.disk = disk_usage(rig.state)
        self.at = time.monotonic()


def measure(rig: Rig, load: Load, first: int) -> dict[str, Any]:
    """One row. first: the number of the next message; the row's `next` is that of the next run."""
    assert rig.sink is not None
    fsync = machine.fsync_ms(rig.folder)
    amount = ("--count", load.count) if load.count else ("--seconds", load.seconds)
    generator = rig.generator(load.connections, first, "--warmup", load.warmup, *amount)
    try:
        warm = generator.says(load.warmup + DRAIN)
        if warm is None:
            raise Failed("the generator does not warm up")
        drained(rig.sink, warm["sent"] - warm["refused"])
        rig.sink.ask(f"dump {rig.received}")
        os.sync()
        before, peak = _Reading(rig, generator), rig.engine.pss()
        generator.tell("go")
        told = None
        while told is None:
            told = generator.says(SAMPLE)
            peak = max(peak, rig.engine.pss())
        drained(rig.sink, told["sent"] - told["refused"])
        time.sleep(SETTLE)
        after = _Reading(rig, generator)
        os.sync()
        device = machine.device_bytes(rig.folder) - before.device
        seen = rig.sink.ask(f"dump {rig.received}")
    finally:
        generator.end()
    start = first + int(warm["sent"])
    row = judged(Sent.read(rig.record, start), received(rig.received), seen)
    row |= _rates(row, told) | _costs(before, after, row["delivered"], device)
    return {
        "connections": load.connections, "fsync_ms": fsync, **row, "pss_mb": round(peak),
        "seconds": round(told["seconds"], 2),
        "refused": told["refused"], "refusal": told["example"], "next": start + told["sent"],
    }  # fmt: skip


def drained(sink: Child, wanted: int) -> None:
    """Wait until the sink has so many, or no longer."""
    ends = time.monotonic() + DRAIN
    while sink.ask("count")["different"] < wanted and time.monotonic() < ends:
        time.sleep(0.05)


def _rates(row: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """Delivered: from the first message that is sent to the last that is received."""
    whole = max(row.pop("last") - told["began"], 1e-9)
    return {
        "delivered_per_s": round(row["delivered"] / whole, 1),
        "acks_per_s": round(row["accepted"] / told["seconds"], 1),
    }


def _costs(before: _Reading, after: _Reading, count: int, device: int) -> dict[str, Any]:
    count, span = max(count, 1), after.at - before.at
    spent: dict[str, Cost] = {
        name: getattr(after, name).since(getattr(before, name)) for name in ("engine", "sink", "generator", "own")
    }
    foreign = max(0.0, after.busy - before.busy - sum(cost.cpu for cost in spent.values())) / span
    return {
        "cpu_s_per_1000": round(spent["engine"].cpu * 1000 / count, 3),
        "generator_cpu_s_per_1000": round(spent["generator"].cpu * 1000 / count, 3),
        "sink_cpu_s_per_1000": round(spent["sink"].cpu * 1000 / count, 3),
        "written_per_message": round(spent["engine"].written / count),
        "device_per_message": round(device / count),
        "growth_per_message": round((after.disk - before.disk) / count),
        "foreign_cores": round(foreign, 2), "disturbed": foreign > DISTURBED,
    }  # fmt: skip


def sound(row: dict[str, Any]) -> bool:
    """Whether nothing was lost, doubled, or changed in another way than asked."""
    return not any(row[fault] for fault in ("lost", "doubled", "strange", "spoilt")) and row["delivered"] > 0
