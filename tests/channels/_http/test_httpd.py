"""The shared HTTP port. Its limits over real sockets are in tests/wire/test_soap_in.py."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from channels._http.httpd import Exchange, HttpPort, networks, shared_port
from channels._tls.settings import Tls
from engine.message import Unavailable
from tests.wire.test_soap_in import post, talk


class Echo:
    """A door that answers with what it got."""

    max_body = 100
    max_connections = 5
    backlog = 5
    idle = 5.0
    receive_time = 5.0

    def __init__(self, path: bytes = b"/a", admitted: bool = True) -> None:
        self.paths: tuple[bytes, ...] = (path,)
        self.tls: Tls | None = None
        self.server: Any = None
        self.admitted = admitted

    def judge(self, exchange: Exchange, length: int | None) -> int:
        assert exchange.client.host == "127.0.0.1"
        return 0 if self.admitted else 403

    def refuse(self, exchange: Exchange, status: int) -> None:
        exchange.answer(status, "text/plain", b"refused")
        exchange.answer(200, "text/plain", b"only the first answer counts")

    def serve(self, exchange: Exchange) -> None:
        exchange.answer(200, "text/plain", exchange.body() + exchange.text_header(b"x").encode(), x_more="yes")


async def test_doors_by_path_and_the_last_one_closes_the_port(reactor: Any) -> None:
    port = HttpPort(reactor, "127.0.0.1", 0)
    one, two = Echo(b"/one"), Echo(b"/two")
    port.open(one)
    port.open(two)
    number = port.number
    answer = await deferToThread(talk, number, post(b"hello", "X: there", path="/one?a=b"))
    assert (answer.status, answer.body) == (200, b"hellothere")
    assert "x-more: yes" in answer.head.lower()
    with pytest.raises(Unavailable, match="WB-3010"):
        port.open(Echo(b"/one"))
    await port.close(one)
    assert (await deferToThread(talk, number, post(b"", path="/one"))).status == 404
    assert (await deferToThread(talk, number, post(b"", path="/two"))).status == 200
    await port.close(two)
    await port.close(two)
    assert port.number == 0
    with pytest.raises(ConnectionRefusedError):
        await deferToThread(talk, number, b"")
    port.open(one)
    assert (await deferToThread(talk, port.number, post(b"again", path="/one"))).body == b"again"
    await port.close(one)


@pytest.mark.parametrize(
    ("data", "admitted", "status"),
    [
        (post(b"x" * 101, path="/a"), True, 413),
        (post(b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked", path="/a"), True, 413),
        (post(b"x", path="/a"), False, 403),
        (b"nonsense\r\n\r\n", True, 400),
        (post(b"x" * 100, path="/a"), True, 200),
    ],
)
async def test_limits(reactor: Any, data: bytes, admitted: bool, status: int) -> None:
    port = HttpPort(reactor, "127.0.0.1", 0)
    door = Echo(admitted=admitted)
    port.open(door)
    assert (await deferToThread(talk, port.number, data)).status == status
    await port.close(door)


def test_one_port_for_an_address(reactor: Any) -> None:
    book: dict[Any, Any] = {}
    one = shared_port(book, reactor, "127.0.0.1", 8081)
    assert shared_port(book, reactor, "127.0.0.1", 8081) is one
    assert shared_port(book, reactor, "127.0.0.1", 8082) is not one


def test_networks() -> None:
    assert [str(network) for network in networks(["10.1.0.0/16", "fd00::/8"])] == ["10.1.0.0/16", "fd00::/8"]
    with pytest.raises(ValueError, match="does not appear"):
        networks(["10.1"])
