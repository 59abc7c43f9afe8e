"""HL7 over MLLP on real sockets: Waybill's channels with plain sockets, with the simulator, and with TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread

from channels import mllp_in, mllp_out
from engine.channel import HealthState
from engine.message import Failure, Hl7, Request, Response, Unavailable
from engine.site.settings import Listen
from simulators import hl7
from tests.channels._tls.authority import Authority
from tests.contracts.fakes import FakeInbox, World, make_world
from tests.contracts.mllp_peer import framed, message

TYPES = frozenset({"ADT_A01", "ADT_A04"})


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


@contextmanager
def simulator(**options: Any) -> Iterator[tuple[hl7.Neighbour, int]]:
    neighbour = hl7.Neighbour(hl7.Options(port=0, **options))
    with hl7.Listener(neighbour) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield neighbour, int(listener.server_address[1])
        finally:
            listener.shutdown()
            thread.join()


def request(control_id: str, **asks: str) -> Request:
    arguments = {"message": Hl7(message(control_id, **asks))}
    return Request("send", arguments, "k" * 64, datetime(2026, 11, 20, tzinfo=UTC), timeout=10)


async def test_the_simulator_sends_in_both_character_sets(world: World) -> None:
    inbox = FakeInbox(TYPES)
    channel = mllp_in.Channel("it", mllp_in.Settings(listen=Listen("127.0.0.1", 0)), world.services)
    await channel.start(inbox)
    made = [hl7.message("ADT^A04", number, charset) for number in range(5) for charset in ("utf-8", "gb18030")]
    done = await deferToThread(hl7.send, channel.port, made)
    assert [sent.code for sent in done] == ["AA"] * 10
    assert [incoming.body for incoming in inbox.accepted] == [content for _, content in made]
    await channel.stop()


def plain(port: int, pieces: list[bytes]) -> bytes:
    """Send the pieces, end our side, and read to the end."""
    with socket.create_connection(("127.0.0.1", port), 10) as peer:
        for piece in pieces:
            peer.sendall(piece)
        peer.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: peer.recv(4096), b""))


async def test_a_foreign_sender_in_single_bytes(world: World) -> None:
    channel = mllp_in.Channel("it", mllp_in.Settings(listen=Listen("127.0.0.1", 0)), world.services)
    await channel.start(FakeInbox(TYPES))
    data = framed(message("M1")) + framed(message("M2"))
    answer = await deferToThread(plain, channel.port, [bytes([byte]) for byte in data])
    assert answer.count(b"\x0bMSH|") == answer.count(b"\x1c\r") == 2
    assert answer.index(b"MSA|AA|M1") < answer.index(b"MSA|AA|M2")
    await channel.stop()


async def test_the_simulator_takes_over_several_connections(world: World) -> None:
    with simulator(dedupe=True) as (neighbour, port):
        settings = mllp_out.Settings(host="127.0.0.1", port=port, max_in_flight=3, repeat="same")
        channel = mllp_out.Channel("it", settings, world.services)
        await channel.start()
        calls = [Deferred.fromCoroutine(channel.call(request(f"M{number}"))) for number in range(30)]
        assert len(await gatherResults(calls)) == 30
        response = await channel.call(request("M7", accept="AL", respond="NE"))
        assert response.summary == "ADT_A01: CA"
        assert sum(kept["accepted"] for kept in neighbour.messages) == 30
        await channel.stop()


async def through(
    world: World, server: Any, client: Any, host: str = "127.0.0.1"
) -> tuple[Response | Failure, HealthState | None]:
    """One message from `mllp_out` to `mllp_in` over TLS; what the caller saw, and its health."""
    listening = mllp_in.Channel("in", mllp_in.Settings(listen=Listen("127.0.0.1", 0), tls=server), world.services)
    await listening.start(FakeInbox(TYPES))
    settings = mllp_out.Settings(host=host, port=listening.port, tls=client)
    calling = mllp_out.Channel("out", settings, world.services)
    await calling.start()
    outcome: Response | Failure
    try:
        outcome = await calling.call(request("M1"))
        again = await calling.call(request("M2"))
        assert again.summary == "ADT_A01: AA"
    except Failure as failure:
        outcome = failure
    state = world.state
    await calling.stop()
    await listening.stop()
    assert not world.bugs
    return outcome, state


async def test_tls(world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    outcome, state = await through(world, authority.server(), authority.client())
    assert isinstance(outcome, Response)
    assert state is HealthState.UP


async def test_mutual_tls(world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    outcome, _ = await through(world, authority.server(mutual=True), authority.client("caller"))
    assert isinstance(outcome, Response)


async def test_mutual_tls_without_a_certificate_takes_no_message(world: World, tmp_path: Path) -> None:
    """With TLS 1.3 the caller may learn of it only after the message left: in doubt at worst, and never done."""
    authority = Authority(tmp_path / "tls")
    outcome, state = await through(world, authority.server(mutual=True), authority.client())
    assert isinstance(outcome, Failure)
    assert state in (HealthState.DOWN, HealthState.DEGRADED)


async def test_a_certificate_of_a_stranger_is_not_trusted(world: World, tmp_path: Path) -> None:
    """Certainly nothing left: the handshake comes before the message."""
    authority, stranger = Authority(tmp_path / "tls"), Authority(tmp_path / "other", "stranger")
    outcome, state = await through(world, authority.server(), stranger.client())
    assert isinstance(outcome, Unavailable)
    assert state is HealthState.DOWN


async def test_a_plain_caller_at_a_tls_listener_is_not_heard(world: World, tmp_path: Path) -> None:
    inbox = FakeInbox(TYPES)
    settings = mllp_in.Settings(listen=Listen("127.0.0.1", 0), tls=Authority(tmp_path / "tls").server())
    channel = mllp_in.Channel("it", settings, world.services)
    await channel.start(inbox)
    answer = await deferToThread(_or_nothing, channel.port)
    assert b"MSA" not in answer
    assert not inbox.accepted
    context = ssl.create_default_context(cafile=str(tmp_path / "tls" / "authority-ca.pem"))
    assert b"MSA|AA|M1" in await deferToThread(_over_tls, channel.port, context)
    await channel.stop()


def _or_nothing(port: int) -> bytes:
    try:
        return plain(port, [framed(message())])
    except OSError:
        return b""


def _over_tls(port: int, context: ssl.SSLContext) -> bytes:
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as peer,
    ):
        peer.sendall(framed(message("M1")))
        return peer.recv(4096)
