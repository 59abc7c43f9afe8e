"""`http_in` over real sockets: what clients send in every form, and what they are told."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from channels._http import wrong
from channels._http.credentials import Auth, Basic
from channels.http_in import AsXml, Channel, Settings, form_of
from engine.channel import HealthState
from engine.message import Finding, Reply, Unavailable
from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, Listen, Secret, Size, build
from engine.tasks import drive
from tests.channels._tls.authority import Authority
from tests.contracts.base import until
from tests.contracts.fakes import NAME, FakeInbox, World, make_world
from tests.wire.test_soap_in import Answer, everything, post, talk

JSON = "Content-Type: application/json"
BODY = json.dumps({"PATName": NAME}).encode()


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, {"word": "sesame"})


class Desk:
    """A running channel and its inbox."""

    def __init__(self, channel: Channel, inbox: FakeInbox) -> None:
        self.channel, self.inbox = channel, inbox

    async def send(self, data: bytes) -> Answer:
        return await deferToThread(talk, self.channel.port, data)

    async def post(self, body: bytes = BODY, *headers: str, path: str = "/orders") -> Answer:
        return await self.send(post(body, *(headers or (JSON,)), path=path))


@asynccontextmanager
async def desk(world: World, **options: Any) -> AsyncIterator[Desk]:
    paths = options.pop("paths", {"/orders": "AddRisAppBillRt", "/other": "Unheard"})
    inbox = FakeInbox()
    inbox.outcome = lambda incoming: Reply("accepted", f"m{len(inbox.accepted)}")
    channel = Channel("it", Settings(Listen("127.0.0.1", 0), paths=paths, **options), world.services)
    await channel.start(inbox)
    try:
        yield Desk(channel, inbox)
    finally:
        await channel.stop()


def problem(answer: Answer) -> tuple[int, str]:
    """Status and code of a problem."""
    assert "content-type: application/problem+json" in answer.head.lower()
    assert NAME not in answer.text
    fields = json.loads(answer.body)
    assert fields["status"] == answer.status
    return answer.status, fields["code"]


async def test_an_order_and_its_answer(world: World) -> None:
    async with desk(world, headers=("X-Source",)) as it:
        answer = await it.post(BODY, JSON, "X-Source: ward 3", path="/orders?a=b")
        (incoming,) = it.inbox.accepted
        assert (answer.status, json.loads(answer.body)) == (202, {"id": "m0", "outcome": "accepted"})
        assert (incoming.operation, incoming.body, incoming.content_type) == (
            "AddRisAppBillRt",
            BODY,
            "application/json",
        )
        meta = {"peer": "127.0.0.1", "method": "POST", "path": "/orders", "query": "a=b", "x_source": "ward 3"}
        assert incoming.meta == meta
        assert incoming.identity is None


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("application/json", "application/json; root=Request"),
        ("application/vnd.his+json; charset=utf-8", "application/json; root=Request"),
        ("application/json; root=Evil", "application/json; root=Request"),
        ("text/xml; charset=gbk", "text/xml; charset=gbk"),
        ("application/hl7-v2", "application/hl7-v2"),
        ("application/pdf", "application/pdf"),
    ],
)
async def test_the_content_type_says_what_it_is(world: World, sent: str, told: str) -> None:
    async with desk(world, json=AsXml("xml", "Request")) as it:
        assert (await it.post(BODY, f"Content-Type: {sent}")).status == 202
        assert it.inbox.accepted[0].content_type == told


async def test_a_body_without_content_type(world: World) -> None:
    async with desk(world, default_type="application/json") as it:
        data = post(BODY, path="/orders").replace(b"Content-Type: text/xml; charset=utf-8\r\n", b"")
        assert (await it.send(data)).status == 202
        assert it.inbox.accepted[0].content_type == "application/json"


@pytest.mark.parametrize(
    ("reply", "status", "form", "body"),
    [
        (Reply("accepted", "m1", b"<R/>"), 200, "application/xml", b"<R/>"),
        (Reply("accepted", "m1", b'{"a": 1}'), 200, "application/json", b'{"a": 1}'),
        (Reply("repeat", "m1"), 200, "application/json", b'{"id": "m1", "outcome": "repeat"}'),
        (Reply("invalid", "m1", b"<no/>", "WB-1007", "no"), 422, "application/xml", b"<no/>"),
        (Reply("conflict", "m1", b"", "WB-1008", "no"), 409, "application/problem+json", b""),
        (Reply("invalid", "m1", b"", "WB-1016", "no"), 400, "application/problem+json", b""),
    ],
)
async def test_replies(world: World, reply: Reply, status: int, form: str, body: bytes) -> None:
    async with desk(world) as it:
        it.inbox.outcome = reply
        answer = await it.post()
        assert answer.status == status
        assert f"content-type: {form}" in answer.head.lower()
        assert answer.body == body or not body


async def test_findings_are_told(world: World) -> None:
    async with desk(world) as it:
        findings = (Finding("WB-1007", "/Request/Header", "is missing"), Finding("WB-1007", "/Request/Body", "too"))
        it.inbox.outcome = Reply("invalid", "m1", b"", "WB-1007", "/Request/Header is missing", findings)
        fields = json.loads((await it.post()).body)
        assert fields["id"] == "m1"
        assert [one["path"] for one in fields["findings"]] == ["/Request/Header", "/Request/Body"]


async def test_bad_requests(world: World) -> None:
    async with desk(world, content_types=("application/json",), max_body=Size(200_000)) as it:
        assert problem(await it.post(b"")) == (400, "WB-1010")
        assert problem(await it.post(path="/other")) == (404, "WB-1013")
        assert (await it.post(path="/nothing")).status == 404
        assert problem(await it.post(BODY, "Content-Type: text/plain")) == (415, "WB-3104")
        assert problem(await it.post(BODY, JSON, "Content-Encoding: gzip")) == (415, "WB-3104")
        hidden = ("Content-Encoding: identity", "Content-Encoding: gzip")
        assert problem(await it.post(BODY, JSON, *hidden)) == (415, "WB-3104")
        assert problem(await it.post(BODY, JSON, "Content-Encoding: identity, br")) == (415, "WB-3104")
        assert problem(await it.post(b"x" * 100_000, "Content-Type: text/plain")) == (415, "WB-3104")
        assert problem(await it.post(b"x" * 200_001)) == (413, "WB-1005")
        assert [code for _, code, _ in it.inbox.rejected] == ["WB-1010", "WB-1013", *["WB-3104"] * 5, "WB-1005"]
        for method in ("GET", "PUT", "DELETE", "OPTIONS", "HEAD"):
            data = f"{method} /orders HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
            answer = await it.send(data)
            assert answer.status == 405
            assert "allow: POST" in answer.head.lower().replace("post", "POST")
            assert not answer.body or method != "HEAD"
        no_length = b"POST /orders HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
        assert problem(await it.send(no_length)) == (411, "WB-3106")
        assert (await it.post()).status == 202
        assert len(it.inbox.rejected) == 8
        assert not world.bugs


async def test_chunks_and_a_chunked_flood(world: World) -> None:
    async with desk(world, max_body=Size(1000)) as it:
        chunked = b"".join(b"%x\r\n%s\r\n" % (1, bytes([one])) for one in BODY) + b"0\r\n\r\n"
        assert (await it.post(chunked, JSON, "Transfer-Encoding: chunked")).status == 202
        assert it.inbox.accepted[0].body == BODY
        flood = b"800\r\n" + b"x" * 2048 + b"\r\n0\r\n\r\n"
        assert problem(await it.post(flood, JSON, "Transfer-Encoding: chunked")) == (413, "WB-1005")


HEAD = b"POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST /orders HTTP/1.1\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 4\r\n\r\n{}{}",
        HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
        HEAD + b"Content-Length: +2\r\n\r\n{}",
        HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
        HEAD + b"Transfer-Encoding: identity, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding : chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        HEAD + b"X-A: a\rContent-Length: 9\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"X-A: " + b"a" * 200_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
        HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + b"Content-Length: 2\r\n\r\n{}",
        CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"2;" + b"a" * 100_000 + b"\r\n{}\r\n0\r\n\r\n",
        CHUNKED + b"2\r\n{}\r\n0\r\n" + b"".join(b"X-%d: a\r\n" % number for number in range(20_000)) + b"\r\n",
    ],
)
async def test_what_two_readers_could_read_differently_is_one_refusal(world: World, sent: bytes) -> None:
    """Smuggling, and floods of headers: refused or cut off, and nothing of it becomes a message."""
    async with desk(world) as it:
        told = await deferToThread(_told, it.channel.port, sent)
        assert not told or told.startswith(b"HTTP/1.1 400")
        assert told.count(b"HTTP/1.1") <= 1
        assert it.inbox.accepted == []
        assert (await it.post()).status == 202
        assert not world.bugs


def _told(port: int, sent: bytes) -> bytes:
    """All that is answered until the connection ends."""
    told = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        try:
            link.sendall(sent)
            while piece := link.recv(65536):
                told += piece
        except ConnectionError:
            pass  # cut off: what was said before it counts
    return told


async def test_a_full_engine(world: World) -> None:
    async with desk(world) as it:
        it.inbox.outcome = Unavailable("WB-1012", "the engine is full")
        answer = await it.post()
        assert problem(answer) == (503, "WB-1012")
        assert "retry-after: 5" in answer.head.lower()


async def test_who_is_not_signed_in_leaves_nothing(world: World) -> None:
    async with desk(world, auth=Auth(basic=Basic("his", Secret("word")))) as it:
        for headers in ((JSON,), (JSON, "Authorization: Basic aGlzOm5v")):
            answer = await it.post(BODY, *headers)
            assert problem(answer) == (401, "WB-3103")
            assert "www-authenticate: basic" in answer.head.lower()
        assert problem(await it.post(b"x" * 100_000)) == (401, "WB-3103")
        assert problem(await it.post(b"x" * 5_000_000)) == (401, "WB-3103")
        assert not it.inbox.rejected
        assert (await it.post(BODY, JSON, "Authorization: Basic aGlzOnNlc2FtZQ==")).status == 202


async def test_wrong_credentials_are_tried_slowly_and_the_right_one_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrong, "PAUSE", 3600)
    right, guess = "Authorization: Basic aGlzOnNlc2FtZQ==", "Authorization: Basic aGlzOm5v"
    async with desk(world, auth=Auth(basic=Basic("his", Secret("word")))) as it:
        waiting = [drive(it.post(BODY, JSON, guess)) for _ in range(wrong.MOST - 1)]
        assert (await it.post(BODY, JSON, right)).status == 202
        assert problem(await it.post(BODY, JSON)) == (401, "WB-3103"), "who has none is asked for it at once"
        waiting.append(drive(it.post(BODY, JSON, guess)))
        await until(world.services.reactor, lambda: it.channel._wrong.too_many("127.0.0.1"))
        for header in (right, guess):  # the answer must not tell which it was
            answer = await it.post(BODY, JSON, header)
            assert problem(answer) == (429, "WB-3111")
            assert "retry-after: 5" in answer.head.lower()
        assert not it.inbox.rejected
    for each in waiting:
        assert problem(await each) == (503, "WB-1012")


async def test_without_its_secret_it_does_not_start(world: World) -> None:
    auth = Auth(bearer=Secret("gone"))
    channel = Channel("it", Settings(Listen("127.0.0.1", 0), paths={"/": "X"}, auth=auth), world.services)
    with pytest.raises((Unavailable, KeyError)):
        await channel.start(FakeInbox())
    assert channel.port == 0


async def test_an_identity_in_a_header(world: World) -> None:
    async with desk(world, identity_header="Idempotency-Key") as it:
        await it.post(BODY, JSON, "Idempotency-Key: a-1")
        await it.post(BODY, JSON)
        assert [incoming.identity for incoming in it.inbox.accepted] == [("a-1",), None]
        assert problem(await it.post(BODY, JSON, f"Idempotency-Key: {'x' * 256}")) == (400, "WB-3107")
        assert len(it.inbox.rejected) == 1


def talked(port: int, data: bytes, answers: int) -> list[int]:
    """Blocking: the statuses of so many answers on one connection, whatever stands between them."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(data)
        got = b""
        while got.count(b"HTTP/1.1 ") < answers:
            part = line.recv(65536)
            if not part:
                break
            got += part
        return [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]]


