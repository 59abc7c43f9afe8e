"""The contract of `records`, on a real database."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import Connection, select

from channels.records import Settings
from engine.message import Request, Unavailable, Xml
from engine.store.schema import metadata, patient
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, FileStore, World


class FullStore:
    """A disk that takes nothing more."""

    def __init__(self, store: FileStore) -> None:
        self.store = store

    async def write(self, operation: Callable[[Connection], Any], *, background: bool = False) -> Any:
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
