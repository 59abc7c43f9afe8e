"""A wall clock that jumps is noticed by the monotonic one."""

from __future__ import annotations

LASTS = 600.0
"""Seconds for which a jump is told; then the new time is the time."""
SLEW = 0.001
"""A clock that is set right slowly may run so much faster or slower: that is no jump."""


class ClockWatch:
    """`look` at both clocks again and again; `jump` is what was seen in the last ten minutes, in seconds."""

    def __init__(self) -> None:
        self._last: tuple[int, float] | None = None
        self._jumps: list[tuple[float, float]] = []

    def look(self, wall: int, monotonic: float) -> None:
        """wall: UTC milliseconds; monotonic: seconds."""
        last, self._last = self._last, (wall, monotonic)
        self._jumps = [one for one in self._jumps if monotonic - one[0] < LASTS]
        if last is None:
            return
        passed = monotonic - last[1]
        jumped = (wall - last[0]) / 1000 - passed
        if abs(jumped) > 1 + passed * SLEW:
            self._jumps.append((monotonic, jumped))

    @property
    def jump(self) -> float:
        """The largest, with its sign; 0 when there was none."""
        return max((jumped for _, jumped in self._jumps), key=abs, default=0.0)
