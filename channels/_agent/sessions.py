"""Who has said hello since this agent was started, and which of their requests have come: none is taken twice."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

SESSIONS = 64
"""The oldest goes when there are more: an engine that comes back then says hello again."""
WINDOW = 4096
"""Numbers below the highest that are still told apart: requests overtake each other on several connections."""


@dataclass(slots=True)
class Session:
    """One engine's. state: what a service remembers for it, by the name of the service."""

    highest: int = 0
    seen: set[int] = field(default_factory=set)
    state: dict[str, Any] = field(default_factory=dict)

    def takes(self, number: int) -> bool:
        """Whether this number is new; it is not from now on."""
        if number <= self.highest - WINDOW or number in self.seen:
            return False
        self.seen.add(number)
        if number > self.highest:
            self.highest = number
            if len(self.seen) > 2 * WINDOW:
                self.seen = {one for one in self.seen if one > number - WINDOW}
        return True


class Sessions:
    """In memory only: an agent that is started anew knows none, so nothing that was recorded before counts."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Session] = OrderedDict()

    def new(self) -> str:
        """The name of a new session."""
        name = secrets.token_urlsafe(24)
        self._known[name] = Session()
        while len(self._known) > SESSIONS:
            self._known.popitem(last=False)
        return name

    def get(self, name: object) -> Session | None:
        """The session of this name; it counts as used."""
        found = self._known.get(name) if isinstance(name, str) else None
        if found is not None:
            self._known.move_to_end(str(name))
        return found
