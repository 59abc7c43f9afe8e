"""What channels that call share: each way a call can end, and what health says of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, ServerFactory

from channels._http.caller import AWAY, IN_DOUBT, SAID_NO, Caller, Limits
from channels._http.peer import TooLong
from channels._tls.settings import Tls
from engine.channel import HealthState
from engine.message import Failure, InDoubt, Refused, Unavailable
from tests.channels._tls.authority import Authority
from tests.channels._tls.sides import server_context
from tests.contracts.fakes import World, make_world
from tests.contracts.soap_peer import SoapPeer

LIMITS = Limits(2, 5.0, 1.0, 100)


@dataclass
class Body:
    started: bool = False


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


async def started(world: World, tls: Tls | None = None) -> Caller:
    caller = Caller("it", world.services, tls, LIMITS)
    await caller.start()
    return caller


async def never() -> None:
    await Deferred()


async def raising(error: BaseException) -> None:
    raise error


async def failed(caller: Caller, work: Any, sent: bool, seconds: float = 5.0) -> Failure:
    with pytest.raises(Failure) as caught:
        await caller.exchange(work, Body(sent), seconds, "it: ")
    return caught.value


async def test_time_is_doubt_only_when_something_left(world: World) -> None:
    caller = await started(world)
    early, late = await failed(caller, never(), False, 0.02), await failed(caller, never(), True, 0.02)
    assert (type(early), early.code, early.reason) == (
        Unavailable, AWAY, "it: no answer within 0.02 s, before the request was sent",
    )  # fmt: skip
    assert (type(late), late.code) == (InDoubt, IN_DOUBT)
    assert type(await failed(caller, raising(TooLong()), True)) is InDoubt
    await caller.stop()


async def test_calls_wait_for_their_turn_within_their_time(world: World) -> None:
    caller = await started(world)
    for _ in range(2):
        _ = Deferred.fromCoroutine(caller.exchange(never(), Body(), 0.3)).addErrback(lambda _: None)
    third = await failed(caller, never(), False, 0.05)
    assert type(third) is Unavailable
    await caller.stop()


async def test_health_follows_the_failures(world: World) -> None:
    caller = await started(world)
    caller.troubled(Unavailable(AWAY, "away"))
    caller.troubled(Refused(SAID_NO, "no"))
    caller.troubled(InDoubt(IN_DOUBT, "perhaps"))
    caller.troubled(Refused("WB-1001", "ours"))
    caller.answered()
    await caller.stop()
    assert [health.state.value for health in world.health] == ["starting", "down", "up", "degraded", "up", "stopped"]
    with pytest.raises(Unavailable, match="not started"):
        _ = caller.peer


class Cut(Protocol):
    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.abortConnection()


async def test_probe(world: World, reactor: Any) -> None:
    caller = Caller("it", world.services, None, LIMITS)
    peer = SoapPeer(lambda body: (200, body))
    peer.listen(reactor)
    url = f"http://127.0.0.1:{peer.number}/"
    assert (await caller.probe(url)).state is HealthState.UP
    await peer.close()
    assert (await caller.probe(url)).reason == "connection refused"
    port = reactor.listenTCP(0, ServerFactory.forProtocol(Cut), interface="127.0.0.1")
    assert (await caller.probe(f"http://127.0.0.1:{port.getHost().port}/")).state is HealthState.DOWN
    await port.stopListening()
    assert not caller.started


@pytest.mark.parametrize("missing", ["trust", "certificate"])
async def test_a_handshake_that_fails_is_no_doubt(world: World, reactor: Any, tmp_path: Path, missing: str) -> None:
    """With TLS 1.3 the peer's word on a missing certificate comes after the request was written."""
    authority = Authority(tmp_path / "tls")
    peer = SoapPeer(lambda body: (200, body))
    peer.listen(reactor, context=server_context(authority.server(mutual=True), world.services))
    tls = Authority(tmp_path / "other", "other").client("desk") if missing == "trust" else authority.client()
    caller = await started(world, tls)
    url = f"https://127.0.0.1:{peer.number}/"
    failure = await failed(caller, caller.peer.fresh.post(url, data=b"hello", unbuffered=True), True)
    assert type(failure) is Unavailable, failure
    assert "certificate" in failure.reason
    assert not peer.bodies
    await caller.stop()
    await peer.close()
