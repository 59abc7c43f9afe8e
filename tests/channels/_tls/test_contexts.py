"""Real handshakes: who is let in, who is refused, and why."""

from __future__ import annotations

import socket
import ssl
import warnings
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.error import ConnectionLost
from twisted.internet.threads import deferToThread

from channels._tls.settings import Tls
from tests.channels._tls.authority import Authority
from tests.channels._tls.sides import client_context, server_context
from tests.channels._tls.wire import Echoes, exchanged
from tests.contracts.fakes import World, make_world


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


@pytest.fixture(name="authority")
def fixture_authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "tls")


async def met(world: World, server: Tls, client: Tls | None, host: str = "127.0.0.1") -> tuple[bytes, Any]:
    services = world.services
    return await exchanged(services.reactor, server_context(server, services), client_context(client, services, host))


async def test_a_trusted_peer_is_spoken_to(world: World, authority: Authority) -> None:
    _, answer = await met(world, authority.server(), authority.client())
    assert answer == b"hello"


async def test_both_sides_have_certificates(world: World, authority: Authority) -> None:
    _, answer = await met(world, authority.server(mutual=True), authority.client("desk"))
    assert answer == b"hello"


async def test_a_client_without_certificate_is_refused(world: World, authority: Authority) -> None:
    heard, answer = await met(world, authority.server(mutual=True), authority.client())
    assert heard == b""
    assert isinstance(answer, SSL.Error | ConnectionLost)


async def test_a_client_of_another_authority_is_refused(world: World, authority: Authority, tmp_path: Path) -> None:
    issued = Authority(tmp_path / "other", "other").issue("desk")
    heard, answer = await met(world, authority.server(mutual=True), Tls(issued.certificate, issued.key, authority.ca))
    assert heard == b""
    assert isinstance(answer, SSL.Error | ConnectionLost)


async def test_a_client_whose_certificate_ended_is_refused(world: World, authority: Authority) -> None:
    heard, answer = await met(world, authority.server(mutual=True), authority.client("desk", days=-1))
    assert heard == b""
    assert isinstance(answer, SSL.Error | ConnectionLost)


@pytest.mark.parametrize("days", [-1])
async def test_a_peer_whose_certificate_ended_is_not_spoken_to(world: World, authority: Authority, days: float) -> None:
    heard, answer = await met(world, authority.server(days=days), authority.client())
    assert heard == b""
    assert isinstance(answer, SSL.Error)
    assert "certificate verify failed" in str(answer)


async def test_a_peer_of_another_authority_is_not_spoken_to(world: World, authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", "other")
    for client in (other.client(), None):
        heard, answer = await met(world, authority.server(), client)
        assert heard == b""
        assert "certificate verify failed" in str(answer)


async def test_a_peer_with_another_name_is_not_spoken_to(world: World, authority: Authority) -> None:
    heard, answer = await met(world, authority.server("his.example"), authority.client())
    assert heard == b""
    assert isinstance(answer, VerificationError | SSL.Error)
    named = authority.client(server_name="his.example")
    _, answer = await met(world, authority.server("his.example"), named)
    assert answer == b"hello"


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_foreign_client_needs_tls_1_2(
    world: World, reactor: Any, authority: Authority, newest: ssl.TLSVersion
) -> None:
    """Python's own `ssl` as the client."""
    port = reactor.listenSSL(0, Echoes(), server_context(authority.server(), world.services), interface="127.0.0.1")

    def call() -> str:
        context = ssl.create_default_context(cafile=str(authority.ca))
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, newest
        with socket.create_connection(("127.0.0.1", port.getHost().port), 5) as plain:
            try:
                with context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped:
                    return str(wrapped.version())
            except ssl.SSLError:
                return "refused"

    try:
        version = await deferToThread(call)
    finally:
        await port.stopListening()
    wanted = {ssl.TLSVersion.TLSv1_1: "refused", ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}
    assert version == wanted[newest]
