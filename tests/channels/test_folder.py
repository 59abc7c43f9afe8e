"""What `folder` does beyond the contract: half-written, foreign, late, moved, killed, hung."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from channels._agent.settings import Agent
from channels.folder import Channel, Complete, Settings, why_no_source
from engine.channel import HealthState
from engine.message import Blob, Refused, Unavailable
from engine.site.settings import Duration, Secret, SitePath
from simulators.report import report_bytes
from tests.channels._folder.pictures import jpeg
from tests.contracts.base import Mood, sleep, until
from tests.contracts.fakes import NAME, FakeInbox, FolderBlobs, World, make_world
from tests.contracts.test_folder import TestFolder as Contract


@cache
def pdf() -> bytes:
    return report_bytes("175||1", "invented", "ANS", 1)


@pytest.fixture(name="peer")
def fixture_peer() -> Contract:
    """The peer as the contract knows it."""
    return Contract()


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, Contract.SECRETS)


async def test_the_answer_names_the_folder(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.GOOD)
    response = await peer.channel(world).call(peer.request(world))
    assert response.value == {"path": "p/o", "absolute": str(peer.root(world) / "p" / "o")}
    other = dataclasses.replace(peer.request(world), run_id="run-2")
    with pytest.raises(Refused, match="WB-3005"):
        await peer.channel(world).call(other)


async def test_a_folder_of_the_site_is_made_and_another_is_not(peer: Contract, world: World, reactor: Any) -> None:
    own = dataclasses.replace(peer.settings(world), path=SitePath(world.services.site / "var" / "data"))
    channel = Channel("it", own, world.services)
    await channel.start(FakeInbox())
    assert (world.services.site / "var" / "data").is_dir()
    assert (await channel.probe()).state is HealthState.UP
    await channel.stop()
    channel = peer.channel(world)
    await channel.start(FakeInbox())
    await until(reactor, lambda: world.state is HealthState.DOWN)
    assert not peer.root(world).exists()
    assert (await channel.probe()).state is HealthState.DOWN
    peer.root(world).mkdir()
    await until(reactor, lambda: world.state is HealthState.UP)
    await channel.stop()


@asynccontextmanager
async def watching(peer: Contract, world: World, **settings: Any) -> AsyncIterator[Path]:
    """A channel that watches `p/o`; yields that folder."""
    folder = peer.root(world) / "p" / "o"
    folder.mkdir(parents=True, exist_ok=True)
    world.files.folders = ["p/o"]
    channel = Channel("it", dataclasses.replace(peer.settings(world), **settings), world.services)
    await channel.start(FakeInbox())
    try:
        yield folder
    finally:
        await channel.stop()
    assert not world.bugs


async def test_a_complete_report_is_taken_and_moved(peer: Contract, world: World, reactor: Any) -> None:
    world.files.take = {"p/o/report.pdf"}
    async with watching(peer, world) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.moved_files)
    seen = world.files.seen["p/o/report.pdf"]
    assert seen.blob is not None
    assert (seen.complete, seen.reason, seen.size) == (True, "", len(pdf()))
    assert world.blobs.read(seen.blob) == pdf()
    assert [file.name for file in folder.iterdir()] == [".done"]
    assert (folder / ".done" / "report.pdf").read_bytes() == pdf()
    assert world.files.moved_files == ["p/o/report.pdf"]
    assert not world.files.gone


async def test_a_half_written_report_is_listed_with_its_reason_until_it_is_whole(
    peer: Contract, world: World, reactor: Any
) -> None:
    world.files.take = {"p/o/report.pdf"}
    async with watching(peer, world) as folder:
        (folder / "report.pdf").write_bytes(pdf()[: len(pdf()) // 2])
        await until(reactor, lambda: world.files.seen)
        half = world.files.seen["p/o/report.pdf"]
        assert (half.complete, half.blob) == (False, None)
        assert half.reason == "it has no end mark yet"
        await sleep(reactor, 0.2)
        assert (folder / "report.pdf").exists()
        with (folder / "report.pdf").open("ab") as file:
            file.write(pdf()[len(pdf()) // 2 :])
        await until(reactor, lambda: world.files.moved_files)
    assert (folder / ".done" / "report.pdf").read_bytes() == pdf()


async def test_what_is_no_pdf_is_listed_and_stays(peer: Contract, world: World, reactor: Any) -> None:
    async with watching(peer, world) as folder:
        (folder / "photo.jpg").write_bytes(b"jpeg")
        (folder / "fake.pdf").write_bytes(b"no PDF at all")
        await until(reactor, lambda: len(world.files.seen) == 2)
    photo, fake = world.files.seen["p/o/photo.jpg"], world.files.seen["p/o/fake.pdf"]
    assert (photo.complete, photo.reason) == (True, "not a PDF")
    assert photo.blob is not None
    assert (fake.complete, fake.reason) == (False, "it does not begin as a PDF")
    assert sorted(file.name for file in folder.iterdir()) == ["fake.pdf", "photo.jpg"]


async def test_without_a_check_quiet_is_enough(peer: Contract, world: World, reactor: Any) -> None:
    async with watching(peer, world, complete=Complete.NONE) as folder:
        (folder / "a.txt").write_bytes(b"text")
        await until(reactor, lambda: world.files.seen)
    assert world.files.seen["p/o/a.txt"].reason == ""


async def test_a_file_that_went_is_told(peer: Contract, world: World, reactor: Any) -> None:
    async with watching(peer, world) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.seen)
        (folder / "report.pdf").unlink()
        await until(reactor, lambda: world.files.gone)
    assert world.files.gone == ["p/o/report.pdf"]


async def test_killed_between_taking_and_moving_it_is_moved_at_the_next_start(
    peer: Contract, world: World, reactor: Any
) -> None:
    """The book says taken, the file is still there: seen again, answered again, moved."""
    async with watching(peer, world) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.seen)
        assert not world.files.moved_files
    world.files.take = {"p/o/report.pdf"}
    async with watching(peer, world):
        await until(reactor, lambda: world.files.moved_files)
    assert (folder / ".done" / "report.pdf").exists()


async def test_a_pdf_that_crashes_its_worker_is_listed(peer: Contract, world: World, reactor: Any) -> None:
    class Crashing:
        def run(
            self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False, crew: str = ""
        ) -> Awaitable[Any]:
            raise Refused("WB-2005", "the worker died")

    world.services = dataclasses.replace(world.services, workers=Crashing())
    async with watching(peer, world) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.seen)
    assert world.files.seen["p/o/report.pdf"].reason == "it could not be examined: WB-2005 the worker died"
    assert (folder / "report.pdf").exists()


async def test_an_engine_that_cannot_take_it_down_is_told_again(peer: Contract, world: World, reactor: Any) -> None:
    book = world.files
    observe, failures = book.observe, [Unavailable("WB-1012", "the disk is full")] * 2

    async def failing(*args: Any) -> Any:
        if failures:
            raise failures.pop()
        return await observe(*args)

    book.observe = failing  # type: ignore[assignment, method-assign]
    async with watching(peer, world) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: book.seen)
        await until(reactor, lambda: world.state is HealthState.UP)
    assert HealthState.DOWN in [health.state for health in world.health]


async def test_a_bug_in_a_round_does_not_end_the_watching(peer: Contract, world: World, reactor: Any) -> None:
    watched, bugs = world.files.watched, [RuntimeError(NAME)]

    async def buggy(connection: str) -> list[str]:
        if bugs:
            raise bugs.pop()
        return await watched(connection)

    world.files.watched = buggy  # type: ignore[method-assign]
    async with watching(peer, world) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.seen)
    assert not bugs


async def test_a_hung_share_is_told_and_not_scanned_twice(peer: Contract, world: World, reactor: Any) -> None:
    release = threading.Event()
    reads: list[Path] = []

    class Hanging(FolderBlobs):
        def put_file(self, path: Path, content_type: str = "", name: str = "") -> Blob:
            reads.append(path)
            release.wait(5)
            return super().put_file(path, content_type, name)

    blobs = Hanging(world.services.state / "blobs")
    world.services = dataclasses.replace(world.services, blobs=blobs)
    async with watching(peer, world, timeout=Duration(0.05)) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.state is HealthState.DOWN)
        assert "has not answered" in world.health[-1].reason
        await sleep(reactor, 0.3)
        assert len(reads) == 1
        assert world.state is HealthState.DOWN
        release.set()
        await until(reactor, lambda: world.state is HealthState.UP)
        await until(reactor, lambda: world.files.seen)


async def test_a_poke_asks_the_book_at_once(peer: Contract, world: World, reactor: Any) -> None:
    """A person has matched a file meanwhile: its move does not wait for the next quiet look."""
    channel = Channel("it", dataclasses.replace(peer.settings(world), poll=Duration(60)), world.services)
    folder = peer.root(world) / "p" / "o"
    folder.mkdir(parents=True)
    world.files.folders = ["p/o"]
    (folder / "report.pdf").write_bytes(pdf())
    digest = hashlib.sha256(pdf()).hexdigest()
    await channel.start(FakeInbox())
    try:
        await until(reactor, lambda: world.state is HealthState.UP)
        await sleep(reactor, 0.1)
        channel.poke()
        await until(reactor, lambda: world.files.seen)
    finally:
        await channel.stop()
    blob = world.files.seen["p/o/report.pdf"].blob
    assert blob is not None
    assert blob.sha256 == digest
    assert [file.name for file in folder.iterdir()] == ["report.pdf"]


@pytest.mark.parametrize("marker", ["ready", ".", "..", "./x", ".a b", "." + "x" * 21])
def test_what_is_no_marker(marker: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        Settings(SitePath(Path("/scans")), marker=marker)


def test_a_folder_behind_an_agent_is_no_source(peer: Contract, world: World) -> None:
    assert why_no_source(peer.settings(world)) == ""
    agent = Agent("https://pc.example:8443", Secret("agent"))
    assert "behind an agent" in why_no_source(Settings(agent=agent))


async def test_it_is_a_source_while_a_route_receives_from_it(peer: Contract, world: World, reactor: Any) -> None:
    """A reload may give it a route, and take it away again: then nothing is taken any more."""
    peer.root(world).mkdir()
    (peer.root(world) / "a.jpg").write_bytes(jpeg())
    inbox = FakeInbox(frozenset())
    channel = Channel("it", peer.settings(world), world.services)
    await channel.start(inbox)
    try:
        await until(reactor, lambda: world.state is HealthState.UP)
        assert not channel.is_source
        await sleep(reactor, 0.2)
        assert (peer.root(world) / "a.jpg").exists()
        inbox.known = frozenset({"file"})
        await until(reactor, lambda: (peer.root(world) / ".done" / "a.jpg").exists())
        inbox.known = frozenset()
        (peer.root(world) / "b.jpg").write_bytes(jpeg())
        await sleep(reactor, 0.2)
        assert (peer.root(world) / "b.jpg").exists()
    finally:
        await channel.stop()
    assert [incoming.meta["name"] for incoming in inbox.accepted] == ["a.jpg"]
    assert not world.bugs


async def test_a_share_that_went_away_comes_back_and_nothing_is_lost(
    peer: Contract, world: World, reactor: Any
) -> None:
    peer.root(world).mkdir()
    inbox = FakeInbox(frozenset({"file"}))
    channel = Channel("it", peer.settings(world), world.services)
    await channel.start(inbox)
    try:
        away = peer.root(world).rename(peer.root(world).with_name("away"))
        await until(reactor, lambda: world.state is HealthState.DOWN)
        (away / "a.jpg").write_bytes(jpeg())
        away.rename(peer.root(world))
        await until(reactor, lambda: (peer.root(world) / ".done" / "a.jpg").exists())
        await until(reactor, lambda: world.state is HealthState.UP)
    finally:
        await channel.stop()
    assert len(inbox.accepted) == 1
