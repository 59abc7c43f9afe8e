"""What protects a peer, and us: the circuit breaker, the rate, and a full engine that says so and loses nothing."""

from __future__ import annotations

import contextlib
import http.client
import socket
import sqlite3
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from simulators.his_soap import read_result, write_call
from simulators.hl7 import END, START, frames
from tests.crash import rough
from tests.crash.rough import Rough, Talk
from tests.engine.runtime.house import engine, rows
from tests.engine.world import World

pytestmark = pytest.mark.limit(90)

OUT = """connections:
  source: {type: memory_in}
  peer: {type: http_out, url: 'http://127.0.0.1:PORT', timeout: 5s, LIMIT}
policies:
  default: {first: 50ms, factor: 1, max: 50ms, jitter: 0%, then: dead}
routes:
  r:
    receive: {from: source, operation: order}
    steps:
      - {id: out, call: {to: peer, operation: put, path: /in, body: $(body)}}
"""
IN = """connections:
  adt: {type: mllp_in, listen: 127.0.0.1:0, operations: {'*': Order}, max_connections: 400}
  web: {type: http_in, listen: 127.0.0.1:0, paths: {/order: Order}, max_connections: 400}
  his: {type: soap_in, listen: 127.0.0.1:0, path: /his, envelope: operation}
routes:
  hl7:
    receive: {from: adt, operation: Order}
    steps: [{id: done, set: {values: {x: y}}}]
  orders:
    receive: {from: web, operation: Order}
    steps: [{id: done, set: {values: {x: y}}}]
  soaps:
    receive: {from: his, operation: AddRisAppBillRt, identity: [//MessageID]}
    steps: [{id: done, set: {values: {x: y}}}]
"""


class Moody:
    """Answers 503 while it is unwell; `at` is when each request came."""

    def __init__(self) -> None:
        self.well = True
        self.at: list[float] = []

    def __call__(self, talk: Talk) -> None:
        while talk.read():
            self.at.append(time.monotonic())
            if self.well:
                talk.line.sendall(rough.http(b"ok", "text/plain"))
            else:
                talk.line.sendall(b"HTTP/1.1 503 Unwell\r\nContent-Length: 0\r\n\r\n")

    def most_in(self, seconds: float) -> int:
        """The most requests that came within so many seconds."""
        return max(sum(1 for other in self.at if at <= other < at + seconds) for at in self.at)


async def many(world: World, count: int) -> None:
    for number in range(count):
        await world.put(f"<order>{number}</order>", "order")


async def test_the_circuit_opens_and_closes(tmp_path: Path) -> None:
    peer = Moody()
    peer.well = False
    server = Rough("http", peer)
    limit = "max_in_flight: 1, breaker: {after: 3, pause: 2s}"
    try:
        async with engine(tmp_path, OUT.replace("PORT", str(server.port)).replace("LIMIT", limit)) as world:
            gate = world.daemon.runtime.gate("peer")
            await many(world, 10)
            await world.until(lambda: gate.circuit == "open", 30)
            assert len(peer.at) == 3, "nothing is sent while it is open"
            await world.until(lambda: len(peer.at) == 4, 30)
            assert peer.at[3] - peer.at[2] >= 1.9, "one is tried after the pause"
            peer.well = True
            await world.until(lambda: len(world.runs(state="done")) == 10, 30)
            assert gate.circuit == "closed"
            assert len(peer.at) <= 4 + 10 + 2
    finally:
        server.close()


async def test_the_rate_holds(tmp_path: Path) -> None:
    peer = Moody()
    server = Rough("http", peer)
    try:
        async with engine(tmp_path, OUT.replace("PORT", str(server.port)).replace("LIMIT", "rate: 20/s")) as world:
            await many(world, 60)
            await world.until(lambda: len(world.runs(state="done")) == 60, 60)
            assert len(peer.at) == 60
            assert peer.at[-1] - peer.at[0] >= 2.7, "60 at 20/s, two of them at once"
            assert peer.most_in(1.0) <= 20 * 1.5, "a late one may come beside the next, never a flood"
    finally:
        server.close()


