"""Settings of `soap_out`, and what becomes of a call whose peer misbehaves."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import ssl
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Protocol, ServerFactory

from channels._tls.settings import Tls
from channels.soap_out import CALLS, Call, Channel, Settings
from engine.channel import HealthState
from engine.message import InDoubt, Refused, Request, Unavailable, Xml
from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, SitePath, build
from tests.channels._soap.test_client import certificate
from tests.contracts.fakes import World, make_world
from tests.contracts.soap_peer import RESPONSE, SoapPeer, fault, result

OK = (200, result(RESPONSE.format("0")))
BODY = b"<Request><Body><RegisterDocumentRt><T>a &lt; \xe7\xa4\xba</T></RegisterDocumentRt></Body></Request>"
REQUEST = Request("RegisterDocumentRt", {"body": Xml(BODY)}, "k", datetime(2026, 11, 20, tzinfo=UTC), timeout=1.0)


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


@asynccontextmanager
async def calling(
    world: World, behave: Callable[[bytes], Any], **settings: Any
) -> AsyncIterator[tuple[Channel, SoapPeer]]:
    """A started channel and its peer."""
    peer = SoapPeer(behave)
    peer.listen(world.services.reactor)
    channel = Channel("his_out", Settings(url=f"http://127.0.0.1:{peer.number}/his", **settings), world.services)
    await channel.start()
    try:
        yield channel, peer
    finally:
        await channel.stop()
        await peer.close()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{url: 'ftp://a/b'}", "http"),
        ("{url: 'http://user:word@a/b'}", "no password"),
        ("{url: 'http://a/b', max_in_flight: 0}", "at least 1"),
        ("{url: 'http://a/b', verify: false}", "unknown key"),
    ],
)
def test_settings_that_are_refused(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid) as error:
        build(Settings, parse_yaml(text, "routes.yaml"), Context(tmp_path))
    assert reason in " ".join(str(problem) for problem in error.value.problems)


def test_settings_of_the_demonstration_and_of_a_call(tmp_path: Path) -> None:
    text = "{url: 'http://127.0.0.1:8091/his', envelope: hip, timeout: 20s, max_in_flight: 4}"
    settings = build(Settings, parse_yaml(text, "routes.yaml"), Context(tmp_path))
    assert (float(settings.timeout), settings.max_in_flight, settings.tls) == (20.0, 4, None)
    (tmp_path / "a.xsl").write_text("<x/>")
    call = build(CALLS["*"], parse_yaml("{body: a.xsl}", "routes.yaml"), Context(tmp_path))
    assert isinstance(call, Call)
    assert Path(str(call.body)) == tmp_path / "a.xsl"


async def test_what_goes_out_and_what_comes_back(world: World) -> None:
    async with calling(world, lambda _: OK, codes={"RegisterDocumentRt": "MES0200"}) as (channel, peer):
        response = await channel.call(REQUEST)
        assert isinstance(response.value, Xml)
        assert b"<ResultCode>0</ResultCode>" in response.value.data
        assert peer.payload().findtext(".//T") == "a < 示"
        assert b"<input1>MES0200</input1>" in peer.bodies[0]
        assert peer.headers[0].getRawHeaders("soapaction") == ['"http://www.dhcc.com.cn/HIPMessageServer"']
        assert peer.headers[0].getRawHeaders("content-length") == [str(len(peer.bodies[0]))]
        await channel.call(REQUEST)
        assert len(peer.connections) == 1, "the connection was kept"


async def test_one_operation_for_each_message_soap_12_and_cdata(world: World) -> None:
    form: dict[str, Any] = {"envelope": "operation", "soap_version": "1.2", "payload": "cdata", "soap_action": "urn:go"}
    async with calling(world, lambda _: OK, **form) as (channel, peer):
        await channel.call(replace(REQUEST, arguments={"body": BODY.decode()}))
        assert b'<RegisterDocumentRt xmlns="http://www.dhcc.com.cn"><xml><![CDATA[<Request>' in peer.bodies[0]
        assert peer.headers[0].getRawHeaders("content-type") == ['application/soap+xml; charset=utf-8; action="urn:go"']
        assert peer.headers[0].getRawHeaders("soapaction") is None


async def test_a_blob_is_streamed_into_its_place(world: World) -> None:
    data = bytes(range(256)) * 8000
    blob = world.blobs.put(data)
    body = b'<Request><C><wb:blob xmlns:wb="urn:waybill" name="signed" as="base64"/></C></Request>'
    request = replace(REQUEST, arguments={"body": Xml(body)}, blobs={"signed": blob})
    async with calling(world, lambda _: OK) as (channel, peer):
        await channel.call(request)
        assert base64.b64decode(peer.payload().findtext("C")) == data
        world.blobs.path(blob).unlink()
        with pytest.raises(Unavailable, match="WB-3013"):
            await channel.call(request)
        with pytest.raises(Refused, match="WB-3012"):
            await channel.call(replace(request, blobs={}))
        assert len(peer.bodies) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "state"),
    [
        ((500, fault("Client")), Refused, HealthState.UP),
        ((500, fault("Server")), Unavailable, HealthState.DEGRADED),
        ((503, b""), Unavailable, HealthState.DOWN),
        ((200, b"<html/>"), InDoubt, HealthState.DEGRADED),
        ((200, b"x" * 2_000_000), InDoubt, HealthState.DEGRADED),
        (None, InDoubt, HealthState.DEGRADED),
        ("cut", InDoubt, HealthState.DEGRADED),
    ],
)
async def test_failures_and_health(world: World, answer: Any, kind: type[Exception], state: HealthState) -> None:
    async with calling(world, lambda _: answer, timeout=Duration(0.3)) as (channel, peer):
        with pytest.raises(kind):
            await channel.call(REQUEST)
        assert world.state is state
        peer.behave = lambda _: OK
        await channel.call(REQUEST)
        assert world.state is HealthState.UP


async def test_a_body_that_is_no_xml_is_refused_before_it_is_sent(world: World) -> None:
    async with calling(world, lambda _: OK) as (channel, peer):
        for body in (None, "", "text", {"a": 1}, Xml(b"<!DOCTYPE a><a/>")):
            with pytest.raises(Refused):
                await channel.call(replace(REQUEST, arguments={"body": body}))
        assert not peer.bodies


async def test_no_more_calls_at_once_than_allowed_and_a_wait_for_a_turn_is_no_doubt(world: World) -> None:
    async with calling(world, lambda _: None, max_in_flight=2, timeout=Duration(2)) as (channel, peer):

        async def outcome(seconds: float) -> str:
            try:
                await channel.call(replace(REQUEST, timeout=seconds))
            except (InDoubt, Unavailable) as failure:
                return failure.code
            return "done"

        waiting = [Deferred.fromCoroutine(outcome(seconds)) for seconds in (1.5, 1.5, 0.3)]
        assert sorted(await gatherResults(waiting)) == ["WB-3001", "WB-3002", "WB-3002"]
        assert len(peer.bodies) == 2


class Silent(Protocol):
    """Takes a connection, and ends it at the first byte."""

    def dataReceived(self, data: bytes) -> None:
        transport: Any = self.transport
        transport.abortConnection()


async def test_tls_that_is_not_trusted_is_no_doubt_and_a_cut_is(world: World, tmp_path: Path) -> None:
    pem, key = certificate("localhost")
    (tmp_path / "ca.pem").write_bytes(certificate("other")[0])
    peer = SoapPeer(lambda _: OK)
    peer.listen(world.services.reactor, context=ssl.PrivateCertificate.loadPEM(pem + key).options())
    settings: Any = {"url": f"https://localhost:{peer.number}/his", "tls": Tls(ca=SitePath(tmp_path / "ca.pem"))}
    channel = Channel("his_out", Settings(**settings), world.services)
    await channel.start()
    with pytest.raises(Unavailable, match="not trusted"):
        await channel.call(REQUEST)
    assert (await channel.probe()).state is HealthState.DOWN
    await channel.stop()
    await peer.close()
    port = world.services.reactor.listenTCP(0, ServerFactory.forProtocol(Silent), interface="127.0.0.1")
    channel = Channel("his_out", Settings(url=f"http://127.0.0.1:{port.getHost().port}/"), world.services)
    await channel.start()
    with pytest.raises(InDoubt, match="WB-3002"):
        await channel.call(REQUEST)
    await channel.stop()
    await port.stopListening()


async def test_probe(world: World) -> None:
    async with calling(world, lambda _: OK) as (channel, peer):
        assert (await channel.probe()).state is HealthState.UP
        address = channel.settings.url
        await peer.close()
    health = await Channel("his_out", Settings(url=address), world.services).probe()
    assert (health.state, health.reason) == (HealthState.DOWN, "connection refused")
    assert world.state is HealthState.STOPPED


async def test_a_cut_in_the_middle_of_a_document_is_a_doubt(world: World) -> None:
    port = world.services.reactor.listenTCP(0, ServerFactory.forProtocol(Silent), interface="127.0.0.1")
    body = b'<Request><C><wb:blob xmlns:wb="urn:waybill" name="signed" as="base64"/></C></Request>'
    blobs = {"signed": world.blobs.put(bytes(20_000_000))}
    channel = Channel("his_out", Settings(url=f"http://127.0.0.1:{port.getHost().port}/"), world.services)
    await channel.start()
    with pytest.raises(InDoubt, match="ended before an answer"):
        await channel.call(replace(REQUEST, arguments={"body": Xml(body)}, blobs=blobs))
    await channel.stop()
    await port.stopListening()


async def test_nobody_can_be_asked(world: World) -> None:
    channel = Channel("his_out", Settings(url="http://127.0.0.1:1/"), world.services)
    assert channel.repeat("RegisterDocumentRt", {}) == "unknown"
    with pytest.raises(Refused, match="cannot be asked"):
        await channel.ask(REQUEST)
