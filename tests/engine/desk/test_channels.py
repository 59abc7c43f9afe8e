"""Channels of a running engine: tried again until they start, and a secret that changed is noticed."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from engine.channel import HealthState
from engine.message import Unavailable
from tests.engine.runtime.house import engine, one_route
from tests.engine.world import World

OUT = "      - {id: out, call: {to: sink, operation: send}}\n"
HIS = "  his: {type: soap_in, listen: '127.0.0.1:PORT', path: /his, namespace: 'urn:x', envelope: hip}\n"
CA = "  ca: {type: coss, url: 'http://127.0.0.1:9', app_id: demo, key: {secret: ca_key}}\n"


def state(world: World, name: str) -> HealthState:
    return world.daemon.runtime.health()[name].state


@pytest.mark.limit(60)
async def test_a_port_that_is_freed_is_taken_after_all(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        text = one_route(OUT, "same", extra=HIS.replace("PORT", str(other.getsockname()[1])))
        async with engine(tmp_path, text.replace("from: source", "from: [source, his]")) as world:
            assert state(world, "his") is HealthState.DOWN
            with pytest.raises(Unavailable, match="WB-7207"):
                await world.daemon.desk.start("connection", "his", "op")
            other.close()
            await world.until(lambda: state(world, "his") is HealthState.UP, 40)


async def test_one_that_is_stopped_is_not_tried_again(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        text = one_route(OUT, "same", extra=HIS.replace("PORT", str(other.getsockname()[1])))
        async with engine(tmp_path, text.replace("from: source", "from: [source, his]")) as world:
            await world.daemon.desk.stop("connection", "his", "op")
            assert state(world, "his") is HealthState.STOPPED
            assert "start his" not in world.daemon.tasks.names()


async def test_a_changed_secret_makes_a_new_channel(tmp_path: Path) -> None:
    secret = tmp_path / "secrets" / "ca_key"
    secret.parent.mkdir()
    secret.write_text("one")
    secret.chmod(0o600)
    async with engine(tmp_path, one_route(OUT, "same", extra=CA)) as world:
        old = world.channel("ca")
        assert not await world.daemon.desk.plan()
        secret.write_text("two")
        plan = await world.daemon.desk.reload("op")
        assert plan.connections.changed == {"ca": "a secret was changed"}
        assert world.channel("ca") is not old
