"""What is wrong with the machine below the engine: its disk, its wall clock. Said by every connection's health."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class Condition:
    """Reasons by what they are about; each change is said once. told: called after a change."""

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        self._reasons: dict[str, str] = {}
        self._told = told

    def say(self, about: str, reason: str) -> None:
        """A reason in one line; empty: it is well again."""
        if self._reasons.get(about, "") == reason:
            return
        if reason:
            log.error("%s", reason)
            self._reasons[about] = reason
        else:
            log.warning("the %s is well again", about)
            del self._reasons[about]
        self._told()

    def reasons(self, about: str) -> list[str]:
        """None or one."""
        return [reason for word, reason in self._reasons.items() if word == about]

    def text(self) -> str:
        """All of it in one line; empty when all is well."""
        return "; ".join(self._reasons.values())
