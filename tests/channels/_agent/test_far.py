"""A database behind a real agent: doubt where there is doubt, one row whatever happens, health that is true."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from channels._agent import far
from channels._tls.settings import Tls
from channels.access import Channel, IfExists, Settings
from engine.channel import HealthState
from engine.message import InDoubt, Refused, Request, Unavailable
from engine.site.settings import Duration
from tests.channels._tls.authority import Authority
from tests.contracts.agent_peer import AgentProcess
from tests.contracts.base import until
from tests.contracts.fakes import NAME, World, make_world
from tests.contracts.test_access import TestAccess as Contract

pytestmark = pytest.mark.limit(90)


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, {})


@pytest.fixture(name="file")
def fixture_file(tmp_path: Path) -> Path:
    file = tmp_path / "device.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE Clients (ClientID VARCHAR(50) PRIMARY KEY, Name VARCHAR(100))")
    connection.close()
    return file


@pytest.fixture(name="agent")
def fixture_agent(world: World, file: Path) -> Iterator[AgentProcess]:
    serve = f"  it: {{type: access, driver: SQLite3, file: {file}}}\n"
    agent = AgentProcess(world.services.state / "agent", serve).start()
    yield agent
    agent.stop()


def channel_of(agent: AgentProcess, world: World) -> Channel:
    world.services.secret.__self__["agent"] = agent.pairing.secret  # type: ignore[attr-defined]
    return Channel("it", Settings(timeout=Duration(5), agent=agent.settings()), world.services)


def rows(file: Path) -> list[Any]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute("SELECT * FROM Clients").fetchall()
    finally:
        connection.close()


def told(world: World) -> HealthState | None:
    return world.state


def insert(world: World, **more: Any) -> Request:
    request = Contract().request(world)
    return dataclasses.replace(request, arguments={**request.arguments, **more}, timeout=5.0)


@pytest.mark.parametrize("point", ["access.before_commit", "access.after_commit"])
async def test_killed_at_the_commit_it_is_doubt_and_the_repeat_makes_one_row(
    agent: AgentProcess, world: World, file: Path, point: str
) -> None:
    channel = channel_of(agent, world)
    await channel.start()
    agent.kill_at.write_text(point)
    with pytest.raises(InDoubt, match="WB-3002 agent: the connection ended before an answer") as caught:
        await channel.call(insert(world))
    assert NAME not in str(caught.value)
    assert told(world) is HealthState.DOWN
    await deferToThread(agent.start)
    again = await channel.call(insert(world))
    assert again.value == {"row": "same" if point == "access.after_commit" else "new"}
    assert rows(file) == [("175||1", NAME)]
    assert told(world) is HealthState.UP
    await channel.stop()


async def test_all_operations_and_asking(agent: AgentProcess, world: World, file: Path) -> None:
    channel = channel_of(agent, world)
    await channel.start()
    request = insert(world, if_exists=IfExists.REFUSE)
    assert await channel.ask(request) is None
    assert (await channel.call(request)).value == {"row": "new"}
    assert await channel.ask(request) is not None
    with pytest.raises(Refused, match="WB-3004 agent: a row with this ClientID exists in Clients"):
        await channel.call(request)
    values = {"ClientID": "175||1", "Name": "other"}
    update = dataclasses.replace(
        request, operation="update", arguments={"update": "Clients", "key": ["ClientID"], "values": values}
    )
    assert (await channel.call(update)).value == {"row": "changed"}
    key = {"ClientID": "175||1"}
    find = dataclasses.replace(request, operation="find", arguments={"find": "Clients", "key": key})
    assert (await channel.call(find)).value == values
    none = dataclasses.replace(request, operation="find", arguments={"find": "Clients", "key": {"ClientID": "0"}})
    assert (await channel.call(none)).value is None
    with pytest.raises(Refused, match="WB-3304"):
        await channel.call(dataclasses.replace(none, arguments={"find": "Clients", "key": {"ClientID": b"0"}}))
    assert NAME not in agent.log
    await channel.stop()


async def test_health_says_what_is_wrong_without_a_call(
    agent: AgentProcess, world: World, file: Path, reactor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(far, "LOOK", 0.05)
    channel = channel_of(agent, world)
    await channel.start()
    assert told(world) is HealthState.UP
    file.rename(file.with_name("away"))
    await until(reactor, lambda: world.state is HealthState.DOWN, 30)
    assert world.health[-1].reason == "agent: there is no file device.sqlite in its folder, or the share is away"
    file.with_name("away").rename(file)
    await until(reactor, lambda: world.state is HealthState.UP, 30)
    agent.kill()
    await until(reactor, lambda: world.state is HealthState.DOWN, 30)
    assert world.health[-1].reason == "agent: connection refused"
    await deferToThread(agent.start)
    await until(reactor, lambda: world.state is HealthState.UP, 30)
    await channel.stop()
    assert told(world) is HealthState.STOPPED
    assert not world.bugs


async def test_probe_needs_no_start_and_names_what_is_not_served(agent: AgentProcess, world: World) -> None:
    assert (await channel_of(agent, world).probe()).state is HealthState.UP
    other = Settings(agent=agent.settings(serves="another"))
    health = await Channel("it", other, world.services).probe()
    assert health.reason == "agent: it serves nothing named another, access is wanted"


async def test_certificates_on_both_sides_instead_of_a_secret(world: World, file: Path, tmp_path: Path) -> None:
    """Mutual TLS: a certificate of the authority may ask, another may not; the agent's that ends soon is health."""
    known, stranger = Authority(tmp_path / "known"), Authority(tmp_path / "stranger")
    tls = known.server(mutual=True, days=12)
    lines = f"{{certificate: {tls.certificate}, key: {tls.key}, ca: {tls.ca}, client: required}}"
    serve = f"  it: {{type: access, driver: SQLite3, file: {file}}}\n"
    agent = AgentProcess(world.services.state / "mutual", serve, tls=lines, secret="")
    await deferToThread(agent.start)
    try:
        mine = known.client("engine")
        channel = Channel("it", Settings(agent=agent.settings(secret=None, tls=mine)), world.services)
        await channel.start()
        assert told(world) is HealthState.DEGRADED
        assert re.fullmatch(r"agent: the certificate ends in 1[12] days", world.health[-1].reason)
        assert (await channel.call(insert(world))).value == {"row": "new"}
        assert told(world) is HealthState.DEGRADED
        await channel.stop()

        own = stranger.client("engine")
        other = Tls(own.certificate, own.key, mine.ca)
        refused = Channel("it", Settings(agent=agent.settings(secret=None, tls=other)), world.services)
        await refused.start()
        assert told(world) is HealthState.DOWN
        with pytest.raises(Unavailable, match="WB-3001"):
            await refused.call(insert(world))
        await refused.stop()
    finally:
        agent.stop()
