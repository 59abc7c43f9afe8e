"""`smtp_out` with a real mail server: TLS, sign-in, every answer, what a letter looks like."""

from __future__ import annotations

import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels._tls.settings import Tls
from channels.smtp_out import Channel, Settings
from engine.channel import HealthState
from engine.message import Failure, InDoubt, Refused, Request, Response, Unavailable
from engine.site.settings import Secret
from tests.channels._tls.authority import Authority
from tests.channels._tls.sides import server_context
from tests.contracts.fakes import NAME, World, make_world
from tests.contracts.smtp_peer import SmtpPeer

MAIL = {"addresses": ["it@example.org", "ward@example.org"], "subject": "告警 alarma", "text": "连接 his_out\n.\n..x\n"}


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path, {"mail": "s3cret", "wrong": "other"})


def request(timeout: float = 5.0, **changed: Any) -> Request:
    return Request("mail", {**MAIL, **changed}, "a" * 64, datetime(2026, 11, 20, 8, tzinfo=UTC), timeout=timeout)


@asynccontextmanager
async def served(world: World, peer: SmtpPeer, listener: Any = None, **settings: Any) -> AsyncIterator[Channel]:
    port = peer.listen(world.services.reactor, listener)
    given = {"security": "none", "sender": "Waybill <waybill@example.org>", **settings}
    channel = Channel("mail", Settings(host="127.0.0.1", port=port, **given), world.services)
    await channel.start()
    try:
        yield channel
    finally:
        await channel.stop()
        await peer.close()


async def outcome(channel: Channel, asked: Request) -> Response | Failure:
    try:
        return await channel.call(asked)
    except Failure as failure:
        return failure


async def test_the_letter(world: World) -> None:
    peer = SmtpPeer()
    async with served(world, peer) as channel:
        answer = await channel.call(request())
    assert answer.value == {"taken": 2, "addresses": 2}
    letter = email.message_from_bytes(peer.letters[0], policy=email.policy.default)
    assert (letter["From"], letter["To"]) == ("Waybill <waybill@example.org>", "it@example.org, ward@example.org")
    assert (letter["Subject"], letter["Auto-Submitted"]) == ("告警 alarma", "auto-generated")
    assert letter["Message-ID"] == f"<{'a' * 40}@waybill.invalid>"
    assert letter.get_content().splitlines() == ["连接 his_out", ".", "..x"]
    assert peer.senders == ["waybill@example.org"]
    assert all(byte < 128 for byte in peer.letters[0])


@pytest.mark.parametrize(
    ("code", "refuses", "kind"),
    [(554, None, Refused), (0, True, Refused), (0, ("ward",), Response)],
)
async def test_what_the_server_answers(world: World, code: int, refuses: Any, kind: type) -> None:
    peer = SmtpPeer()
    peer.code, peer.refuses = code, ("ward@example.org",) if refuses == ("ward",) else refuses
    async with served(world, peer) as channel:
        found = await outcome(channel, request())
    assert type(found) is kind, found
    assert NAME not in str(found)
    if isinstance(found, Response):
        assert found.value == {"taken": 1, "addresses": 2}


async def test_a_server_that_cuts_after_the_letter_is_doubt(world: World) -> None:
    peer = SmtpPeer()
    peer.cut = True
    async with served(world, peer) as channel:
        assert type(await outcome(channel, request())) is InDoubt
    assert HealthState.DEGRADED in [health.state for health in world.health]


async def test_a_server_that_never_greets(world: World) -> None:
    async with served(world, SmtpPeer(mute=True)) as channel:
        found = await outcome(channel, request(timeout=0.4))
    assert isinstance(found, Unavailable)
    assert "no answer within 0.4 s" in found.reason


