"""The door that listening channels share: who may send, TLS, and how it starts and stops."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from channels._http.httpd import Exchange
from channels._http.listener import Listener, Listening
from channels._tls.settings import Tls
from engine.channel import HealthState
from engine.message import Unavailable
from engine.site.settings import Listen
from tests.channels._tls.authority import Authority
from tests.contracts.fakes import World, make_world


class Hello:
    """Answers `hello`."""

    def __init__(self) -> None:
        self.refused: list[int] = []
        self.listener: Listener | None = None

    def judge(self, exchange: Exchange, length: int | None) -> int:
        return 0

    def refuse(self, exchange: Exchange, status: int) -> None:
        self.refused.append(status)
        exchange.answer(status, "text/plain", b"no")

    def serve(self, exchange: Exchange) -> None:
        assert self.listener is not None
        self.listener.spawn(exchange, self.answer(exchange))

    async def answer(self, exchange: Exchange) -> None:
        if exchange.body() == b"bug":
            raise RuntimeError
        exchange.answer(200, "text/plain", b"hello")


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


def made(world: World, tls: Tls | None = None, path: bytes = b"/a", **more: Any) -> tuple[Listener, Hello]:
    hello = Hello()
    settings = Listening(Listen("127.0.0.1", more.pop("port", 0)), tls=tls, **more)
    hello.listener = Listener("it", settings, world.services, (path,), hello)
    return hello.listener, hello


def fetched(url: str, context: ssl.SSLContext | None = None, data: bytes | None = None) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10, context=context) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


async def stopped(listener: Listener) -> None:
    await listener.stop(lambda exchange: None)


async def test_with_tls(world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    listener, _ = made(world, authority.server())
    await listener.start()
    trusted = ssl.create_default_context(cafile=str(authority.ca))
    url = f"https://127.0.0.1:{listener.number}/a"
    try:
        assert await deferToThread(fetched, url, trusted) == (200, b"hello")
        with pytest.raises(urllib.error.URLError, match="certificate verify failed"):
            await deferToThread(fetched, url, ssl.create_default_context())
        with pytest.raises(OSError):  # noqa: PT011 - plain HTTP ends in one way or another
            await deferToThread(fetched, url.replace("https", "http"))
    finally:
        await stopped(listener)
    assert [health.state for health in world.health] == [HealthState.UP, HealthState.STOPPED]


async def test_a_client_needs_its_certificate(world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    listener, _ = made(world, authority.server(mutual=True))
    await listener.start()
    context = ssl.create_default_context(cafile=str(authority.ca))
    url = f"https://127.0.0.1:{listener.number}/a"
    try:
        with pytest.raises(OSError):  # noqa: PT011 - TLS 1.3 tells it at the first read, as SSLError or URLError
            await deferToThread(fetched, url, context)
        issued = authority.issue("desk")
        context.load_cert_chain(issued.certificate, issued.key)
        assert await deferToThread(fetched, url, context) == (200, b"hello")
    finally:
        await stopped(listener)


async def test_a_certificate_near_its_end_shows_in_the_health(world: World, tmp_path: Path) -> None:
    listener, _ = made(world, Authority(tmp_path / "tls").server(days=9.5))
    await listener.start()
    assert world.health[-1].reason == "the certificate ends in 9 days"
    assert (await listener.probe()).state is HealthState.DEGRADED
    await stopped(listener)


async def test_doors_of_one_address_have_the_same_tls(world: World, tmp_path: Path) -> None:
    tls = Authority(tmp_path / "tls").server()
    one, _ = made(world, tls)
    two, _ = made(world, tls, b"/b")
    plain, _ = made(world, None, b"/c")
    await one.start()
    await two.start()
    with pytest.raises(Unavailable, match="the same `tls`"):
        await plain.start()
    await stopped(one)
    await stopped(two)


async def test_certificates_that_cannot_be_read_open_no_port(world: World, tmp_path: Path) -> None:
    tls = Authority(tmp_path / "tls").server()
    assert tls.certificate is not None
    tls.certificate.unlink()
    listener, _ = made(world, tls)
    with pytest.raises(Unavailable, match="WB-3101"):
        await listener.start()
    assert listener.number == 0
    assert world.state is HealthState.DOWN
    assert (await listener.probe()).state is HealthState.DOWN


async def test_a_bug_is_loud_and_answered(world: World) -> None:
    listener, _ = made(world)
    await listener.start()
    try:
        assert (await deferToThread(fetched, f"http://127.0.0.1:{listener.number}/a", None, b"bug"))[0] == 500
    finally:
        await stopped(listener)
    assert [type(bug) for bug in world.bugs] == [RuntimeError]


def test_beyond_loopback_needs_allow() -> None:
    with pytest.raises(ValueError, match="allow"):
        Listening(Listen("0.0.0.0", 1))
    Listening(Listen("0.0.0.0", 1), allow=("10.0.0.0/8",))


def test_who_may_send(world: World) -> None:
    settings = Listening(Listen("0.0.0.0", 8081), allow=("10.1.0.0/16", "fd00::/8"))
    listener = Listener("it", settings, world.services, (b"/a",), Hello())
    assert listener.admits("10.1.2.3")
    assert listener.admits("fd00::1")
    assert listener.admits("127.0.0.1")
    assert not listener.admits("10.2.0.1")