class Crowd:
    """Senders on a connection each, from one thread: all send, then all read; who is refused sends again.

    full: who is refused must hear that the engine is full.
    """

    full = True

    def __init__(self, port: int, requests: dict[str, bytes]) -> None:
        self._port = port
        self._requests = requests
        self._lines: dict[str, socket.socket] = {}
        self.refused: list[str] = []
        self.taken: list[str] = []

    def send(self) -> None:
        for name, request in self._requests.items():
            if name not in self.taken:
                self._lines[name] = socket.create_connection(("127.0.0.1", self._port), 60)
                with self._closed_on_us():
                    self._lines[name].sendall(request)

    def read(self) -> None:
        for name, line in self._lines.items():
            taken = False
            with self._closed_on_us():
                taken = self.judge(line)
            (self.taken if taken else self.refused).append(name)
            line.close()
        self._lines = {}

    def _closed_on_us(self) -> AbstractContextManager[None]:
        """A door with too many connections may close the newest; an engine that is only full answers."""
        return contextlib.nullcontext() if self.full else contextlib.suppress(ConnectionError)

    def judge(self, line: socket.socket) -> bool:
        raise NotImplementedError


class Hl7Crowd(Crowd):
    def __init__(self, port: int, count: int) -> None:
        text = "MSH|^~\\&|T|A|W|B|20260101||ADT^A08|{}|P|2.5\rPID|1||1\r"
        names = [f"M{number}" for number in range(count)]
        super().__init__(port, {name: START + text.format(name).encode() + END for name in names})

    def judge(self, line: socket.socket) -> bool:
        answer = next(frames(line), b"").decode()
        if "MSA|AA|" not in answer and self.full:
            assert "MSA|AE|" in answer
            assert "WB-1012" in answer
            assert "come again later" in answer
        return "MSA|AA|" in answer


class HttpCrowd(Crowd):
    def __init__(self, port: int, count: int) -> None:
        head = "POST /order HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"
        bodies = {f"O{number}": f'{{"id": "O{number}"}}' for number in range(count)}
        super().__init__(port, {name: head.format(len(body), body).encode() for name, body in bodies.items()})

    def judge(self, line: socket.socket) -> bool:
        answer = http.client.HTTPResponse(line)
        answer.begin()
        body = answer.read()
        if answer.status not in (200, 202):
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert b"WB-1012" in body or not self.full
        return answer.status in (200, 202)


async def test_a_full_engine_says_so_to_each_in_his_way_and_loses_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path, IN) as world:
        channel: Any = world.channel
        lock = sqlite3.connect(tmp_path / "var" / "waybill.sqlite", isolation_level=None)
        crowds: list[Crowd] = [Hl7Crowd(channel("adt").port, 300), HttpCrowd(channel("web").port, 300)]
        with contextlib.closing(lock):
            lock.execute("BEGIN IMMEDIATE")  # the disk takes its time: nothing is written until this ends
            for crowd in crowds:
                await deferToThread(crowd.send)
            await world.until(lambda: world.daemon.runtime.inbox.pending == 512, 30)
            fault, text = await deferToThread(soap, channel("his").port)
            assert fault == "fault"
            assert "WB-1012" in text
            lock.execute("ROLLBACK")
        for crowd in crowds:
            await deferToThread(crowd.read)
        assert any(crowd.refused for crowd in crowds)
        while any(len(crowd.taken) < 300 for crowd in crowds):
            for crowd in crowds:
                await deferToThread(crowd.send)
                await deferToThread(crowd.read)
        assert (await deferToThread(soap, channel("his").port))[0] == "0"
        await world.until(lambda: len(world.runs(state="done")) == 601, 60)
        assert rows(world, "SELECT route, count(*) FROM run GROUP BY route") == [
            ("hl7", 300), ("orders", 300), ("soaps", 1),
        ]  # fmt: skip
        assert rows(world, "SELECT count(DISTINCT id), count(*) FROM message") == [(601, 601)]


