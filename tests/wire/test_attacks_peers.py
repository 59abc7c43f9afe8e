"""Hostile peers: what a HIS or a certification authority may answer costs bounded time and memory, and is doubt."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels import coss, soap_out
from engine.message import Failure, InDoubt, Refused, Request, Unavailable, Xml
from engine.site.settings import Duration, Secret, Size
from engine.transform.codec import Sign
from engine.transform.pool import Pool
from tests.contracts.fakes import NAME, World, make_world
from tests.contracts.soap_peer import ENVELOPES, result
from tests.wire.test_attacks_soap import LAYERS

DEADLINE = 1.0
ORDER = Request(
    "RegisterDocumentRt", {"body": Xml(b"<Request/>")}, "k", datetime(2026, 11, 20, tzinfo=UTC), timeout=3.0
)
JOB = Request("getSignResult", {"fields": {"signJobId": "J"}}, "k", datetime(2026, 11, 20, tzinfo=UTC), timeout=3.0)
OUTER = f'<s:Envelope xmlns:s="{ENVELOPES["1.1"]}"><s:Body><R><Result>%s</Result></R></s:Body></s:Envelope>'
ENTITY = '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def http(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Peer:
    """Answers each request with the same bytes, whole or in drops; keeps the requests."""

    def __init__(self, answer: bytes, drop: float = 0.0) -> None:
        self.asked: list[bytes] = []
        self._answer, self._drop = answer, drop
        self._ended = threading.Event()
        self._line = socket.create_server(("127.0.0.1", 0))
        self.port = self._line.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._ended.set()
        self._line.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                line, _ = self._line.accept()
            except OSError:
                return
            threading.Thread(target=self._speak, args=(line,), daemon=True).start()

    def _speak(self, line: socket.socket) -> None:
        with line:
            self.asked.append(line.recv(1 << 20))
            try:
                if not self._drop:
                    line.sendall(self._answer)
                for at in range(len(self._answer) if self._drop else 0):
                    line.sendall(self._answer[at : at + 1])
                    if self._ended.wait(self._drop):
                        return
                self._ended.wait(5)
            except OSError:
                return


@contextmanager
def peer(answer: bytes, drop: float = 0.0) -> Iterator[Peer]:
    made = Peer(answer, drop)
    try:
        yield made
    finally:
        made.close()


class Loop:
    """How long the reactor did nothing else, at most."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.longest = 0.0
        self._beat(time.monotonic())

    def _beat(self, last: float) -> None:
        now = time.monotonic()
        self.longest = max(self.longest, now - last)
        self._next = self.reactor.callLater(0.01, self._beat, now)

    def end(self) -> float:
        self._next.cancel()
        return self.longest


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, {"ca_hmac": "key"})


@pytest.fixture(name="called")
def fixture_called(world: World) -> Callable[..., Any]:
    """`async with called(channel class, settings, request) as failure`"""

    @asynccontextmanager
    async def called(module: Any, settings: Any, request: Request) -> AsyncIterator[BaseException | None]:
        reactor = world.services.reactor
        pool = Pool(reactor, size=1, deadline=DEADLINE, preload=())
        pool.start()
        await pool.run("engine.transform.codec:signature", {}, Sign(b"k"))
        channel = module.Channel("peer", settings, replace(world.services, workers=pool))
        await channel.start()
        loop, failure = Loop(reactor), None
        try:
            await channel.call(request)
        except Failure as error:
            failure = error
        finally:
            longest = loop.end()
            await channel.stop()
            await pool.stop()
        assert longest < DEADLINE, "the engine did nothing else meanwhile"
        yield failure

    return called


HIS = {
    "namespaces": http(
        (OUTER % f"<Response xmlns:z='z'>{LAYERS}{'<z:b/>' * 20_000}{'</q>' * 100}</Response>").encode()
    ),
    "entity": http((ENTITY + OUTER % "&e;").encode()),
    "entity inside": http(result(f"{ENTITY}<Response>&e;</Response>")),
    "deep": http((OUTER % ("<a>" * 50_000)).encode()),
    "endless": http(b"<a>" * 2_000_000),
    "other": http(NAME.encode() * 1000),
    "no length": b"HTTP/1.1 200 OK\r\n\r\n" + NAME.encode(),
    "bad chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "long header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 2_000_000,
    "no HTTP": NAME.encode() * 100,
    "zipped": http(b"\x1f\x8b\x08\x00", "200 OK", "Content-Encoding: gzip"),
}


