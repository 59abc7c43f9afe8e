"""The way to an HTTP peer: what is kept, what is new, and whom it trusts."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.protocol import Factory
from twisted.web.http import HTTPChannel
from twisted.web.resource import Resource
from twisted.web.server import Site

from channels._http.peer import Address, Peer


def no_tls(host: str) -> Any:
    raise AssertionError(f"no TLS for {host}")


class Hello(Resource):
    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        return b"hello"


class Counting(Factory):
    """A site that counts its connections."""

    def __init__(self) -> None:
        self.site = Site(Hello())
        self.connections: list[Any] = []

    def buildProtocol(self, addr: Any) -> Any:
        channel: HTTPChannel = self.site.buildProtocol(addr)
        self.connections.append(channel)
        return channel


async def test_kept_connections_are_used_again_and_fresh_ones_are_new(reactor: Any) -> None:
    factory = Counting()
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    peer = Peer(reactor, 2, 5.0, 5.0, no_tls)
    url = f"http://127.0.0.1:{port.getHost().port}/"
    try:
        for _ in range(3):
            assert await (await peer.kept.get(url)).content() == b"hello"
        assert len(factory.connections) == 1
        for _ in range(2):
            assert await (await peer.fresh.get(url)).content() == b"hello"
        assert len(factory.connections) == 3
    finally:
        await peer.close()
        await port.stopListening()


async def test_nobody_there(reactor: Any) -> None:
    port = reactor.listenTCP(0, Counting(), interface="127.0.0.1")
    number = port.getHost().port
    await port.stopListening()
    peer = Peer(reactor, 1, 2.0, 1.0, no_tls)
    with pytest.raises(Refused):
        await peer.kept.get(f"http://127.0.0.1:{number}/")
    await peer.close()


class Sweet(Resource):
    isLeaf = True

    def render_GET(self, request: Any) -> bytes:
        request.addCookie(b"who", b"me")
        return repr(request.getCookie(b"who")).encode()


async def test_nothing_is_remembered_between_calls(reactor: Any) -> None:
    port = reactor.listenTCP(0, Site(Sweet()), interface="127.0.0.1")
    peer = Peer(reactor, 2, 5.0, 5.0, no_tls)
    address = Address.from_text(f"http://127.0.0.1:{port.getHost().port}/a%20b?c=d")
    try:
        for _ in range(2):
            assert await (await peer.kept.get(address)).content() == b"None"
    finally:
        await peer.close()
        await port.stopListening()
