"""A folder behind a real agent: seen at once, fetched whole, moved only when durable, over kills and restarts."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from channels._agent import words
from channels._agent.share import within
from channels.folder import Channel, Settings
from engine.channel import HealthState
from engine.message import InDoubt, Refused, Request, Unavailable
from engine.site.settings import Duration, Secret, Size
from simulators.report import report_bytes
from tests.contracts.agent_peer import AgentProcess
from tests.contracts.base import until
from tests.contracts.fakes import FakeInbox, World, make_world
from tests.contracts.test_folder import TestFolder as Contract
from tests.contracts.test_folder import serving

pytestmark = pytest.mark.limit(90)


@cache
def pdf() -> bytes:
    return report_bytes("175||1", "invented", "ANS", 1)


@pytest.fixture(name="agent")
def fixture_agent(world: World) -> Iterator[AgentProcess]:
    agent = serving(world, world.services.state.parent / "share")
    yield agent
    agent.stop()


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    (tmp_path / "share" / "p" / "o").mkdir(parents=True)
    world = make_world(reactor, tmp_path, {})
    world.files.folders = ["p/o"]
    return world


def channel_of(agent: AgentProcess, world: World, **settings: Any) -> Channel:
    world.services.secret.__self__["agent"] = agent.pairing.secret  # type: ignore[attr-defined]
    world.services.secret.__self__["wrong"] = "not the agent's"  # type: ignore[attr-defined]
    given = {"agent": agent.settings(serves="device"), "poll": Duration(0.05), **settings}
    return Channel("it", Settings(**given), world.services)


@asynccontextmanager
async def watching(agent: AgentProcess, world: World, **settings: Any) -> AsyncIterator[Path]:
    """A channel that watches `p/o` through the agent, which is up; yields that folder."""
    if not agent.alive:
        await deferToThread(agent.start)
    channel = channel_of(agent, world, **settings)
    await channel.start(FakeInbox())
    try:
        yield world.services.state.parent / "share" / "p" / "o"
    finally:
        await channel.stop()
    assert not world.bugs
    assert not list((world.services.state / "tmp" / "agent-it").iterdir())


async def test_a_report_is_fetched_in_pieces_and_moved(agent: AgentProcess, world: World, reactor: Any) -> None:
    large = pdf()[:-1] + b"\n" * (3 * words.PIECE) + pdf()[-1:]
    data = b"%PDF" + os.urandom(2 * words.PIECE + 17)
    world.files.take = {"p/o/report.pdf", "p/o/large.bin"}
    async with watching(agent, world) as folder:
        await until(reactor, lambda: world.state is HealthState.UP, 30)
        (folder / "large.bin").write_bytes(data)
        (folder / "report.pdf").write_bytes(pdf())
        (folder / "empty.bin").write_bytes(b"")
        await until(reactor, lambda: len(world.files.moved_files) == 2 and len(world.files.seen) == 3, 30)
    seen = world.files.seen
    assert world.blobs.read(seen["p/o/report.pdf"].blob) == pdf()  # type: ignore[arg-type]
    assert world.blobs.read(seen["p/o/large.bin"].blob) == data  # type: ignore[arg-type]
    assert (seen["p/o/report.pdf"].complete, seen["p/o/report.pdf"].reason) == (True, "")
    assert (seen["p/o/empty.bin"].size, seen["p/o/empty.bin"].reason) == (0, "not a PDF")
    assert sorted(file.name for file in (folder / ".done").iterdir()) == ["large.bin", "report.pdf"]
    assert len(large) > words.PIECE


async def test_no_request_each_second_and_still_at_once(agent: AgentProcess, world: World, reactor: Any) -> None:
    """The request waits at the agent: nothing passes while nothing happens, and a file is told when it is quiet."""
    async with watching(agent, world) as folder:
        await until(reactor, lambda: world.state is HealthState.UP, 30)
        asked = world.threads.pools.copy()
        before = reactor.seconds()
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.seen, 30)
        assert reactor.seconds() - before < 8, "it waited for the agent's patience"
        assert asked


async def test_half_written_stays_until_it_is_whole(agent: AgentProcess, world: World, reactor: Any) -> None:
    world.files.take = {"p/o/report.pdf"}
    async with watching(agent, world) as folder:
        (folder / "report.pdf").write_bytes(pdf()[:500])
        await until(reactor, lambda: world.files.seen, 30)
        half = world.files.seen["p/o/report.pdf"]
        assert (half.complete, half.blob, half.reason) == (False, None, "it has no end mark yet")
        with (folder / "report.pdf").open("ab") as file:
            file.write(pdf()[500:])
        await until(reactor, lambda: world.files.moved_files, 30)
    assert (folder / ".done" / "report.pdf").read_bytes() == pdf()


async def test_a_file_that_went_and_one_too_large_are_told(agent: AgentProcess, world: World, reactor: Any) -> None:
    async with watching(agent, world, max_size=Size(100)) as folder:
        (folder / "large.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.seen, 30)
        assert world.files.seen["p/o/large.pdf"].reason == "larger than 100 bytes"
        (folder / "large.pdf").unlink()
        await until(reactor, lambda: world.files.gone, 30)
    assert world.files.gone == ["p/o/large.pdf"]


async def test_a_folder_that_is_watched_later_is_watched_at_once(
    agent: AgentProcess, world: World, reactor: Any
) -> None:
    async with watching(agent, world) as folder:
        await until(reactor, lambda: world.state is HealthState.UP, 30)
        (folder.parent / "later").mkdir()
        (folder.parent / "later" / "a.pdf").write_bytes(pdf())
        world.files.folders = ["p/o", "p/later"]
        await until(reactor, lambda: "p/later/a.pdf" in world.files.seen, 30)


async def test_clocks_that_disagree_change_nothing(agent: AgentProcess, world: World, reactor: Any) -> None:
    """The agent's computer is years before or behind: quiet is counted by its monotonic clock alone."""
    async with watching(agent, world) as folder:
        for name, year in (("old.pdf", 1990), ("new.pdf", 2090)):
            (folder / name).write_bytes(pdf())
            os.utime(folder / name, (0, (year - 1970) * 31_556_952))
        await until(reactor, lambda: len(world.files.seen) == 2, 30)
    assert all(seen.complete for seen in world.files.seen.values())


