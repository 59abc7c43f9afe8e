"""The contract of `access`, against libsqliteodbc."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from twisted.internet.threads import deferToThread

from channels.access import IfExists, Settings
from engine.message import Request
from engine.site.settings import Duration, Secret, SitePath
from tests.contracts.agent_peer import AgentProcess
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World, make_world


class TestAccess(SinkContract):
    """The device's program is a second connection to the same file."""

    TYPE: ClassVar[str] = "access"
    SECRETS: ClassVar[dict[str, str]] = {"device_password": "not used by SQLite"}
    wait = 2.0
    held: sqlite3.Connection

    def file(self, world: World) -> Path:
        return world.services.site / "device.sqlite"

    def settings(self, world: World) -> Settings:
        return Settings("SQLite3", SitePath(self.file(world)), Secret("device_password"), Duration(self.wait))

    async def peer(self, world: World, mood: Mood) -> None:
        file = self.file(world)
        self.held = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self.held.execute("CREATE TABLE IF NOT EXISTS Clients (ClientID VARCHAR(50) PRIMARY KEY, Name VARCHAR(100))")
        if mood is Mood.DOWN:
            self.wait = 0.1
            self.held.execute("BEGIN EXCLUSIVE")
        if mood is Mood.REFUSES:
            self.held.execute("INSERT INTO Clients VALUES ('175||1', 'another')")
        if mood is Mood.DOUBT:
            # A reader: the row is written, and COMMIT waits for it to end.
            self.held.execute("INSERT INTO Clients VALUES ('0', 'x')")
            self.held.execute("BEGIN")
            self.held.execute("SELECT * FROM Clients").fetchone()

    async def end(self, world: World) -> None:
        self.held.close()

    def request(self, world: World) -> Request:
        arguments = {
            "insert": "Clients",
            "key": ["ClientID"],
            "if_exists": IfExists.SAME,
            "values": {"ClientID": "175||1", "Name": NAME},
        }
        return Request("insert", arguments, "0" * 64, datetime(2026, 11, 20, tzinfo=UTC), timeout=0.7)

    def effects(self, world: World) -> int:
        connection = sqlite3.connect(self.file(world))
        count: int = connection.execute("SELECT count(*) FROM Clients WHERE Name <> 'x'").fetchone()[0]
        connection.close()
        return count


class TestAccessBehindAnAgent(TestAccess):
    """The same peer, reached through a real agent over TLS."""

    agent: AgentProcess | None = None

    @pytest.fixture(name="world")
    def fixture_world(self, reactor: Any, tmp_path: Path) -> Iterator[World]:
        """The engine knows the agent's secret."""
        secrets: dict[str, str] = {}
        yield make_world(reactor, tmp_path, secrets)
        if self.agent is not None:
            self.agent.stop()

    def settings(self, world: World) -> Settings:
        agent = self.agent or AgentProcess(world.services.state / "agent", "")
        world.services.secret.__self__["agent"] = agent.pairing.secret  # type: ignore[attr-defined]
        return Settings(timeout=Duration(self.wait), agent=agent.settings(serves="device"))

    async def peer(self, world: World, mood: Mood) -> None:
        await super().peer(world, mood)
        serve = f"  device: {{type: access, driver: SQLite3, file: {self.file(world)}, timeout: {self.wait}s}}\n"
        self.agent = await deferToThread(AgentProcess(world.services.state / "agent", serve).start)

    async def end(self, world: World) -> None:
        await super().end(world)
        assert self.agent is not None
        assert NAME not in self.agent.log
        self.agent.stop()
