"""How much the crash tests do: a little in `make test`, as much as wanted in `make crash`."""

from __future__ import annotations

import os

LONG = bool(os.environ.get("WAYBILL_LONG"))
"""`make crash` and `make fuzz` set it."""


def times(short: int, long: int) -> int:
    """How often, of each of the two."""
    return long if LONG else short