@pytest.mark.parametrize("point", ["folder.before_move", "folder.after_move"])
async def test_killed_at_the_move_nothing_is_lost_or_taken_twice(
    agent: AgentProcess, world: World, reactor: Any, point: str
) -> None:
    agent.kill_at.write_text(point)
    world.files.take = {"p/o/report.pdf"}
    async with watching(agent, world) as folder:
        (folder / "report.pdf").write_bytes(pdf())
        await until(reactor, lambda: not agent.alive, 30)
        assert world.blobs.read(world.files.seen["p/o/report.pdf"].blob) == pdf()  # type: ignore[arg-type]
        assert not world.files.moved_files
        await until(reactor, lambda: world.state is HealthState.DOWN, 30)
        assert world.health[-1].reason.startswith("agent: ")
        await deferToThread(agent.start)
        await until(reactor, lambda: world.state is HealthState.UP, 30)
        if point == "folder.before_move":
            await until(reactor, lambda: world.files.moved_files, 30)
        else:
            await until(reactor, lambda: not (folder / "report.pdf").exists(), 30)
    assert [file.name for file in (folder / ".done").iterdir()] == ["report.pdf"]


async def test_started_anew_in_between_it_goes_on(agent: AgentProcess, world: World, reactor: Any) -> None:
    world.files.take = {"p/o/second.pdf"}
    async with watching(agent, world) as folder:
        (folder / "first.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.files.seen, 30)
        agent.kill()
        (folder / "second.pdf").write_bytes(pdf())
        await until(reactor, lambda: world.state is HealthState.DOWN, 30)
        await deferToThread(agent.start)
        await until(reactor, lambda: world.files.moved_files, 30)
        await until(reactor, lambda: world.state is HealthState.UP, 30)
    assert world.files.moved_files == ["p/o/second.pdf"]


async def test_what_is_wrong_with_the_folder_or_the_secret_is_said(
    agent: AgentProcess, world: World, reactor: Any
) -> None:
    share = world.services.state.parent / "share"
    async with watching(agent, world):
        await until(reactor, lambda: world.state is HealthState.UP, 30)
        share.rename(share.with_name("away"))
        await until(reactor, lambda: world.state is HealthState.DOWN, 30)
        assert world.health[-1].reason == "agent: the folder cannot be used (No such file or directory)"
        share.with_name("away").rename(share)
        await until(reactor, lambda: world.state is HealthState.UP, 30)
    wrong = Settings(agent=agent.settings(serves="device", secret=Secret("wrong")))
    health = await Channel("it", wrong, world.services).probe()
    assert (health.state, health.reason) == (
        HealthState.DOWN, "agent: it does not take the secret or certificate of this engine",
    )  # fmt: skip


async def test_make_tells_the_folder_as_the_agents_computer_knows_it(agent: AgentProcess, world: World) -> None:
    await deferToThread(agent.start)
    channel = channel_of(agent, world)
    await channel.start(FakeInbox())
    request = Contract().request(world)
    request = Request("make", {"make": "p/new"}, request.key, request.at, run_id="run-1", timeout=5.0)
    response = await channel.call(request)
    share = world.services.state.parent / "share"
    assert response.value == {"path": "p/new", "absolute": str(share / "p" / "new")}
    assert (await channel.call(request)).summary == "folder same"
    for path in ("../x", "/x", "p/..", "C:/x", "p/nul.txt", "\\\\host\\share", "p/com1"):
        with pytest.raises(Refused, match="WB-5011"):
            await channel.call(Request("make", {"make": path}, "0" * 64, request.at, run_id="run-1", timeout=5.0))
    await channel.stop()
    agent.kill()
    await channel.start(FakeInbox())
    with pytest.raises(Unavailable, match="WB-3001"):
        await channel.call(request)
    await channel.stop()


async def test_killed_while_it_makes_a_folder_is_doubt_and_a_repeat_is_the_same(
    agent: AgentProcess, world: World
) -> None:
    agent.kill_at.write_text("folder.after_make")
    await deferToThread(agent.start)
    channel = channel_of(agent, world)
    await channel.start(FakeInbox())
    at = Contract().request(world).at
    request = Request("make", {"make": "p/new"}, "0" * 64, at, run_id="run-1", timeout=5.0)
    with pytest.raises(InDoubt, match="WB-3002"):
        await channel.call(request)
    await deferToThread(agent.start)
    assert (await channel.call(request)).summary == "folder same"
    await channel.stop()


def test_the_agent_has_less_time_than_we() -> None:
    assert [within(seconds) for seconds in (1.0, 4.0, 30.0)] == [0.5, 2.0, 28.0]