@pytest.mark.limit(40)
@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_tls_and_sign_in(world: World, tmp_path: Path, security: str) -> None:
    authority = Authority(tmp_path / "tls")
    context = server_context(authority.server(), world.services)
    peer = SmtpPeer(context if security == "starttls" else None, b"s3cret")
    trust = Tls(ca=authority.ca)
    listener = context if security == "tls" else None
    async with served(
        world, peer, listener, security=security, tls=trust, user="waybill", password=Secret("mail")
    ) as channel:
        assert isinstance(await outcome(channel, request(timeout=15)), Response)
        assert (await channel.probe()).state is HealthState.UP
    assert len(peer.letters) == 2  # this server keeps one for each address
    assert b"waybill" in peer.users


@pytest.mark.limit(40)
async def test_a_password_that_is_not_taken(world: World, tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    peer = SmtpPeer(server_context(authority.server(), world.services), b"s3cret")
    trust = Tls(ca=authority.ca)
    async with served(world, peer, security="starttls", tls=trust, user="waybill", password=Secret("wrong")) as channel:
        found = await outcome(channel, request(timeout=15))
        assert (await channel.probe()).state is HealthState.DOWN
    assert str(found).startswith("WB-7805 the server does not take")
    assert "other" not in repr(found)


@pytest.mark.limit(40)
async def test_a_certificate_of_nobody_we_trust(world: World, tmp_path: Path) -> None:
    peer = SmtpPeer(server_context(Authority(tmp_path / "tls").server(), world.services))
    trust = Tls(ca=Authority(tmp_path / "other", "other").ca)
    async with served(world, peer, security="starttls", tls=trust) as channel:
        found = await outcome(channel, request(timeout=15))
    assert isinstance(found, Unavailable)
    assert "certificate" in found.reason
    assert peer.letters == []


async def test_without_starttls_nothing_is_sent(world: World) -> None:
    peer = SmtpPeer()
    async with served(world, peer, security="starttls") as channel:
        found = await outcome(channel, request())
    assert str(found) == "WB-7805 the server offers no STARTTLS"
    assert (peer.letters, peer.senders) == ([], [])


@pytest.mark.parametrize(
    "changed",
    [
        {"addresses": []}, {"addresses": ["no address"]}, {"addresses": ["名@example.org"]},
        {"addresses": ["a@b\r\nBcc: x@y"]}, {"addresses": ["a@b"] * 101},
    ],
)  # fmt: skip
async def test_what_is_no_letter_is_refused(world: World, changed: dict[str, Any]) -> None:
    peer = SmtpPeer()
    async with served(world, peer) as channel:
        found = await outcome(channel, request(**changed))
    assert str(found).startswith("WB-7804")
    assert peer.senders == []


async def test_a_subject_of_two_lines_is_one(world: World) -> None:
    peer = SmtpPeer()
    async with served(world, peer) as channel:
        await channel.call(request(subject="one\r\nBcc: two@example.org"))
    letter = email.message_from_bytes(peer.letters[0], policy=email.policy.default)
    assert (letter["Subject"], letter["Bcc"]) == ("one Bcc: two@example.org", None)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"host": "a b"}, "host"), ({"port": 0}, "port"), ({"sender": "nobody"}, "sender"), ({"user": "x"}, "password"),
        ({"user": "x", "password": Secret("mail"), "security": "none"}, "never sent without TLS"),
        ({"tls": Tls(), "security": "none"}, "security"), ({"max_in_flight": 0}, "max_in_flight"),
        ({"hello": "a b"}, "hello"),
    ],
)  # fmt: skip
def test_settings_that_are_none(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Settings(**{"host": "mail.example", "sender": "w@example.org", **settings})


async def test_a_secret_that_is_missing(world: World) -> None:
    settings = Settings(host="mail.example", sender="w@example.org", user="x", password=Secret("nowhere"))
    with pytest.raises((Unavailable, KeyError)):
        await Channel("mail", settings, world.services).start()


async def test_it_cannot_be_asked(world: World) -> None:
    settings = Settings(host="mail.example", sender="w@example.org")
    with pytest.raises(Refused):
        await Channel("mail", settings, world.services).ask(request())
