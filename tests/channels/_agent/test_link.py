"""The engine's end against an agent that misbehaves: what is doubt, what is not done, and what each is called."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import deferLater

from channels._agent import words
from channels._agent.link import Answer, Link, whole
from channels._agent.settings import Agent
from channels._tls.settings import Tls
from engine.channel import HealthState
from engine.message import Failure, InDoubt, Refused, Unavailable
from engine.site.settings import Secret
from tests.channels._tls.authority import Authority
from tests.channels._tls.sides import server_context
from tests.contracts.fakes import World, make_world
from tests.contracts.http_peer import HttpPeer, Says, Sent

Behave = Callable[[dict[str, Any]], Says | str | None]


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, {"agent": "a secret"})


def says(status: int = 200, **fields: Any) -> Says:
    return Says(status, json.dumps(fields).encode())


def hello(fields: dict[str, Any]) -> Says | None:
    good: dict[str, Any] = {"protocol": 1, "session": "s", "serves": {"it": "access"}}
    return says(**good) if fields["act"] == "hello" else None


@asynccontextmanager
async def linked(
    reactor: Any, world: World, behave: Behave, tls: Tls | None = None, context: Any = None
) -> AsyncIterator[tuple[Link, HttpPeer]]:
    """A started link to an agent that does this."""

    def answer(sent: Sent) -> Says | str | None:
        return behave(json.loads(sent.body))

    peer = HttpPeer(answer)
    peer.listen(reactor, context)
    url = f"{'https' if context else 'http'}://127.0.0.1:{peer.number}"
    link = Link("it", Agent(url, Secret("agent"), tls), world.services, "access", 2)
    await link.start()
    try:
        yield link, peer
    finally:
        await link.stop()
        await peer.close()


async def outcome(link: Link, act: str = "insert", seconds: float = 5.0) -> Failure:
    with pytest.raises(Failure) as caught:
        await link.ask(act, {}, seconds)
    return caught.value


async def test_each_request_is_numbered_in_its_session_and_shows_the_secret(reactor: Any, world: World) -> None:
    async with linked(reactor, world, lambda fields: hello(fields) or says(value=1, notice="n")) as (link, peer):
        for _ in range(2):
            assert (await link.ask("insert", {"key": "k"}, 5.0))["value"] == 1
        assert link.notice == "n"
    first, *asked = [json.loads(sent.body) for sent in peer.sent]
    assert first == {"act": "hello", "protocols": [1]}
    assert [(one["session"], one["count"], one["name"], one["key"]) for one in asked] == [
        ("s", 1, "it", "k"), ("s", 2, "it", "k"),
    ]  # fmt: skip
    assert {sent.headers["authorization"] for sent in peer.sent} == {"Bearer a secret"}
    assert {sent.target for sent in peer.sent} == {"/agent"}


async def test_an_agent_that_was_started_anew_is_greeted_again(reactor: Any, world: World) -> None:
    forgot = [True]

    def behave(fields: dict[str, Any]) -> Says:
        return hello(fields) or (says(412) if forgot and forgot.pop() else says(value=2))

    async with linked(reactor, world, behave) as (link, peer):
        assert (await link.ask("insert", {}, 5.0))["value"] == 2
    assert [json.loads(sent.body)["act"] for sent in peer.sent] == ["hello", "insert", "hello", "insert"]


async def test_one_that_always_forgets_is_not_asked_for_ever(reactor: Any, world: World) -> None:
    async with linked(reactor, world, lambda fields: hello(fields) or says(412)) as (link, peer):
        failure = await outcome(link)
    assert type(failure) is Unavailable
    assert len(peer.sent) == 6


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ("cut", InDoubt, "WB-3002"),
        (None, InDoubt, "WB-3002"),
        (Says(200, b"no JSON"), InDoubt, "WB-3002"),
        (Says(500, b"fell over"), InDoubt, "WB-3002"),
        (Says(200, b"x" * (words.MAX_ANSWER + 1)), InDoubt, "WB-3002"),
        (Says(401), Unavailable, "WB-3302"),
        (Says(403), Unavailable, "WB-3302"),
        (Says(404), Unavailable, "WB-3301"),
        (Says(413), Refused, "WB-3304"),
        (says(503, failure="unavailable", code="WB-3006", reason="locked"), Unavailable, "WB-3006"),
        (says(422, failure="refused", code="WB-3004", reason="differs"), Refused, "WB-3004"),
        (says(504, failure="in_doubt", code="WB-3002", reason="no answer to COMMIT"), InDoubt, "WB-3002"),
    ],
)
async def test_each_way_a_call_can_end(reactor: Any, world: World, answer: Any, kind: Any, code: str) -> None:
    async with linked(reactor, world, lambda fields: hello(fields) or answer) as (link, _):
        failure = await outcome(link, seconds=1.0)
    assert (type(failure), failure.code) == (kind, code)
    assert failure.reason.startswith("agent: ")


async def test_what_only_asks_is_never_in_doubt(reactor: Any, world: World) -> None:
    async with linked(reactor, world, lambda fields: hello(fields) or "cut") as (link, _):
        assert [type(await outcome(link, act)) for act in ("probe", "scan", "fetch", "find", "ask", "move")] == [
            Unavailable, Unavailable, Unavailable, Unavailable, Unavailable, InDoubt,
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("greeting", "code", "reason"),
    [
        (says(protocol=2, session="s"), "WB-3301", "update the older one"),
        (says(health="ok"), "WB-3301", "update the older one"),
        (says(503, failure="unavailable", code="WB-3301", reason="speaks protocol 2"), "WB-3301", "speaks protocol 2"),
        (says(protocol=1, session="s", serves={}), "WB-3303", "serves nothing named it"),
        (says(protocol=1, session="s", serves={"it": "folder"}), "WB-3303", "serves it as folder, access is wanted"),
    ],
)
async def test_an_agent_of_another_version_or_site_is_named(
    reactor: Any, world: World, greeting: Says, code: str, reason: str
) -> None:
    async with linked(reactor, world, lambda fields: greeting) as (link, _):
        failure = await outcome(link)
    assert (type(failure), failure.code) == (Unavailable, code)
    assert reason in failure.reason


async def test_nobody_there_and_a_strangers_certificate_are_not_done(
    reactor: Any, world: World, tmp_path: Path
) -> None:
    trusted, stranger = Authority(tmp_path / "a"), Authority(tmp_path / "b")
    context = server_context(stranger.server(), world.services)
    async with linked(reactor, world, hello, trusted.client(), context) as (link, peer):
        failure = await outcome(link)
        assert (type(failure), failure.reason) == (
            Unavailable, "agent: the peer's certificate is not trusted or not its own",
        )  # fmt: skip
        assert not peer.sent
        await peer.close()
        await deferLater(reactor, 0.05)
        assert type(await outcome(link)) is Unavailable


async def test_our_own_certificate_that_ends_is_health(reactor: Any, world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "a")
    context = server_context(authority.server(mutual=True), world.services)
    client = authority.client("engine", days=5)
    async with linked(reactor, world, lambda fields: hello(fields) or says(value=1), client, context) as (link, _):
        await link.ask("insert", {}, 5.0)
        link.voice.say(HealthState.UP)
        assert world.health[-1].state is HealthState.DEGRADED
        assert world.health[-1].reason.startswith("the certificate ends in ")


def test_a_piece_is_what_was_hashed() -> None:
    digest = hashlib.sha256(b"piece").hexdigest()
    assert whole(Answer(200, {words.HASH_OF_PIECE: digest}, b"piece")) == b"piece"
    for hashes in ({}, {words.HASH_OF_PIECE: digest}):
        with pytest.raises(Unavailable, match="WB-3305"):
            whole(Answer(200, hashes, b"other"))
