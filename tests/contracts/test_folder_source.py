"""The contract of `folder` as a source. Its peer is a scanner: it writes a file and waits for no answer."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any, ClassVar

from twisted.internet.defer import Deferred

from channels.folder import Settings
from engine.channel import HealthState
from engine.message import Refused
from engine.site.settings import Duration, SitePath
from tests.channels._folder.pictures import jpeg
from tests.contracts.base import Answer, SourceContract, until
from tests.contracts.fakes import NAME, FakeInbox, World

NUMBERS = itertools.count(1)


class TestFolderAsASource(SourceContract):
    """What the scanner sees is where its file is: in `.done/`, in `.error/`, or still here."""

    TYPE: ClassVar[str] = "folder"
    ANSWERS: ClassVar[bool] = False

    def root(self, world: World) -> Path:
        return world.services.site / "scans"

    def settings(self, world: World) -> Settings:
        path = SitePath(self.root(world))
        return Settings(path, settle=Duration(0.05), poll=Duration(0.02), operation="AddRisAppBillRt")

    async def deliver(self, channel: Any, world: World) -> Answer:
        return await self.drop(channel, world, jpeg(NAME.encode()))

    async def deliver_bad(self, channel: Any, world: World) -> Answer:
        return await self.drop(channel, world, b"a program" + NAME.encode() * 9)

    async def drop(self, channel: Any, world: World, data: bytes) -> Answer:
        folder = self.root(world) / "reception"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{NAME} {next(NUMBERS)}.jpg"
        (folder / name).write_bytes(data)
        done, error, bugs = folder / ".done" / name, folder / ".error" / name, len(world.bugs)
        await until(
            world.services.reactor,
            lambda: (
                done.exists()
                or error.exists()
                or len(world.bugs) > bugs
                or (world.state is HealthState.DEGRADED and (folder / ".work" / name).exists())
            ),
            15,
        )
        if done.exists():
            return Answer.ACCEPTED
        if error.exists():
            return Answer.REFUSED
        return Answer.FAILED if len(world.bugs) > bugs else Answer.BUSY

    async def test_it_hands_in_once_and_answers(self, world: World) -> None:
        inbox = FakeInbox()
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.ACCEPTED
        (incoming,) = inbox.accepted
        assert (incoming.connection, incoming.content_type, incoming.body) == ("it", "image/jpeg", b"")
        assert incoming.meta["folder"] == "reception"
        assert incoming.blob is not None
        assert world.blobs.read(incoming.blob) == jpeg(NAME.encode())
        assert NAME not in repr(incoming)
        assert not world.bugs

    async def test_a_refusal_reaches_the_peer(self, world: World) -> None:
        inbox = FakeInbox()
        inbox.outcome = Refused("WB-1013", "no route receives this")
        async for channel in self.running(world, inbox):
            assert await self.deliver(channel, world) is Answer.REFUSED
        (text,) = (self.root(world) / "reception" / ".error").glob("*.txt")
        assert text.read_text("utf-8") == "WB-1013 no route receives this\n"

    async def test_stopped_before_it_is_durable_nobody_is_told_yes(self, world: World, reactor: Any) -> None:
        """The file that was cut off lies in `.work/`, and is taken at the next start."""
        inbox = FakeInbox()
        inbox.outcome = Deferred()
        channel = self.channel(world)
        await channel.start(inbox)
        folder = self.root(world)
        (folder / "page.jpg").write_bytes(jpeg())
        await until(reactor, lambda: inbox.waiting, 15)
        await channel.stop()
        assert not inbox.accepted
        assert [file.name for file in (folder / ".work").iterdir()] == ["page.jpg"]
        again = FakeInbox()
        async for _ in self.running(world, again):
            await until(reactor, lambda: (folder / ".done" / "page.jpg").exists(), 15)
        assert len(again.accepted) == 1
