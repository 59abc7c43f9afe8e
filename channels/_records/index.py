"""Writes the keys by which patients are found, of those who were there before there were keys."""

from __future__ import annotations

from functools import partial

from engine.channel import Services
from engine.message import Unavailable
from records import patients

PIECE = 100


class Indexing:
    """Goes through the table once at each start; who comes later is indexed when written."""

    topic = "work:index"
    pause = 60.0

    def __init__(self, services: Services) -> None:
        self._services = services
        self._after = 0
        self._is_done = False

    async def round(self) -> None:
        """Piece by piece to the end. A store that takes nothing now is asked again in the next round."""
        while not self._is_done:
            piece = partial(patients.index, after=self._after, limit=PIECE)
            try:
                found = await self._services.store.write(piece, background=True)
            except Unavailable:
                return
            self._is_done = found is None
            self._after = self._after if found is None else found

    async def stop(self) -> None:
        """What is not indexed yet has no keys, and is found at the next start."""
