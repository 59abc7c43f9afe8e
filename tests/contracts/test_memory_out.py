"""memory_out keeps the contract of a sink. Its peer is a function: it is never away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.memory_out import Call, Settings
from engine.message import InDoubt, Refused, Request, Value
from tests.contracts.base import Mood, SinkContract
from tests.contracts.fakes import NAME, World


class TestMemoryOut(SinkContract):
    TYPE = "memory_out"
    MOODS = frozenset({Mood.GOOD, Mood.REFUSES, Mood.DOUBT})

    @pytest.fixture(autouse=True)
    def fixture_peer(self) -> None:
        self.mood = Mood.GOOD
        self.done = 0

    def settings(self, world: World) -> Any:
        return Settings()

    def channel(self, world: World) -> Any:
        channel = super().channel(world)
        channel.answer = self.answer
        return channel

    def answer(self, request: Request) -> Value:
        if self.mood is Mood.REFUSES:
            raise Refused("WB-3003", "the peer refuses")
        self.done += 1
        if self.mood is Mood.DOUBT:
            raise InDoubt("WB-3002", "no answer came")
        return {"taken": True}

    async def peer(self, world: World, mood: Mood) -> None:
        self.mood = mood

    def request(self, world: World) -> Request:
        return Request("send", {"body": NAME}, "ab" * 32, datetime.now(UTC), timeout=1.0)

    def effects(self, world: World) -> int:
        return self.done

    async def test_it_is_asked_by_the_key(self, world: World) -> None:
        channel = self.channel(world)
        await channel.start()
        request = self.request(world)
        assert await channel.ask(request) is None
        await channel.call(request)
        answered = await channel.ask(request)
        assert answered is not None
        assert answered.value == {"taken": True}
        await channel.stop()

    def test_any_word_is_an_operation(self) -> None:
        assert list(self.module.CALLS.values()) == [Call]
