"""A site in, a daemon out: one at a time, down channels leave the others up, and it stops in order."""

from __future__ import annotations

import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from engine import wiring
from engine.channel import HealthState
from engine.message import Unavailable
from engine.wiring import Locked
from tests.contracts.base import until
from tests.engine.runtime.house import change, engine, one_route, order
from tests.engine.world import World, write_site

OUT = "      - {id: out, call: {to: sink, operation: send}}\n"


async def test_one_daemon_for_a_state_folder(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT)) as world:
        with pytest.raises(Locked):
            World(tmp_path).daemon.lock()
        assert stat.S_IMODE((tmp_path / "var" / "lock").stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
        assert world.daemon.runtime.health()["sink"].state is HealthState.UP
    async with engine(tmp_path) as world:
        assert (await world.put(order(1), "order")).ok


async def test_a_channel_that_does_not_start_is_down_and_the_others_are_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_site(tmp_path, one_route(OUT))
    world = World(tmp_path)
    build = world.daemon._build_channels

    def built() -> None:
        build()

        async def broken(_inbox: Any) -> None:
            raise OSError("in use")

        world.channel("sink").start = broken

    world.daemon._build_channels = built  # type: ignore[method-assign]
    await world.start()
    try:
        health = world.daemon.runtime.health()
        assert (health["sink"].state, health["sink"].reason) == (HealthState.DOWN, "does not start: OSError")
        assert (await world.put(order(1), "order")).ok
    finally:
        await world.stop()


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_stop_while_it_starts_lets_the_stage_end_and_begins_no_other(
    tmp_path: Path, hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "STAGE_WITHIN", 0.1 if hangs else 60)
    write_site(tmp_path, one_route(OUT))
    daemon = World(tmp_path).daemon
    begun: list[str] = []
    gate = Deferred[None]()

    async def start(name: str) -> str:
        begun.append(name)
        await gate
        return ""

    daemon._channels.start = start  # type: ignore[method-assign]
    started = Deferred.fromCoroutine(daemon.start())
    await until(daemon.reactor, lambda: bool(begun))
    stopped = Deferred.fromCoroutine(daemon.stop())
    if not hangs:
        assert not stopped.called, "the store is still needed"
        gate.callback(None)
    await stopped
    assert started.called is not hangs
    assert begun == ["sink"], "the source is not begun"
    if hangs:
        gate.callback(None)
        await started


TWO = """connections:
  taken: {type: soap_in, listen: '127.0.0.1:PORT', path: /his, namespace: 'urn:x', envelope: hip}
  source: {type: memory_in}
  ca: {type: coss, url: 'http://127.0.0.1:9', app_id: demo, key: {secret: nowhere}}
routes:
  r:
    receive: {from: [taken, source], operation: order, identity: [//id]}
    labels: {id: {path: //id}}
    steps:
      - {id: who, call: {to: ca, operation: queryUserInfo, fields: {uniqueId: D9001}}}
"""


async def test_a_port_in_use_and_a_missing_secret_are_said_in_the_health(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with engine(tmp_path, TWO.replace("PORT", str(port))) as world:
            health = world.daemon.runtime.health()
            assert health["taken"].state is HealthState.DOWN
            assert f"cannot listen on 127.0.0.1:{port}: " in health["taken"].reason
            assert (health["ca"].state, health["ca"].reason[:16]) == (HealthState.DOWN, "does not start: ")
            assert health["source"].state is HealthState.UP
            assert (await world.put(order(1), "order")).ok
            # what calls a connection that did not start is retried by its policy: that is no defect
            await world.until(lambda: world.runs()[0]["attempts"] >= 2)
            assert world.runs()[0]["code"] == "WB-3001"


async def test_what_was_accepted_before_a_stop_goes_on_after_it(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT)) as world:

        def down(_request: Any) -> None:
            raise Unavailable("WB-3001", "down")

        world.channel("sink").answer = down
        for number in range(20):
            await world.put(order(number), "order")
    async with engine(tmp_path) as world:
        await world.ended(20)
        assert len(world.channel("sink").requests) == 20


async def test_a_crash_at_any_row_goes_on(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        for number in range(4):
            await world.put(order(number), "order")
        await world.ended(4)
    change(tmp_path, "UPDATE run SET state = 'running', ended_at = NULL WHERE seq IN (1, 2)")
    change(tmp_path, "UPDATE run SET state = 'ready', ended_at = NULL WHERE seq = 3")
    change(tmp_path, "DELETE FROM effect WHERE run = 1")
    change(tmp_path, "UPDATE effect SET state = 'intended' WHERE run = 2")
    async with engine(tmp_path) as world:
        await world.ended(4)
        # Run 1 was cut off before its intention, run 2 within it; of run 3 the effect is known to be done.
        assert sorted(request.run for request in world.channel("sink").requests) == [1, 2]


async def test_a_stopped_engine_leaves_no_thread_of_its_own(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    async with engine(tmp_path, one_route(OUT)) as world:
        await world.put(order(1), "order")
        await world.ended()
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not [name for name in left if name in ("waybill-writer", "waybill-checkpoint")]


def test_the_end_is_bounded() -> None:
    assert wiring.STOP_WITHIN <= 15