async def test_pipelining_and_a_refusal_in_between(world: World) -> None:
    async with desk(world) as it:
        one = post(BODY, JSON, path="/orders").replace(b"Connection: close\r\n", b"")
        refused = one.replace(b"POST", b"PUT")
        statuses = await deferToThread(talked, it.channel.port, one + refused + one * 3, 5)
        assert statuses == [202, 405, 202, 202, 202]


async def test_slow_clients_are_ended(world: World) -> None:
    async with desk(world, receive_time=Duration(0.3), idle=Duration(0.3)) as it:

        def dribble(data: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", it.channel.port), timeout=10) as line:
                line.sendall(data)
                return everything(line)

        assert await deferToThread(dribble, post(BODY, JSON, path="/orders")[:-3]) == b""
        assert await deferToThread(dribble, b"") == b""
        await deferToThread(dribble, b"POST /orders HTTP/1.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n")
        assert not it.inbox.accepted


async def test_with_curl_over_mutual_tls(world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    async with desk(world, tls=authority.server(mutual=True)) as it:
        client = authority.issue("desk")

        def curl(*words: str) -> str:
            command: list[Any] = ["curl", "-sS", "--cacert", authority.ca, "-H", JSON, "-d", '{"a": 1}', *words]
            url = f"https://127.0.0.1:{it.channel.port}/orders"
            run = subprocess.run([*command, url], capture_output=True, timeout=20, check=False)
            return (run.stdout or run.stderr).decode()

        answer = await deferToThread(curl, "--cert", str(client.certificate), "--key", str(client.key))
        assert json.loads(answer)["outcome"] == "accepted"
        assert "alert" in await deferToThread(curl)
        assert len(it.inbox.accepted) == 1
    assert world.state is HealthState.STOPPED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{listen: '127.0.0.1:1'}", "`paths` are"),
        ("{listen: '127.0.0.1:1', paths: {orders: A}}", "begins with /"),
        ("{listen: '127.0.0.1:1', paths: {/a: A}, max_body: 65MiB}", "at most 64MiB"),
        ("{listen: '127.0.0.1:1', paths: {/a: A}, methods: [GET]}", "not one of the choices"),
        ("{listen: '127.0.0.1:1', paths: {/a: A}, json: {as: xml, root: 'a b'}}", "XML element"),
        ("{listen: '127.0.0.1:1', paths: {/a: A}, json: {as: text, root: a}}", "not one of the choices"),
        ("{listen: '0.0.0.0:1', paths: {/a: A}}", "needs `allow"),
        ("{listen: '0.0.0.0:1', paths: {/a: A}, allow: [10.0.0.0/8], auth: {bearer: {secret: t}}}", "needs `tls`"),
        ("{listen: '127.0.0.1:1', paths: {/a: A}, auth: {bearer: open}}", "secret is written as text"),
        ("{listen: '127.0.0.1:1', paths: {/a: A}, tls: {ca: ca.pem}}", "needs `certificate`"),
    ],
)
def test_settings_that_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        build(Settings, parse_yaml(text, "routes.yaml"), Context(tmp_path))
    assert reason in " ".join(str(one) for one in error.value.problems)


def test_the_form_of_a_reply() -> None:
    assert form_of(b" <a/>").startswith("application/xml")
    assert form_of(b"[1]") == "application/json"
    assert form_of(b"ok").startswith("text/plain")
