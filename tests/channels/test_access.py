"""What `access` does beyond the contract: updates, look-ups, and the end of a doubt."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from channels.access import CALLS, IfExists
from engine.message import InDoubt, Refused, Request, Response, Unavailable
from tests.contracts.base import Mood, until
from tests.contracts.fakes import NAME, World, make_world
from tests.contracts.test_access import TestAccess as Contract


@pytest.fixture(name="peer")
def fixture_peer() -> Contract:
    """The peer as the contract knows it."""
    return Contract()


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, Contract.SECRETS)


def other(peer: Contract, world: World, operation: str, arguments: dict[str, Any]) -> Request:
    return dataclasses.replace(peer.request(world), operation=operation, arguments=arguments)


async def test_update_and_find(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.GOOD)
    channel = peer.channel(world)
    await channel.call(peer.request(world))
    values = {"ClientID": "175||1", "Name": f"{NAME}2"}
    update = other(peer, world, "update", {"update": "Clients", "key": ["ClientID"], "values": values})
    for expected in ("changed", "same"):
        assert (await channel.call(update)).value == {"row": expected}
    find = other(peer, world, "find", {"find": "Clients", "key": {"ClientID": "175||1"}})
    assert (await channel.call(find)).value == values
    none = other(peer, world, "find", {"find": "Clients", "key": {"ClientID": "0"}})
    assert (await channel.call(none)).value is None
    assert set(CALLS) == {"insert", "update", "find"}
    await peer.end(world)


async def test_an_insert_that_refuses_any_row_can_be_asked(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.GOOD)
    channel = peer.channel(world)
    request = peer.request(world)
    request = other(peer, world, "insert", {**request.arguments, "if_exists": IfExists.REFUSE})
    assert channel.repeat("insert", request.arguments) == "ask"
    assert await channel.ask(request) is None
    assert await channel.call(request) == Response({"row": "new"}, "row new")
    assert await channel.ask(request) == Response({"row": "same"}, "row same")
    await peer.end(world)


async def test_doubt_ends_in_one_row(peer: Contract, world: World, reactor: Any) -> None:
    await peer.peer(world, Mood.DOUBT)
    channel = peer.channel(world)
    with pytest.raises(InDoubt):
        await channel.call(peer.request(world))
    peer.held.execute("ROLLBACK")
    await until(reactor, lambda: peer.effects(world) == 1)
    assert (await channel.call(peer.request(world))).value == {"row": "same"}
    assert peer.effects(world) == 1
    await peer.end(world)


async def test_a_job_that_was_given_up_in_the_queue_writes_nothing(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.DOWN)
    peer.wait = 2.0
    channel = peer.channel(world)
    with pytest.raises(Unavailable, match="nothing was written"):
        await channel.call(peer.request(world))
    peer.held.execute("ROLLBACK")
    # The thread is ours again only when the abandoned job has ended.
    find = other(peer, world, "find", {"find": "Clients", "key": {"ClientID": "175||1"}})
    assert (await channel.call(dataclasses.replace(find, timeout=10))).value is None
    await peer.end(world)


async def test_values_that_are_no_row_are_refused(peer: Contract, world: World) -> None:
    await peer.peer(world, Mood.GOOD)
    request = peer.request(world)
    nothing: list[Any] = ["text", {}]
    for values in nothing:
        with pytest.raises(Refused, match="WB-3009"):
            await peer.channel(world).call(other(peer, world, "insert", {**request.arguments, "values": values}))
    assert peer.effects(world) == 0
    await peer.end(world)
