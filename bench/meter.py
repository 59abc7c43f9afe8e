"""What processes cost: CPU seconds, memory, bytes written; of a process with all its children."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds, and bytes that the file system was given, since the processes began."""

    cpu: float
    written: int

    def since(self, before: Cost) -> Cost:
        return Cost(self.cpu - before.cpu, self.written - before.written)


class Meter:
    """Of one process and its children; a child that has ended counts on with its parent."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def pids(self) -> list[int]:
        """The process, then its children and theirs."""
        found, new = [], [self._pid]
        while new:
            pid = new.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                new += [int(child) for child in _read(children).split()]
        return found

    def cost(self) -> Cost:
        parts = [Meter(pid).own_cost() for pid in self.pids()]
        return Cost(sum(part.cpu for part in parts), sum(part.written for part in parts))

    def own_cost(self) -> Cost:
        """Of the process without the children that it has now."""
        fields = _read(Path(f"/proc/{self._pid}/stat")).rpartition(")")[2].split()
        written = _number(r"^write_bytes:\s+(\d+)", _read(Path(f"/proc/{self._pid}/io")))
        return Cost(sum(map(int, fields[11:15])) / _TICK, written)

    def pss(self) -> float:
        """MB; each shared page is counted once."""
        return sum(Meter(pid).own_pss() for pid in self.pids())

    def own_pss(self) -> float:
        """MB of the process without its children."""
        return _number(r"^Pss:\s+(\d+)", _read(Path(f"/proc/{self._pid}/smaps_rollup"))) / 1024


def disk_usage(folder: Path) -> int:
    """Bytes on the disk below `folder`."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_blocks * 512
            except FileNotFoundError:
                continue  # a temporary file
    return total


def _read(path: Path) -> str:
    """Empty when the process has gone."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text, re.MULTILINE)
    return int(found[1]) if found else 0
