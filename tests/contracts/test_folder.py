"""The contract of `folder` as a sink, and the watching: half-written, foreign, late, moved, killed, hung."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from twisted.internet.threads import deferToThread

from channels.folder import Settings
from engine.message import Request
from engine.site.settings import Duration, SitePath
from tests.contracts.agent_peer import AgentProcess
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World, make_world


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


class TestFolderBehindAnAgent(TestFolder):
    """The same share, reached through a real agent over TLS."""

    agent: AgentProcess | None = None

    @pytest.fixture(name="world")
    def fixture_world(self, reactor: Any, tmp_path: Path) -> Iterator[World]:
        """The engine knows the agent's secret."""
        yield make_world(reactor, tmp_path, {})
        if self.agent is not None:
            self.agent.stop()

    def settings(self, world: World) -> Settings:
        agent = self.agent or AgentProcess(world.services.state / "agent", "")
        world.services.secret.__self__["agent"] = agent.pairing.secret  # type: ignore[attr-defined]
        return Settings(agent=agent.settings(serves="device"), poll=Duration(0.02))

    async def peer(self, world: World, mood: Mood) -> None:
        await super().peer(world, mood)
        self.agent = await deferToThread(serving(world, self.root(world)).start)

    async def end(self, world: World) -> None:
        assert self.agent is not None
        assert NAME not in self.agent.log
        self.agent.stop()


def serving(world: World, root: Path) -> AgentProcess:
    """An agent, not started, that serves this folder as `device`."""
    serve = f"  device: {{type: folder, path: {root}, settle: 50ms, poll: 20ms}}\n"
    return AgentProcess(world.services.state / "agent", serve)
