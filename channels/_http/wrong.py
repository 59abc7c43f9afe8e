"""Wrong credentials: each is answered late, so that nobody tries many; who has the right one never waits."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Any

from twisted.internet.task import deferLater

from channels._http.credentials import Credential

PAUSE = 1.0
"""Seconds until a wrong credential is answered."""
MOST = 4
"""Of one address at a time. While so many wait, no other of it is looked at: an early answer would tell of it."""


class Wrong:
    """The wrong ones that wait for their answer, by address."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._waiting: Counter[str] = Counter()

    def judge(self, credential: Credential, presented: str, address: str) -> int:
        """0: right. 401: none, or wrong. 429: not looked at."""
        if presented and self.too_many(address):
            return int(HTTPStatus.TOO_MANY_REQUESTS)
        return 0 if credential.matches(presented) else int(HTTPStatus.UNAUTHORIZED)

    def too_many(self, address: str) -> bool:
        """Whether nothing more of this address is looked at now."""
        return self._waiting.get(address, 0) >= MOST

    async def wait(self, address: str) -> None:
        """Until one may be answered."""
        self._waiting[address] += 1
        try:
            await deferLater(self._reactor, PAUSE)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
