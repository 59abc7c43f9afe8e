"""`mllp_out`: what each answer means, and each way in which a peer can fail to answer."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults

from channels.mllp_out import Channel, Settings, repeat_of
from engine.channel import HealthState
from engine.hl7 import Message
from engine.message import Failure, Hl7, InDoubt, Refused, Request, Response, Unavailable
from engine.site.settings import Duration, Size
from tests.contracts.base import sleep, until
from tests.contracts.fakes import NAME, World, make_world
from tests.contracts.mllp_peer import Peer, Receiver, acknowledgement, fields, framed, good, message


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


def request(control_id: str = "M1", timeout: float = 5.0, value: Any = None, **asks: str) -> Request:
    arguments = {"message": Hl7(message(control_id, **asks)) if value is None else value}
    return Request("send", arguments, "k" * 64, datetime(2026, 11, 20, tzinfo=UTC), timeout=timeout)


@asynccontextmanager
async def calling(world: World, peer: Peer, **settings: Any) -> AsyncIterator[Channel]:
    """A channel to the peer; both end."""
    if peer.port is None:
        peer.listen(world.services.reactor)
    channel = Channel("it", Settings(host="127.0.0.1", port=peer.number, **settings), world.services)
    await channel.start()
    try:
        yield channel
    finally:
        await channel.stop()
        await peer.close()
        assert not world.bugs


async def outcome(channel: Channel, asked: Request | None = None) -> Response | Failure:
    try:
        return await channel.call(asked or request())
    except Failure as failure:
        found = failure
    assert NAME not in str(found)
    return found


async def failed(world: World, peer: Peer, asked: Request | None = None, **settings: Any) -> Failure:
    async with calling(world, peer, **settings) as channel:
        failure = await outcome(channel, asked)
    assert isinstance(failure, Failure)
    return failure


async def test_the_answer_is_the_value(world: World) -> None:
    peer = Peer(good)
    async with calling(world, peer) as channel:
        response = await channel.call(request("M7"))
    assert isinstance(response.value, Hl7)
    assert Message(response.value).first("MSA-1") == "AA"
    assert response.summary == "ADT_A01: AA"
    assert peer.messages == [message("M7")]


@pytest.mark.parametrize("mark", [b"\x1c\r\x0bMSH|^~\\&|evil\r", b"\x1c", b"\x0b"])
async def test_a_message_never_becomes_two_for_the_peer(world: World, mark: bytes) -> None:
    peer = Peer(good)
    failure = await failed(world, peer, request(value=Hl7(message("M1") + b"NTE|1||" + mark)))
    assert isinstance(failure, Refused)
    assert peer.messages == []


async def test_the_connection_is_kept(world: World) -> None:
    peer = Peer(good)
    async with calling(world, peer) as channel:
        for number in range(20):
            await channel.call(request(f"M{number}"))
    assert peer.made == 1
    assert len(peer.messages) == 20


@pytest.mark.parametrize(
    ("code", "ae", "kind"),
    [
        ("AE", "refuse", Refused), ("CE", "refuse", Refused), ("AR", "retry", Refused), ("CR", "retry", Refused),
        ("AE", "retry", Unavailable), ("CE", "retry", Unavailable),
    ],
)  # fmt: skip
async def test_a_peer_that_says_no(world: World, code: str, ae: Any, kind: type) -> None:
    peer = Peer(lambda connection, _: connection.answer(code))
    assert type(await failed(world, peer, ae=ae)) is kind


async def test_after_no_the_connection_goes_on(world: World) -> None:
    codes = iter(["AE", "AA"])
    peer = Peer(lambda connection, _: connection.answer(next(codes)))
    async with calling(world, peer) as channel:
        assert isinstance(await outcome(channel, request("M1")), Refused)
        assert isinstance(await outcome(channel, request("M2")), Response)
    assert peer.made == 1


def half(connection: Receiver, _: bytes) -> None:
    connection.transport.write(framed(acknowledgement("AA", "M1"))[:-2])


def cut(connection: Receiver, _: bytes) -> None:
    connection.transport.write(b"\x0bMSH|^~\\&|")
    connection.transport.loseConnection()


MISBEHAVING: dict[str, Any] = {
    "never answers": lambda connection, content: None,
    "half an answer, then silence": half,
    "closes mid-way": cut,
    "closes at once": lambda connection, content: connection.transport.abortConnection(),
    "another message": lambda connection, content: connection.answer("AA", "OTHER"),
    "no message": lambda connection, content: connection.answer("AA", ""),
    "garbage in a frame": lambda connection, content: connection.transport.write(framed(b"yes")),
    "bytes without a frame": lambda connection, content: connection.transport.write(b"HTTP/1.1 200 OK\r\n\r\n"),
    "an unknown code": lambda connection, content: connection.answer("OK"),
    "10 MB": lambda connection, content: connection.transport.write(framed(b"MSH|" + b"x" * 10_000_000)),
    "no character of its character set": lambda connection, content: connection.transport.write(
        framed(acknowledgement("AA", "M1") + b"NTE|\xff\xfe\r")
    ),
}


@pytest.mark.parametrize("behave", MISBEHAVING.values(), ids=MISBEHAVING)
async def test_a_misbehaving_peer_leaves_doubt_within_the_time(world: World, reactor: Any, behave: Any) -> None:
    """And the next message goes over another connection."""
    peer = Peer(behave)
    async with calling(world, peer) as channel:
        began = reactor.seconds()
        assert type(await outcome(channel, request("M1", timeout=0.5))) is InDoubt
        assert reactor.seconds() - began < 3
        assert world.health[-1].state is HealthState.DEGRADED
        peer.behave = good
        assert isinstance(await outcome(channel, request("M2")), Response)
        assert world.state is HealthState.UP
    assert peer.made >= 2


async def test_a_late_answer_is_never_taken_for_the_next(world: World, reactor: Any) -> None:
    late: list[Receiver] = []
    peer = Peer(lambda connection, _: late.append(connection))
    async with calling(world, peer) as channel:
        assert type(await outcome(channel, request("M1", timeout=0.2))) is InDoubt
        second = Deferred.fromCoroutine(outcome(channel, request("M2", timeout=5)))
        await until(reactor, lambda: len(late) == 2)
        late[0].answer("AA", "M2")
        await sleep(reactor, 0.1)
        assert not second.called
        late[1].answer("AR", "M2")
        assert type(await second) is Refused


@pytest.mark.parametrize("pause", [0.0, 0.1])
async def test_a_second_answer_is_passed_over(world: World, reactor: Any, pause: float) -> None:
    def twice(connection: Receiver, content: bytes) -> None:
        control_id = fields(content, b"MSH")[9]
        connection.answer("AA", control_id)
        reactor.callLater(pause, connection.answer, "AR", control_id)

    peer = Peer(twice)
    async with calling(world, peer) as channel:
        for number in range(4):
            assert isinstance(await outcome(channel, request(f"M{number}")), Response)
        await sleep(reactor, pause + 0.1)
        assert isinstance(await outcome(channel, request("LAST")), Response)


async def test_an_answer_that_nobody_asked_for_ends_the_connection(world: World, reactor: Any) -> None:
    peer = Peer(good)
    async with calling(world, peer) as channel:
        await channel.call(request("M1"))
        peer.connections[0].answer("AA", "M2")
        await until(reactor, lambda: peer.made == 2)
        assert isinstance(await outcome(channel, request("M2")), Response)


async def test_a_peer_that_closes_after_each_message_is_no_trouble(world: World) -> None:
    def once(connection: Receiver, content: bytes) -> None:
        connection.answer("AA")
        connection.transport.loseConnection()

    peer = Peer(once)
    async with calling(world, peer) as channel:
        for number in range(5):
            assert isinstance(await outcome(channel, request(f"M{number}")), Response)
    assert len(peer.messages) == 5


async def test_a_peer_that_closed_in_silence_is_noticed_before_the_message_leaves(world: World) -> None:
    peer = Peer(good)
    async with calling(world, peer) as channel:
        await channel.call(request("M1"))
        peer.connections[0].transport.getHandle().shutdown(socket.SHUT_RDWR)  # its end lies unread in our socket
        assert isinstance(await outcome(channel, request("M2")), Response)


async def test_no_peer_is_unavailable_and_its_return_is_noticed(world: World, reactor: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    channel = Channel("it", Settings(host="127.0.0.1", port=port), world.services)
    assert (await channel.probe()).state is HealthState.DOWN
    await channel.start()
    failure = await outcome(channel)
    assert type(failure) is Unavailable
    assert failure.code == "WB-3001"
    assert world.health[-1].state is HealthState.DOWN
    peer = Peer(good).listen(reactor, port)
    await until(reactor, lambda: world.state is HealthState.UP)
    assert (await channel.probe()).state is HealthState.UP
    await peer.close()
    await channel.stop()
    assert world.state is HealthState.STOPPED


async def test_a_peer_that_goes_away_between_messages_is_noticed(world: World, reactor: Any) -> None:
    peer = Peer(good)
    async with calling(world, peer) as channel:
        await channel.call(request())
        await peer.close()
        await until(reactor, lambda: world.state is HealthState.DOWN)


async def test_in_doubt_is_not_up_again_by_a_connection_alone(world: World, reactor: Any) -> None:
    peer = Peer(lambda connection, content: None)
    async with calling(world, peer) as channel:
        await outcome(channel, request(timeout=0.2))
        await until(reactor, lambda: peer.made == 2)
        await sleep(reactor, 0.1)
        assert world.state is HealthState.DEGRADED
        assert "answer" in world.health[-1].reason


async def test_each_connection_carries_one_message_at_a_time(world: World, reactor: Any) -> None:
    held: list[tuple[Receiver, str]] = []
    peer = Peer(lambda connection, content: held.append((connection, fields(content, b"MSH")[9])))
    async with calling(world, peer, max_in_flight=2) as channel:
        calls = [Deferred.fromCoroutine(outcome(channel, request(f"M{number}"))) for number in range(4)]
        await until(reactor, lambda: len(held) == 2)
        await sleep(reactor, 0.1)
        assert len(held) == 2
        assert len({id(connection) for connection, _ in held}) == 2
        for count in (2, 3):
            connection, control_id = held.pop()
            connection.answer("AA", control_id)
            await until(reactor, lambda: len(held) == 2)
            assert len(peer.messages) == count + 1
        for connection, control_id in held:
            connection.answer("AA", control_id)
        assert all(isinstance(one, Response) for one in await gatherResults(calls))
    assert peer.made == 2


async def test_without_a_free_connection_in_time_nothing_was_sent(world: World, reactor: Any) -> None:
    peer = Peer(lambda connection, content: None)
    async with calling(world, peer) as channel:
        first = Deferred.fromCoroutine(outcome(channel, request("M1", timeout=2)))
        await until(reactor, lambda: peer.messages)
        failure = await outcome(channel, request("M2", timeout=0.2))
        assert isinstance(failure, Unavailable)
        assert failure.code == "WB-3202"
        assert world.state is HealthState.UP
        assert type(await first) is InDoubt
    assert len(peer.messages) == 1


async def test_enhanced_mode_ends_with_the_first_answer(world: World) -> None:
    def both(connection: Receiver, content: bytes) -> None:
        connection.answer("CA")
        connection.answer("AE")

    peer = Peer(both)
    async with calling(world, peer) as channel:
        for number in range(3):
            response = await outcome(channel, request(f"M{number}", accept="AL", respond="AL"))
            assert isinstance(response, Response)
            assert response.summary == "ADT_A01: CA"
    assert peer.made == 1


@pytest.mark.parametrize(("code", "kind"), [("AA", Response), ("AE", Refused), ("AR", Refused)])
async def test_or_with_the_application_s(world: World, reactor: Any, code: str, kind: type) -> None:
    def both(connection: Receiver, content: bytes) -> None:
        if content.find(b"ADT") < 0:
            return
        connection.answer("CA")
        more = "|||AL|NE"
        reactor.callLater(0.05, connection.transport.write, framed(acknowledgement(code, "M1", more)))

    peer = Peer(both)
    async with calling(world, peer, answer="application") as channel:
        assert type(await outcome(channel, request("M1", accept="AL", respond="AL"))) is kind
        await until(reactor, lambda: len(peer.messages) == 2)
    assert fields(peer.messages[1])[1:3] == ["CA", f"A{'M1'}"]


async def test_a_commit_refusal_ends_it_too(world: World) -> None:
    peer = Peer(lambda connection, _: connection.answer("CR"))
    assert type(await failed(world, peer, answer="application")) is Refused


async def test_the_message_goes_out_in_its_character_set(world: World) -> None:
    peer = Peer(good)
    text = message("M1", charset="GB 18030-2000").decode("gb18030")
    async with calling(world, peer) as channel:
        await channel.call(request(value=Hl7(text.encode())))
    assert peer.messages == [text.encode("gb18030")]


@pytest.mark.parametrize("value", ["MSH|text", b"MSH|bytes", Hl7(message("")), Hl7(b"MSH|^~\\&|" + b"|" * 8 + b"\r")])
async def test_what_cannot_be_sent_is_refused_before(world: World, value: Any) -> None:
    peer = Peer(good)
    failure = await failed(world, peer, request(value=value))
    assert type(failure) is Refused
    assert failure.code == "WB-3201"
    assert not peer.messages


async def test_a_character_that_the_peer_does_not_have(world: World) -> None:
    failure = await failed(world, Peer(good), request(value=Hl7(message(charset="ASCII"))))
    assert (type(failure), failure.code) == (Refused, "WB-1202")


async def test_an_unused_connection_is_closed(world: World, reactor: Any) -> None:
    peer = Peer(good)
    async with calling(world, peer, idle=Duration(0.2)) as channel:
        await channel.call(request())
        await until(reactor, lambda: not peer.connections)
        await sleep(reactor, 0.7)
        assert peer.made == 1
        assert world.state is HealthState.UP
        await channel.call(request("M2"))
    assert peer.made == 2


async def test_a_cancelled_call_ends_its_connection(world: World, reactor: Any) -> None:
    peer = Peer(lambda connection, content: None)
    async with calling(world, peer) as channel:
        call = Deferred.fromCoroutine(channel.call(request("M1")))
        await until(reactor, lambda: peer.messages)
        call.addErrback(lambda _: None).cancel()
        peer.behave = good
        assert isinstance(await outcome(channel, request("M2")), Response)


async def test_a_stop_ends_what_is_under_way_in_doubt(world: World, reactor: Any) -> None:
    peer = Peer(lambda connection, content: None)
    async with calling(world, peer) as channel:
        call = Deferred.fromCoroutine(outcome(channel))
        await until(reactor, lambda: peer.messages)
        await channel.stop()
        assert type(await call) is InDoubt
        assert type(await outcome(channel)) is Unavailable


async def test_repeat_and_ask(world: World) -> None:
    settings = {"host": "127.0.0.1", "port": 1}
    channel = Channel("it", Settings(**settings), world.services)  # type: ignore[arg-type]
    assert channel.repeat("send", {}) == repeat_of("send", {}) == "unknown"
    same = Channel("it", Settings(**settings, repeat="same"), world.services)  # type: ignore[arg-type]
    assert same.repeat("send", {}) == "same"
    with pytest.raises(Refused):
        await channel.ask(request())


@pytest.mark.parametrize(
    "settings", [{"host": "http://x"}, {"host": ""}, {"port": 0}, {"port": 70000}, {"max_in_flight": 0}]
)
def test_settings_that_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Settings(**{"host": "127.0.0.1", "port": 2575, **settings})


async def test_a_long_answer_within_the_limit_is_read(world: World) -> None:
    long = framed(acknowledgement("AA", "M1") + b"NTE|" + b"x" * 500_000 + b"\r")
    peer = Peer(lambda connection, _: connection.transport.write(long))
    async with calling(world, peer, max_answer=Size(1 << 20)) as channel:
        assert isinstance(await outcome(channel), Response)
