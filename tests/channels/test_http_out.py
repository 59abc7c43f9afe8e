"""`http_out`: what goes out, what every answer means, and what happens when none comes."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels._http.credentials import Auth, Basic, Key
from channels.http_out import CALLS, Act, Channel, Settings, repeat_of
from engine.channel import HealthState
from engine.message import Blob, Hl7, InDoubt, Refused, Request, Unavailable, Xml
from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, Secret, Size, build
from tests.channels._tls.authority import Authority
from tests.channels._tls.sides import server_context
from tests.contracts.fakes import NAME, World, make_world
from tests.contracts.http_peer import HttpPeer, Says, Sent

KEY = "k" * 64
JSON = {"content-type": "application/json"}


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, {"word": "sesame"})


def request(operation: str = "post", **arguments: Any) -> Request:
    blobs = arguments.pop("blobs", {})
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return Request(operation, arguments, KEY, at, timeout=arguments.pop("timeout", 5.0), blobs=blobs)


@asynccontextmanager
async def calling(
    world: World, behave: Callable[[Sent], Says | str | None], **options: Any
) -> AsyncIterator[tuple[Channel, HttpPeer]]:
    peer = HttpPeer(behave)
    peer.listen(world.services.reactor)
    channel = Channel("lis", Settings(f"http://127.0.0.1:{peer.number}/api/", **options), world.services)
    await channel.start()
    try:
        yield channel, peer
    finally:
        await channel.stop()
        await peer.close()


async def test_what_goes_out(world: World) -> None:
    auth = Auth(basic=Basic("wb", Secret("word")))
    async with calling(world, lambda _: Says(), headers={"X-Site": "ward"}, auth=auth) as (channel, peer):
        arguments = {"path": ["orders", "9001||1/../x"], "query": {"q": "a b&c"}, "headers": {"X-Run": "7"}}
        await channel.call(request("put", body={"name": NAME}, **arguments))
        (sent,) = peer.sent
        assert (sent.method, sent.target) == ("PUT", "/api/orders/9001%7C%7C1%2F..%2Fx?q=a+b%26c")
        assert sent.body == f'{{"name": "{NAME}"}}'.encode()
        shown = {name: sent.headers[name] for name in ("x-site", "x-run", "content-type", "authorization")}
        assert shown == {
            "x-site": "ward", "x-run": "7", "content-type": "application/json",
            "authorization": f"Basic {base64.b64encode(b'wb:sesame').decode()}",
        }  # fmt: skip
        await channel.call(request("get", path="/orders/open list"))
        await channel.call(request("delete"))
        assert [one.target for one in peer.sent[1:]] == ["/api/orders/open%20list", "/api"]
        assert len(peer.connections) == 1, "the connection was kept"


@pytest.mark.parametrize(
    "arguments",
    [{"path": "a/../b"}, {"path": ["..", "b"]}, {"path": ["a\nb"]}, {"path": "a/%2e%2E/b"}, {"path": "a/x%2f..%2fb"},
     {"path": "a%0d%0ab"}, {"path": ["orders", ""]}, {"headers": {"X-A": "a\r\nX-B: b"}}],
)  # fmt: skip
async def test_an_address_that_cannot_be(world: World, arguments: dict[str, Any]) -> None:
    async with calling(world, lambda _: Says()) as (channel, peer):
        with pytest.raises(Refused, match="WB-3109"):
            await channel.call(request("get", **arguments))
        assert not peer.sent


async def test_a_blob_goes_out_as_it_is_and_inside_xml(world: World) -> None:
    data = b"%PDF" * 100_000
    blob = world.blobs.put(data, "application/pdf")
    async with calling(world, lambda _: Says()) as (channel, peer):
        await channel.call(request(body=blob))
        xml = Xml(b'<R><D><w:blob xmlns:w="urn:waybill" name="signed" as="base64"/></D></R>')
        await channel.call(request(body=xml, blobs={"signed": blob}))
        assert (peer.sent[0].body, peer.sent[0].headers["content-type"]) == (data, "application/pdf")
        assert peer.sent[1].body == b"<R><D>" + base64.b64encode(data) + b"</D></R>"
        with pytest.raises(Unavailable, match="WB-3013"):
            await channel.call(request(body=Blob("0" * 64, 5)))
        assert len(peer.sent) == 2


@pytest.mark.parametrize(
    ("form", "body", "value"),
    [
        ("application/json", b'{"a": [1]}', {"a": [1]}),
        ("text/xml", b"<?xml version='1.0'?><a> </a>", Xml(b"<a> </a>")),
        ("text/plain; charset=gbk", "示".encode("gbk"), "示"),
        ("application/hl7-v2", b"MSH|^~\\&|A\r", Hl7(b"MSH|^~\\&|A\r")),
        ("application/json", b"", None),
    ],
)
async def test_the_answer_as_a_value(world: World, form: str, body: bytes, value: Any) -> None:
    async with calling(world, lambda _: Says(200, body, {"content-type": form})) as (channel, _):
        assert (await channel.call(request())).value == value


async def test_a_file_as_the_answer(world: World) -> None:
    for size in (10, 300_000):
        says = Says(200, b"x" * size, {"content-type": "application/pdf"})
        async with calling(world, lambda _, says=says: says) as (channel, _):  # type: ignore[misc]
            value = (await channel.call(request("get"))).value
            assert isinstance(value, Blob)
            assert (value.size, value.content_type) == (size, "application/pdf")
            assert world.blobs.read(value) == b"x" * size
    assert not list((world.services.state / "tmp" / "http-lis").iterdir())


async def test_long_json_is_read_by_a_worker_and_broken_json_is_doubt(world: World) -> None:
    says = Says(200, b'["' + b"x" * 100_000 + b'"]', JSON)
    async with calling(world, lambda _: says) as (channel, _):
        assert (await channel.call(request())).value == ["x" * 100_000]
        assert "workers" in world.threads.pools
    async with calling(world, lambda _: Says(200, NAME.encode(), JSON)) as (channel, _):
        with pytest.raises(InDoubt, match="cannot be read"):
            await channel.call(request())


@pytest.mark.parametrize(
    ("status", "kind", "health"),
    [
        (400, Refused, HealthState.UP), (404, Refused, HealthState.UP), (302, Refused, HealthState.UP),
        (408, Unavailable, HealthState.DEGRADED), (429, Unavailable, HealthState.DEGRADED),
        (503, Unavailable, HealthState.DEGRADED), (500, InDoubt, HealthState.DEGRADED),
        (504, InDoubt, HealthState.DEGRADED),
    ],
)  # fmt: skip
async def test_statuses(world: World, status: int, kind: type[Exception], health: HealthState) -> None:
    async with calling(world, lambda _: Says(status, NAME.encode(), {"location": "/x"})) as (channel, _):
        with pytest.raises(kind) as caught:
            await channel.call(request())
        assert type(caught.value) is kind
        assert str(status) in str(caught.value)
        assert NAME not in str(caught.value)
        assert world.state is health


async def test_what_is_good_and_what_is_nothing(world: World) -> None:
    async with calling(world, lambda sent: Says(int(sent.target[-3:]), b"{}", JSON)) as (channel, _):
        assert (await channel.call(request("get", path="404", nothing=["404"]))).value is None
        assert (await channel.call(request("get", path="409", good=["2xx", "409"]))).value == {}
        everything: Any = (await channel.call(request("get", path="201", answer="all"))).value
        assert (everything["status"], everything["body"]) == (201, {})
        assert everything["headers"]["content-type"] == "application/json"
        with pytest.raises(Refused):
            await channel.call(request("get", path="204", good=["200"]))


async def test_a_pause_that_the_peer_asks_for(world: World) -> None:
    async with calling(world, lambda _: Says(503, b"", {"retry-after": "2"})) as (channel, peer):
        for _ in range(3):
            with pytest.raises(Unavailable):
                await channel.call(request())
        assert len(peer.sent) == 1


async def test_no_answer_and_a_long_one(world: World) -> None:
    async with calling(world, lambda _: None, timeout=Duration(0.2)) as (channel, _):
        with pytest.raises(InDoubt, match="no answer within"):
            await channel.call(request())
    async with calling(world, lambda _: "cut") as (channel, _):
        with pytest.raises(InDoubt, match="WB-3002"):
            await channel.call(request())
    async with calling(world, lambda _: Says(200, b"x" * 2000), max_answer=Size(1000)) as (channel, _):
        with pytest.raises(InDoubt, match="longer than 1000"):
            await channel.call(request())


async def test_asking_in_doubt(world: World) -> None:
    statuses = {"/api/done": 200, "/api/not": 404, "/api/ill": 503, "/api/no": 403}
    async with calling(world, lambda sent: Says(statuses[sent.target], b"{}", JSON)) as (channel, peer):
        answer = await channel.ask(request(path="orders", ask="done", body={"a": 1}))
        assert answer is not None
        assert answer.value == {}
        assert await channel.ask(request(ask="not")) is None
        with pytest.raises(Unavailable):
            await channel.ask(request(ask="ill"))
        assert {sent.method for sent in peer.sent} == {"GET"}
        with pytest.raises(Refused):
            await channel.ask(request())


def test_what_a_repeat_is() -> None:
    assert {word: repeat_of(word, {}) for word in CALLS} == {
        "get": "same", "post": "unknown", "put": "same", "patch": "unknown", "delete": "same",
    }  # fmt: skip
    assert repeat_of("post", Act(idempotency_header="Idempotency-Key")) == "same"
    assert repeat_of("post", {"idempotency_header": "X"}) == "same"
    assert repeat_of("patch", {"ask": "/x"}) == "ask"


async def test_the_key_of_the_effect_goes_out(world: World) -> None:
    async with calling(world, lambda _: Says()) as (channel, peer):
        await channel.call(request(idempotency_header="Idempotency-Key"))
        assert peer.sent[0].headers["idempotency-key"] == KEY


async def test_mutual_tls(world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    peer = HttpPeer(lambda _: Says())
    peer.listen(world.services.reactor, server_context(authority.server(mutual=True), world.services))
    url = f"https://127.0.0.1:{peer.number}"
    outcomes = []
    for tls in (authority.client("desk"), authority.client()):
        channel = Channel("lis", Settings(url, tls=tls), world.services)
        await channel.start()
        try:
            outcomes.append((await channel.call(request(body="x"))).summary)
        except Unavailable as failure:
            outcomes.append(failure.reason)
        await channel.stop()
    await peer.close()
    assert outcomes == ["post: HTTP 200", "the peer does not take our certificate, or asks for one"]


async def test_a_secret_that_is_not_there(world: World) -> None:
    channel = Channel(
        "lis", Settings("http://127.0.0.1:1", auth=Auth(key=Key("X-Key", Secret("gone")))), world.services
    )
    with pytest.raises((Unavailable, KeyError)):
        await channel.start()
    with pytest.raises(Unavailable, match="not started"):
        await channel.call(request())


async def test_probe(world: World) -> None:
    async with calling(world, lambda _: Says(404)) as (channel, _):
        assert (await channel.probe()).reason == "answers HTTP 404"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{url: 'ftp://a'}", "http://"),
        ("{url: 'http://me:word@a/'}", "no name"),
        ("{url: 'http://a', tls: {}}", "https"),
        ("{url: 'http://a', headers: {'A B': c}}", "headers"),
        ("{url: 'http://a', max_in_flight: 0}", "at least 1"),
    ],
)
def test_settings_that_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        build(Settings, parse_yaml(text, "routes.yaml"), Context(tmp_path))
    assert reason in " ".join(str(one) for one in error.value.problems)


def test_calls_as_they_are_written(tmp_path: Path) -> None:
    text = "{path: [orders, $(order/id)], body: $(order), good: [200, 409], in_doubt: x}"
    with pytest.raises(Invalid, match="unknown key"):
        build(CALLS["post"], parse_yaml(text, "routes.yaml"), Context(tmp_path))
    call = build(CALLS["post"], parse_yaml(text.replace(", in_doubt: x", ""), "routes.yaml"), Context(tmp_path))
    assert isinstance(call, Act)
    assert [getattr(part, "text", "") for part in call.path] == ["orders", "$(order/id)"]  # type: ignore[union-attr]
    with pytest.raises(Invalid, match="lists of statuses"):
        build(CALLS["get"], parse_yaml("{good: [ok]}", "routes.yaml"), Context(tmp_path))
