"""The `coss` channel against the CA simulator, and against answers that no CA should give."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from channels.coss import Channel, Settings, check_http, data_of, repeat_of, write_small
from engine.channel import HealthState
from engine.message import Blob, Failure, InDoubt, Refused, Request, Unavailable
from engine.site.settings import Secret, Size
from engine.transform.codec import Sign
from engine.transform.pdf import Box
from signing.coss import Coss
from signing.gate import GatePolicy, verify
from signing.provider import Begun, Cancelled, Declined, Failed, Pending, ProviderRequest, Returned, SignJob, converse
from simulators.report import report_bytes
from tests.channels.coss_peer import Peer
from tests.contracts.fakes import NAME, World, make_world

KEY = "a key"
AT = datetime(2026, 11, 20, tzinfo=UTC)
JOB = SignJob("k" * 64, 7, 1, "D9001", "report", minutes=5, seal=Box(2, 360, 120, 445, 160))


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, {"ca_hmac": KEY + "\n"})


@pytest.fixture(name="peer")
def fixture_peer(tmp_path: Path) -> Iterator[Peer]:
    peer = Peer(tmp_path / "ca", KEY)
    yield peer
    peer.stop()


@asynccontextmanager
async def started(world: World, port: int, **settings: Any) -> AsyncIterator[Channel]:
    made = Settings(url=f"http://127.0.0.1:{port}", app_id="demo", key=Secret("ca_hmac"), **settings)
    channel = Channel("ca", made, world.services)
    await channel.start()
    try:
        yield channel
    finally:
        await channel.stop()


def sender(channel: Channel) -> Callable[[ProviderRequest], Any]:
    """As the sign step does it."""

    async def send(request: ProviderRequest) -> Any:
        asked = Request(request.operation, request.arguments, "k" * 64, AT, timeout=10)
        return (await channel.call(asked)).value

    return send


def left(world: World) -> list[Path]:
    return list((world.services.state / "tmp").rglob("*.*"))


async def test_a_report_goes_out_and_comes_back_signed_and_the_gate_accepts_it(world: World, peer: Peer) -> None:
    pdf = world.blobs.put(report_bytes("175||3125", NAME, "ANS"), "application/pdf")
    began = datetime.now(UTC)
    async with started(world, peer.port) as channel:
        send = sender(channel)
        begun = await converse(Coss().begin(JOB, pdf), send)
        assert isinstance(begun, Begun)
        job = replace(JOB, reference=begun.reference)
        assert await converse(Coss().poll(job), send) == Pending()
        assert await world.threads.run("phone", peer.clerk.decide, begun.reference, "approve")
        returned = await converse(Coss().poll(job), send)
    assert isinstance(returned, Returned)
    trust = (str(peer.authority.root_pem),)
    policy = GatePolicy(trust, "U-D9001", began, datetime.now(UTC), seal=JOB.seal)
    result = await world.threads.run(
        "heavy", verify, str(world.blobs.path(pdf)), str(world.blobs.path(returned.pdf)), policy
    )
    assert result.accepted, result.reason()
    assert not left(world)


async def test_an_answer_of_megabytes_comes_through_a_file(world: World, peer: Peer) -> None:
    data = report_bytes("175||3125", "invented", "ANS")
    big = data[: data.index(b"%PDF-") + 9] + b"\n%" + b"x" * 3_000_000 + b"\n" + data[9:]
    pdf = world.blobs.put(big, "application/pdf")
    async with started(world, peer.port) as channel:
        send = sender(channel)
        begun = await converse(Coss().begin(replace(JOB, seal=None), pdf), send)
        assert isinstance(begun, Begun)
        folder = peer.authority.folder / "jobs"
        assert (folder / f"{begun.reference}.pdf").read_bytes() == big
        # the simulator cannot sign this one (its offsets are shifted): hand it an answer of that size
        (folder / f"{begun.reference}.signed").write_bytes(big)
        assert await world.threads.run("phone", peer.clerk.decide, begun.reference, "approve")
        returned = await converse(Coss().poll(replace(JOB, reference=begun.reference)), send)
    assert isinstance(returned, Returned)
    assert returned.pdf.size == len(big)
    assert world.blobs.read(returned.pdf) == big
    assert not left(world)


async def test_declined_cancelled_and_unknown(world: World, peer: Peer) -> None:
    pdf = world.blobs.put(report_bytes("1||1", "invented", "ANS"), "application/pdf")
    async with started(world, peer.port) as channel:
        send = sender(channel)
        one, two = [await converse(Coss().begin(JOB, pdf), send) for _ in range(2)]
        assert isinstance(one, Begun)
        assert isinstance(two, Begun)
        assert await world.threads.run("phone", peer.clerk.decide, one.reference, "refuse")
        assert await converse(Coss().poll(replace(JOB, reference=one.reference)), send) == Declined()
        second = replace(JOB, reference=two.reference)
        assert await converse(Coss().cancel(second), send) == Cancelled()
        assert await converse(Coss().poll(second), send) == Cancelled()
        unknown = await converse(Coss().poll(replace(JOB, reference="none")), send)
    assert unknown == Failed("WB-3003", "getSignResult: the provider says status 404")


async def test_the_probe_tells_whether_the_interface_answers(world: World, peer: Peer) -> None:
    async with started(world, peer.port) as channel:
        health = await channel.probe()
        assert health.state is HealthState.UP
        assert "status 404" in health.reason
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        async with started(world, closed.getsockname()[1]) as channel:
            assert (await channel.probe()).state is HealthState.DOWN


async def test_files_that_a_crash_left_are_removed_at_start(world: World, peer: Peer) -> None:
    folder = world.services.state / "tmp" / "coss-ca"
    folder.mkdir(parents=True)
    (folder / "old.request").write_bytes(b"x")
    async with started(world, peer.port):
        assert not list(folder.iterdir())


@pytest.fixture(name="canned")
def fixture_canned() -> Iterator[Callable[[int, bytes], int]]:
    """A server that answers everything the same; its port."""
    servers: list[ThreadingHTTPServer] = []

    def serve(status: int, body: bytes) -> int:
        class Canned(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Canned)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return int(server.server_address[1])

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


MEGABYTE = b'{"status":"200","data":{"x":"' + b"x" * (1 << 20) + b'"}}'
ODD: list[tuple[int, bytes, type[Failure]]] = [
    (200, b"<html>", InDoubt),
    (200, b"[]", InDoubt),
    (200, b'{"status":"200","data":{"composePdf":"%%%"}}', InDoubt),
    (200, b'{"status":"0x81","message":"' + NAME.encode() + b'","data":null}', Refused),
    (200, b'{"status":"' + NAME.encode() + b'"}', Refused),
    (200, b"{}", Refused),
    (200, MEGABYTE, InDoubt),
    (302, b"", Refused),
    (404, b"", Refused),
    (429, b"", Unavailable),
    (500, b"", InDoubt),
    (503, b"", Unavailable),
]


@pytest.mark.parametrize(("status", "body", "kind"), ODD, ids=range(len(ODD)))
async def test_an_odd_answer_is_one_of_the_three_failures(
    world: World, canned: Callable[[int, bytes], int], status: int, body: bytes, kind: type[Failure]
) -> None:
    async with started(world, canned(status, body), max_answer=Size(1 << 20)) as channel:
        with pytest.raises(Failure) as caught:
            await sender(channel)(ProviderRequest("getSignResult", {"fields": {"signDataId": "1"}}))
    assert type(caught.value) is kind
    assert NAME not in str(caught.value)
    assert not left(world)


async def test_good_answers_old_and_new_on_a_kept_connection(world: World, canned: Callable[[int, bytes], int]) -> None:
    async with started(world, canned(200, b'{"status":"0x00000000","data":{"userId":"U"}}')) as channel:
        send = sender(channel)
        for _ in range(3):
            assert await send(ProviderRequest("queryUserInfo", {"fields": {"uniqueId": "1"}})) == {"userId": "U"}
    assert [health.state for health in world.health] == [HealthState.STARTING, HealthState.UP, HealthState.STOPPED]


async def test_a_call_without_fields_is_refused(world: World) -> None:
    async with started(world, 1) as channel:
        with pytest.raises(Refused):
            await channel.call(Request("queryUserInfo", {}, "k", AT))
        with pytest.raises(Refused, match="cannot be asked"):
            await channel.ask(Request("queryUserInfo", {}, "k", AT))


def test_what_may_be_repeated() -> None:
    assert repeat_of("getSignResult", {}) == "same"
    assert repeat_of("addPdfSignJob", {}) == "unknown"


def test_nulls_are_left_out_and_the_signature_is_the_last() -> None:
    made = json.loads(write_small({"a": None, "b": 1}, Sign(b"k")))
    assert list(made) == ["b", "signature"]


def test_the_pure_parts() -> None:
    check_http("x", 200)
    assert data_of("x", {"status": 200, "data": {"a": 1}}) == {"a": 1}
    assert data_of("x", {"status": "200"}) == {}
    assert isinstance(Blob("a", 1), Blob)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x"},
        {"url": "http://user:pass@x"},
        {"max_in_flight": 0},
        {"minutes": 0},
        {"identifier": "name"},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"`\w+`"):
        replace(Settings(url="http://x", app_id="a", key=Secret("k")), **wrong)
