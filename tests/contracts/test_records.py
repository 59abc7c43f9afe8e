"""The contract of `records`, on a real database."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from sqlalchemy import Connection, select

from channels.records import CALLS, Settings
from engine.message import Refused, Request, Unavailable, Xml, document_id
from engine.store.schema import document, metadata, patient
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, FileStore, World


class FullStore:
    """A disk that takes nothing more."""

    def __init__(self, store: FileStore) -> None:
        self.store = store

    async def write(self, operation: Callable[[Connection], Any]) -> Any:
        raise Unavailable("WB-1012", "the disk is full")

    def read(self, query: Callable[[Connection], Any]) -> Awaitable[Any]:
        return self.store.read(query)


class TestRecords(SinkContract):
    """The peer is the store: it takes a write whole or not at all, so there is no doubt."""

    TYPE: ClassVar[str] = "records"
    MOODS: ClassVar[frozenset[Mood]] = frozenset({Mood.GOOD, Mood.DOWN, Mood.REFUSES})
    body = f"<patient><number>1</number><name>{NAME}</name><birth_date>1988-04-12</birth_date><sex>F</sex></patient>"

    def settings(self, world: World) -> Settings:
        return Settings()

    async def peer(self, world: World, mood: Mood) -> None:
        metadata.create_all(world.store.engine)
        if mood is Mood.DOWN:
            world.services = dataclasses.replace(world.services, store=FullStore(world.store))
        if mood is Mood.REFUSES:
            self.body = self.body.replace("1988-04-12", "14岁")

    async def end(self, world: World) -> None:
        world.store.engine.dispose()

    def asked(self, operation: str, **arguments: Any) -> Request:
        at = datetime(2026, 11, 20, tzinfo=UTC)
        return Request(operation, arguments, "0" * 64, at, run=7, run_id="run-7", timeout=1.0)

    def request(self, world: World) -> Request:
        return self.asked("upsert_patient", body=Xml(self.body.encode()))

    def effects(self, world: World) -> int:
        return len(world.store.run_now(lambda conn: conn.execute(select(patient)).all()))

    async def test_a_patient_is_found_once_it_is_there(self, world: World) -> None:
        await self.peer(world, Mood.GOOD)
        channel = self.channel(world)
        find = self.asked("find_patient", number="1")
        assert (await channel.call(find)).value is None
        written = await channel.call(self.request(world))
        found = await channel.call(find)
        assert found.value == written.value
        assert isinstance(found.value, dict)
        assert (found.value["name"], found.value["birth_date"], found.value["sex"]) == (NAME, "1988-04-12", "F")
        await self.end(world)

    async def test_a_document_is_filed(self, world: World) -> None:
        await self.peer(world, Mood.GOOD)
        channel = self.channel(world)
        await channel.call(self.request(world))
        signed = world.blobs.put(b"signed", "application/pdf", "report.pdf")
        file = self.asked("file_document", document=signed, patient="1", kind="ANS report", title=None)
        identity = document_id("run-7", signed.sha256)
        for _ in range(2):
            assert (await channel.call(file)).value == {"id": identity, "path": f"/d/{identity}"}
        assert len(world.store.run_now(lambda conn: conn.execute(select(document)).all())) == 1
        unknown = dataclasses.replace(file, key="1" * 64, arguments={**file.arguments, "patient": "2"})
        unknown = dataclasses.replace(unknown, run_id="run-8")
        with pytest.raises(Refused, match="no patient"):
            await channel.call(unknown)
        await self.end(world)

    async def test_what_is_no_patient_and_no_document_is_refused(self, world: World) -> None:
        await self.peer(world, Mood.GOOD)
        channel = self.channel(world)
        for body in ("text", Xml(b"<other/>"), Xml(b"<patient><number/><name>x</name></patient>")):
            with pytest.raises(Refused, match="WB-3003"):
                await channel.call(self.asked("upsert_patient", body=body))
        with pytest.raises(Refused, match="no document"):
            await channel.call(self.asked("file_document", document="text", patient="1", kind="x"))
        assert set(CALLS) == {"upsert_patient", "find_patient", "file_document"}
        await self.end(world)
