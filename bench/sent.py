"""What was sent against what came: loss, doubles, order, times."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Sent:
    """What the generator wrote, by number from `first` on: when sent, when answered (0: refused), by whom."""

    first: int
    sent: array[float]
    answered: array[float]
    by: array[int]

    @classmethod
    def read(cls, path: Path, first: int) -> Sent:
        count = path.stat().st_size // 24
        with path.open("rb") as file:
            return cls(first, _column("d", file, count), _column("d", file, count), _column("q", file, count))


def _column(kind: str, file: Any, count: int) -> Any:
    column: array[Any] = array(kind)
    column.fromfile(file, count)
    return column


def received(path: Path) -> list[tuple[int, float]]:
    """What the sink wrote: numbers and times, as they came."""
    count = path.stat().st_size // 16
    with path.open("rb") as file:
        return list(zip(_column("q", file, count), _column("d", file, count), strict=True))


def judged(book: Sent, received: list[tuple[int, float]], seen: dict[str, Any]) -> dict[str, Any]:
    """Loss, doubles, order, and the times of each message."""
    came: dict[int, float] = {}
    last: dict[int, int] = {}
    doubled = strange = overtaken = 0
    for number, at in received:
        place = number - book.first
        if not 0 <= place < len(book.sent):
            strange += 1
        elif number in came:
            doubled += 1
        else:
            came[number] = at
            overtaken += number < last.get(book.by[place], 0)
            last[book.by[place]] = number
    good = [place for place, at in enumerate(book.answered) if at]
    there = [place for place in good if book.first + place in came]
    acks = sorted(book.answered[place] - book.sent[place] for place in good)
    ends = sorted(came[book.first + place] - book.sent[place] for place in there)
    return {
        "accepted": len(good), "delivered": len(there), "lost": len(good) - len(there), "doubled": doubled,
        "strange": strange, "overtaken": overtaken, "spoilt": seen["spoilt"],
        "ack_p50_ms": percentile(acks, 0.5), "ack_p99_ms": percentile(acks, 0.99),
        "end_p50_ms": percentile(ends, 0.5), "end_p99_ms": percentile(ends, 0.99),
        "last": max(came.values(), default=0.0),
    }  # fmt: skip


def percentile(ranked: list[float], share: float) -> float:
    """Milliseconds, nearest rank; of seconds in order."""
    return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1000, 2) if ranked else 0.0
