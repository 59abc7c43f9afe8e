"""The contract of `access`, against libsqliteodbc."""

from __future__ import annotations

import dataclasses
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from channels.access import CALLS, IfExists, Settings
from engine.message import InDoubt, Refused, Request, Response, Unavailable
from engine.site.settings import Duration, Secret, SitePath
from tests.contracts.base import Mood, SinkContract, until
from tests.contracts.fakes import NAME, World


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

    def other(self, world: World, operation: str, arguments: dict[str, Any]) -> Request:
        return dataclasses.replace(self.request(world), operation=operation, arguments=arguments)

    async def test_update_and_find(self, world: World) -> None:
        await self.peer(world, Mood.GOOD)
        channel = self.channel(world)
        await channel.call(self.request(world))
        values = {"ClientID": "175||1", "Name": f"{NAME}2"}
        update = self.other(world, "update", {"update": "Clients", "key": ["ClientID"], "values": values})
        for expected in ("changed", "same"):
            assert (await channel.call(update)).value == {"row": expected}
        find = self.other(world, "find", {"find": "Clients", "key": {"ClientID": "175||1"}})
        assert (await channel.call(find)).value == values
        none = self.other(world, "find", {"find": "Clients", "key": {"ClientID": "0"}})
        assert (await channel.call(none)).value is None
        assert set(CALLS) == {"insert", "update", "find"}
        await self.end(world)

    async def test_an_insert_that_refuses_any_row_can_be_asked(self, world: World) -> None:
        await self.peer(world, Mood.GOOD)
        channel = self.channel(world)
        request = self.request(world)
        request = self.other(world, "insert", {**request.arguments, "if_exists": IfExists.REFUSE})
        assert channel.repeat("insert", request.arguments) == "ask"
        assert await channel.ask(request) is None
        assert await channel.call(request) == Response({"row": "new"}, "row new")
        assert await channel.ask(request) == Response({"row": "same"}, "row same")
        await self.end(world)

    async def test_doubt_ends_in_one_row(self, world: World, reactor: Any) -> None:
        await self.peer(world, Mood.DOUBT)
        channel = self.channel(world)
        with pytest.raises(InDoubt):
            await channel.call(self.request(world))
        self.held.execute("ROLLBACK")
        await until(reactor, lambda: self.effects(world) == 1)
        assert (await channel.call(self.request(world))).value == {"row": "same"}
        assert self.effects(world) == 1
        await self.end(world)

    async def test_a_job_that_was_given_up_in_the_queue_writes_nothing(self, world: World) -> None:
        await self.peer(world, Mood.DOWN)
        self.wait = 2.0
        channel = self.channel(world)
        with pytest.raises(Unavailable, match="nothing was written"):
            await channel.call(self.request(world))
        self.held.execute("ROLLBACK")
        # The thread is ours again only when the abandoned job has ended.
        find = self.other(world, "find", {"find": "Clients", "key": {"ClientID": "175||1"}})
        assert (await channel.call(dataclasses.replace(find, timeout=10))).value is None
        await self.end(world)

    async def test_values_that_are_no_row_are_refused(self, world: World) -> None:
        await self.peer(world, Mood.GOOD)
        request = self.request(world)
        nothing: list[Any] = ["text", {}]
        for values in nothing:
            with pytest.raises(Refused, match="WB-3003"):
                await self.channel(world).call(self.other(world, "insert", {**request.arguments, "values": values}))
        assert self.effects(world) == 0
        await self.end(world)
