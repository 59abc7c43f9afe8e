"""How much memory the engine and its workers really hold: the proportional set size of the process tree."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

FRESH = 5.0
"""Seconds for which a measurement is good: reading it makes the kernel walk every page table."""


@dataclass(frozen=True, slots=True)
class Held:
    """MB of the process tree (0 where the system does not tell: not Linux), and how many processes are below us."""

    pss_mb: float
    children: int


_measured: tuple[float, Held] = (float("-inf"), Held(0.0, 0))


def measure() -> Held:
    """What is held, at most `FRESH` seconds old."""
    global _measured
    now = time.monotonic()
    if now - _measured[0] > FRESH:
        pids = tree(os.getpid())
        _measured = (now, Held(round(sum(_pss_kb(pid) for pid in pids) / 1024, 1), len(pids) - 1))
    return _measured[1]


def tree(pid: int) -> list[int]:
    """This process and all below it."""
    found = [pid]
    for thread in _children_files(pid):
        try:
            children = thread.read_text().split()
        except OSError:  # the thread or process has just ended
            continue
        for child in children:
            found += tree(int(child))
    return found


def _children_files(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").glob("*/children"))
    except OSError:
        return []


def _pss_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