def soap(port: int) -> tuple[str, str]:
    """What the engine answers: ResultCode, or `fault`, and the text."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    xml = "<Request><Header><MessageID>S1</MessageID></Header><Body><AddRisAppBillRt/></Body></Request>"
    try:
        body = write_call("1.1", "operation", "AddRisAppBillRt", "", xml)
        line.request("POST", "/his", body, {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'})
        answer = line.getresponse()
        result, text = read_result(answer.read())
        if result == "fault":
            assert answer.status == 503
        return ("0" if answer.status == 200 else result), text
    finally:
        line.close()


@pytest.mark.parametrize("kind", ["adt", "web", "his"])
async def test_silent_connections_and_slow_senders_keep_nobody_out(tmp_path: Path, kind: str) -> None:
    """500 connections that say nothing, and one that stops in its first line: who comes again is served in seconds."""
    async with engine(tmp_path, IN.replace("max_connections: 400", "max_connections: 100")) as world:
        port = world.channel(kind).port
        quiet: list[socket.socket] = []
        try:
            await deferToThread(_connect, quiet, port, 500)
            slow = socket.create_connection(("127.0.0.1", port), 10)
            quiet.append(slow)
            slow.sendall(START + b"MSH|" if kind == "adt" else b"POST /order HTTP/1.1\r\nHo")
            began = time.monotonic()
            if kind == "his":
                while (await deferToThread(_soap_or_closed, port)) != "0":
                    assert time.monotonic() - began < 15
            else:
                crowd: Crowd = Hl7Crowd(port, 20) if kind == "adt" else HttpCrowd(port, 20)
                crowd.full = False
                while len(crowd.taken) < 20:
                    assert time.monotonic() - began < 15
                    await deferToThread(crowd.send)
                    await deferToThread(crowd.read)
        finally:
            for line in quiet:
                line.close()


def _soap_or_closed(port: int) -> str:
    try:
        return soap(port)[0]
    except (ConnectionError, http.client.HTTPException):
        return "closed"


def _connect(lines: list[socket.socket], port: int, count: int) -> None:
    for _ in range(count):
        with contextlib.suppress(OSError):
            lines.append(socket.create_connection(("127.0.0.1", port), 10))


HOSTILE: dict[str, list[bytes]] = {
    "adt": [b"", b"\xff" * 5000, START + b"MSH|^~\\&|half", START + b"nothing" + END, END * 50, b"\x0b" * 5000],
    "web": [b"", b"\xff" * 5000, b"GET / HTTP/1.1\r\n\r\n",
            b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx",
            b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
            b"POST /order HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /order HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
}  # fmt: skip
HOSTILE["his"] = [one.replace(b"/order", b"/his") for one in HOSTILE["web"]]


@pytest.mark.parametrize("end", ["closes", "resets"])
@pytest.mark.parametrize("kind", ["adt", "web", "his"])
async def test_senders_that_break_off_leave_no_run(tmp_path: Path, kind: str, end: str) -> None:
    async with engine(tmp_path, IN) as world:
        port = world.channel(kind).port
        for data in HOSTILE[kind] * 3:
            await deferToThread(_rude, port, data, end)
        if kind == "adt":
            crowd = Hl7Crowd(port, 5)
            await deferToThread(crowd.send)
            await deferToThread(crowd.read)
            assert len(crowd.taken) == 5
        else:
            assert (await deferToThread(soap, world.channel("his").port))[0] == "0"
        good = 5 if kind == "adt" else 1
        await world.until(lambda: len(world.runs(state="done")) == good, 30)
        assert len(world.runs()) == good


def _rude(port: int, data: bytes, end: str) -> None:
    line = socket.create_connection(("127.0.0.1", port), 10)
    line.settimeout(0.05)
    with contextlib.suppress(OSError):
        line.sendall(data)
        line.recv(65536)
    if end == "resets":
        Talk("mllp", line, 1).reset()
    line.close()
