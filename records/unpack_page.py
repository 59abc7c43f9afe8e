"""What unpacking a file says of one of its pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from engine.message import Refused

TOO_MANY = "WB-8023"  # a file has more pages than may be taken, or none


@dataclass(frozen=True, slots=True)
class Made:
    """A page's master is in `file`. lossless: False: the page was drawn, because it is not one picture.

    rotate: quarter turns in degrees that the file wants it shown by.
    """

    number: int
    file: str
    media_type: str
    width: int
    height: int
    dpi: int
    lossless: bool = True
    rotate: int = 0

    def shown(self) -> dict[str, Any]:
        """As a job answers it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A page of which there is no master, and why."""

    number: int
    code: str
    reason: str

    def shown(self) -> dict[str, Any]:
        """As a job answers it."""
        return asdict(self)


def count(total: int, limit: int) -> int:
    """The number of pages, if it may be taken."""
    if total < 1:
        raise Refused(TOO_MANY, "the file has no page")
    if total > limit:
        raise Refused(TOO_MANY, f"the file has more than {limit} pages")
    return total
