"""Hostile senders at `soap_in`: requests that are cheap to send and dear to read hold up nobody else."""

from __future__ import annotations

import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from channels import soap_in
from engine.message import Reply
from engine.site.settings import Listen
from engine.transform.pool import Pool
from tests.contracts.base import sleep, until
from tests.contracts.fakes import FakeInbox, make_world
from tests.wire.test_soap_in import ANSWER, CDATA, ORDER, Answer, hip, post, talk

DEADLINE = 1.0


def layer(number: int) -> str:
    """The start of an element with 200 namespaces of its own."""
    return "<q " + " ".join(f'xmlns:a{one:x}="{number}-{one}"' for one in range(200)) + ">"


LAYERS = "".join(map(layer, range(100)))
NAMES = "".join(f"<a{number:x}/>" for number in range(200_000))
ATTRIBUTES = " ".join(f'a{number:x}=""' for number in range(200_000))
BOMBS = {
    "namespaces": f"<Request xmlns:z='z'>{LAYERS}{'<z:b/>' * 40_000}{'</q>' * 100}</Request>",
    "names under Body": f"<Request><Body>{NAMES}</Body></Request>",
    "attributes": f"<Request {ATTRIBUTES}/>",
    "elements": f"<Request><Body>{'<a/>' * 600_000}</Body></Request>",
}


class Stand:
    """A `soap_in` with real worker processes, and what it took."""

    def __init__(self, reactor: Any, channel: soap_in.Channel, inbox: FakeInbox) -> None:
        self.reactor, self.channel, self.inbox = reactor, channel, inbox
        self.longest = 0.0
        self.beating: Any = None

    async def send(self, payload: str) -> Answer:
        return await deferToThread(talk, self.channel.port, post(hip(payload).encode()), 30.0)

    def beat(self, last: float) -> None:
        """Notices how long the loop did nothing else."""
        now = time.monotonic()
        self.longest = max(self.longest, now - last)
        self.beating = self.reactor.callLater(0.01, self.beat, now)


@pytest.fixture(name="stand")
def fixture_stand(reactor: Any, tmp_path: Path) -> Callable[[], Any]:
    @asynccontextmanager
    async def stand() -> AsyncIterator[Stand]:
        pool = Pool(reactor, size=1, deadline=DEADLINE, preload=())
        pool.start()
        inbox = FakeInbox(frozenset({"AddRisAppBillRt"}))
        inbox.outcome = Reply("accepted", "m1", ANSWER.encode())
        settings = soap_in.Settings(listen=Listen("127.0.0.1", 0))
        services = replace(make_world(reactor, tmp_path).services, workers=pool)
        channel = soap_in.Channel("his_in", settings, services)
        await channel.start(inbox)
        try:
            yield Stand(reactor, channel, inbox)
        finally:
            await channel.stop()
            await pool.stop()

    return stand


@pytest.mark.parametrize("kind", BOMBS)
async def test_what_takes_long_to_read_holds_up_nobody(stand: Callable[[], Any], kind: str) -> None:
    async with stand() as it:
        assert (await it.send(CDATA + " " * 70_000)).status == 200  # the worker is up
        it.beat(time.monotonic())
        bomb = deferToThread(talk, it.channel.port, post(hip(BOMBS[kind]).encode()), 30.0)
        await sleep(it.reactor, 0.1)
        start = time.monotonic()
        assert (await it.send(CDATA)).status == 200
        assert time.monotonic() - start < DEADLINE
        answer = await bomb
        assert answer.code in ("WB-2004", "WB-1004", "WB-1001")
        assert answer.code in {code for _, code, _ in it.inbox.rejected}
        assert it.longest < DEADLINE, "the engine did nothing else while it read this"
        it.beating.cancel()


async def test_a_long_request_is_read_like_a_short_one(stand: Callable[[], Any]) -> None:
    async with stand() as it:
        for filling in ("", "x" * 100_000):
            payload = ORDER.replace("<Note>", f"<Note>{filling}")
            for form in (payload, f"<![CDATA[{payload}]]>"):
                assert (await it.send(form)).status == 200
            xml, text = it.inbox.accepted[-2:]
            assert xml.body.count(b"AddRisAppBillRt>") == text.body.count(b"AddRisAppBillRt>") == 2
            assert xml.operation == text.operation == "AddRisAppBillRt"


@pytest.mark.parametrize("said", [b"", b"POST /his HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc"])
async def test_connections_that_say_nothing_shut_nobody_out(stand: Callable[[], Any], said: bytes) -> None:
    async with stand() as it:
        most = it.channel.settings.max_connections
        lines = [await deferToThread(socket.create_connection, ("127.0.0.1", it.channel.port), 5) for _ in range(most)]
        for line in lines:
            line.sendall(said)
        await until(it.reactor, lambda: len(it.channel.connections) == most)
        assert (await it.send(CDATA)).status == 503  # they have only just come
        for connection in it.channel.connections:
            connection.since -= 5.0
        assert (await it.send(CDATA)).status == 200
        for line in lines:
            line.close()


async def test_a_length_beyond_reading_ends_quietly(stand: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    async with stand() as it:
        head = b"POST /his HTTP/1.1\r\nHost: h\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n"
        assert (await deferToThread(talk, it.channel.port, head)).status == 0
        assert (await it.send(CDATA)).status == 200
    assert "Traceback" not in caplog.text
