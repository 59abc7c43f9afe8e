"""What a figure was measured on: processor, cores, kernel, disk; and how busy the whole machine is."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Any

BLOCK = 4096


def about(folder: Path) -> dict[str, Any]:
    """The machine; the disk is that of `folder`."""
    return {
        "processor": _processor(), "cores": len(os.sched_getaffinity(0)), "memory_gib": _memory(),
        "kernel": platform.release(), "python": _python(), "fsync_ms": fsync_ms(folder),
        "load": round(os.getloadavg()[0], 2),
    }  # fmt: skip


def line(machine: dict[str, Any]) -> str:
    """The machine in a line."""
    return (
        f"{machine['cores']} cores, {machine['processor']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}, "
        f"Python {machine['python']}, fsync {machine['fsync_ms']} ms"
    )


def fsync_ms(folder: Path, times: int = 40) -> float:
    """Median milliseconds to write 4 KiB and have it on the disk."""
    path = folder / "fsync.probe"
    took = []
    with path.open("wb", buffering=0) as file:
        for number in range(times):
            began = time.perf_counter()
            file.write(bytes([number]) * BLOCK)
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    path.unlink()
    return round(statistics.median(took), 2)


def busy_seconds() -> float:
    """Seconds that all cores together have worked since the machine started, for anybody."""
    user, nice, system, _, _, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def device_bytes(folder: Path) -> int:
    """Bytes written to the device of `folder` since the machine started, by anybody; 0 where that is not told."""
    number = folder.stat().st_dev
    path = Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/stat")
    return int(path.read_text().split()[6]) * 512 if path.exists() else 0


def _python() -> str:
    """Builds of one version differ by a third: a distribution's is built with a profile, one's own often is not."""
    whose = "the system's" if sys.base_prefix == "/usr" else "another build"
    return f"{platform.python_version()} ({whose})"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((one.split(":")[1].strip() for one in lines if one.startswith("model name")), "unknown processor")


def _memory() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30), 1)
