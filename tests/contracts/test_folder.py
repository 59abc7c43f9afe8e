"""The contract of `folder` as a sink, and the watching: half-written, foreign, late, moved, killed, hung."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from channels.folder import Settings
from engine.message import Request
from engine.site.settings import Duration, SitePath
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World


class TestFolder(SinkContract):
    """The peer is the share: there, away, or holding somebody else's folder."""

    TYPE: ClassVar[str] = "folder"
    # A hung share cannot be made in a temporary folder; see test_a_hung_share_is_told for the watching.
    MOODS: ClassVar[frozenset[Mood]] = frozenset({Mood.GOOD, Mood.DOWN, Mood.REFUSES})

    def root(self, world: World) -> Path:
        return world.services.state.parent / "share"

    def settings(self, world: World) -> Settings:
        return Settings(SitePath(self.root(world)), settle=Duration(0.05), poll=Duration(0.02))

    async def peer(self, world: World, mood: Mood) -> None:
        if mood is not Mood.DOWN:
            self.root(world).mkdir(exist_ok=True)
        if mood is Mood.REFUSES:
            (self.root(world) / "p" / "o").mkdir(parents=True)

    def request(self, world: World) -> Request:
        arguments = {"make": "p/o", "note": NAME}
        at = datetime(2026, 11, 20, tzinfo=UTC)
        return Request("make", arguments, "0" * 64, at, run=1, run_id="run-1", timeout=1.0)

    def effects(self, world: World) -> int:
        return len(list(self.root(world).glob("p/*/order.txt")))