@pytest.mark.parametrize("kind", HIS)
async def test_a_hostile_his_leaves_doubt(world: World, called: Callable[..., Any], kind: str) -> None:
    with peer(HIS[kind]) as his:
        settings = soap_out.Settings(url=f"http://127.0.0.1:{his.port}/his", timeout=Duration(2))
        async with called(soap_out, settings, ORDER) as failure:
            assert isinstance(failure, InDoubt)
            assert NAME not in f"{failure!r} {failure} {world.health}"
            assert "root:" not in f"{failure!r}"
            assert len(his.asked) == 1, "it was sent once"


async def test_a_his_that_drips_is_left_in_time(called: Callable[..., Any]) -> None:
    with peer(http(result("<Response/>")), drop=0.05) as his:
        settings = soap_out.Settings(url=f"http://127.0.0.1:{his.port}/his", timeout=Duration(1))
        start = time.monotonic()
        async with called(soap_out, settings, ORDER) as failure:
            assert isinstance(failure, InDoubt)
        assert time.monotonic() - start < 8


@pytest.mark.parametrize("module", [soap_out, coss])
async def test_nobody_is_followed_elsewhere(called: Callable[..., Any], module: Any) -> None:
    with peer(http(b"")) as elsewhere:
        moved = http(b"", "307 Temporary Redirect", f"Location: http://127.0.0.1:{elsewhere.port}/")
        with peer(moved) as first:
            url = f"http://127.0.0.1:{first.port}"
            settings = soap_out.Settings(url=url) if module is soap_out else authority(first)
            async with called(module, settings, ORDER if module is soap_out else JOB) as failure:
                assert isinstance(failure, Unavailable | Refused)
        assert elsewhere.asked == []


def authority(ca: Peer, **more: Any) -> coss.Settings:
    return coss.Settings(
        url=f"http://127.0.0.1:{ca.port}", app_id="a", key=Secret("ca_hmac"), max_answer=Size(4 << 20), **more
    )


def said(data: Any) -> bytes:
    return http(json.dumps({"status": "200", "message": NAME, "data": data}).encode())


CA = {
    "huge": http(b'{"a":"' + b"x" * (5 << 20)),
    "deep": http(b"[" * 1_000_000),
    "deep objects": http(b'{"a":' * 500_000),
    "digits": http(b'{"status": ' + b"9" * 200_000 + b"}"),
    "no JSON": http(NAME.encode() * 100_000),
    "many documents": said({"composePdf": ["aGk="] * 200_000}),
    "some documents": said({"composePdf": ["aGk="] * 100}),
    "bad Base64": said({"composePdf": NAME}),
    "NaN": http(b"NaN"),
    "surrogates": http(b'{"status":"200","data":{"composePdf":"\\ud800"}}'),
}


@pytest.mark.parametrize("kind", CA)
async def test_a_hostile_authority_leaves_doubt_and_no_files(
    world: World, called: Callable[..., Any], kind: str
) -> None:
    with peer(CA[kind]) as ca:
        async with called(coss, authority(ca), JOB) as failure:
            assert isinstance(failure, InDoubt)
            assert NAME not in f"{failure!r} {failure} {world.health}"
    assert [path for path in (world.services.state / "tmp").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("status", ["0x1", {"a": 1}, [], True, NAME, "9" * 5000])
async def test_no_word_of_an_authority_is_repeated(world: World, called: Callable[..., Any], status: Any) -> None:
    answer = {"status": status, "message": NAME, "data": {"composePdf": "aGk=", "list": [{"composePdf": "aGk="}]}}
    with peer(http(json.dumps(answer).encode())) as ca:
        async with called(coss, authority(ca), JOB) as failure:
            assert isinstance(failure, Refused)
            assert NAME not in f"{failure!r} {failure} {world.health}"
            assert len(failure.reason) < 200
    assert [path for path in (world.services.state / "tmp").rglob("*") if path.is_file()] == []
