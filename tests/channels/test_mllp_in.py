"""`mllp_in`: what each message is answered, and what a bad peer cannot do."""

from __future__ import annotations

import functools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from channels.mllp_in import Channel, Settings
from engine.message import Incoming, Refused, Reply, Unavailable
from engine.site.settings import Duration, Listen, Size
from tests.contracts.base import sleep, until
from tests.contracts.fakes import NAME, FakeInbox, World, make_world
from tests.contracts.mllp_peer import Client, connect, fields, framed, message

TYPES = frozenset({"ADT_A01"})


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    return make_world(reactor, tmp_path)


@asynccontextmanager
async def listening(world: World, inbox: FakeInbox | None = None, **settings: Any) -> AsyncIterator[Channel]:
    channel = Channel("it", Settings(listen=Listen("127.0.0.1", 0), **settings), world.services)
    await channel.start(inbox or FakeInbox(TYPES))
    try:
        yield channel
    finally:
        await channel.stop()


@asynccontextmanager
async def sender(world: World, channel: Channel) -> AsyncIterator[Client]:
    client = await connect(world.services.reactor, channel.port)
    try:
        yield client
    finally:
        client.transport.abortConnection()
        await client.closed


async def answer_to(world: World, channel: Channel, content: bytes) -> bytes:
    async with sender(world, channel) as client:
        client.send(content)
        return (await client.answered())[0]


async def test_it_hands_in_operation_identity_and_character_set(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox) as channel:
        answer = await answer_to(world, channel, message("M9"))
    (incoming,) = inbox.accepted
    assert incoming.operation == "ADT_A01"
    assert incoming.identity == ("HIS", "WARD 甲", "M9")
    assert incoming.content_type == "application/hl7-v2; charset=utf-8"
    assert incoming.body == message("M9")
    assert incoming.meta == {"peer": "127.0.0.1", "operation": "ADT_A01"}
    assert fields(answer)[1:3] == ["AA", "M9"]
    assert fields(answer, b"MSH")[2:6] == ["WAYBILL", "LAB", "HIS", "WARD 甲"]
    assert NAME.encode() not in answer


async def test_gb18030_is_answered_in_gb18030(world: World) -> None:
    async with listening(world) as channel:
        answer = await answer_to(world, channel, message(charset="GB 18030-2000"))
    assert "WARD 甲".encode("gb18030") in answer


async def test_the_default_character_set_is_the_connection_s(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox, charset="gb18030") as channel:
        await answer_to(world, channel, message(charset="").decode().encode("gb18030"))
    assert inbox.accepted[0].content_type.endswith("charset=gb18030")
    assert inbox.accepted[0].identity == ("HIS", "WARD 甲", "M1")


async def test_without_a_control_id_the_channel_has_no_key(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox) as channel:
        answer = await answer_to(world, channel, message(""))
    assert inbox.accepted[0].identity is None
    assert fields(answer)[1] == "AA"


@pytest.mark.parametrize(
    ("operations", "expected"),
    [({"ADT_A01": "patient"}, "patient"), ({"*": "any"}, "any"), ({"*": "any", "ADT_A01": "patient"}, "patient")],
)
async def test_operations_map_types(world: World, operations: dict[str, str], expected: str) -> None:
    inbox = FakeInbox(frozenset({"any", "patient"}))
    async with listening(world, inbox, operations=operations) as channel:
        await answer_to(world, channel, message())
    assert inbox.accepted[0].operation == expected


OUTCOMES: list[tuple[Any, str, str, str]] = [
    (None, "AA", "CA", ""),
    (Reply("repeat", "m1"), "AA", "CA", ""),
    (Reply("invalid", "m1", code="WB-1007", reason="PID-3: missing"), "AE", "CE", "WB-1007"),
    (Reply("conflict", "m1", code="WB-1008", reason="other content"), "AE", "CE", "WB-1008"),
    (Unavailable("WB-1012", "the engine is full"), "AE", "CE", "WB-1012"),
    (Refused("WB-1013", "no route receives this"), "AR", "CR", "WB-1013"),
    (RuntimeError(f"a bug met {NAME}"), "AE", "CE", "WB-1000"),
]


@pytest.mark.parametrize(("outcome", "original", "enhanced", "failure"), OUTCOMES)
async def test_every_outcome_has_its_answer(
    world: World, outcome: Any, original: str, enhanced: str, failure: str
) -> None:
    inbox = FakeInbox(TYPES)
    inbox.outcome = outcome if isinstance(outcome, BaseException | None) else lambda _: outcome
    async with listening(world, inbox) as channel:
        plain = await answer_to(world, channel, message())
        asked = await answer_to(world, channel, message(accept="AL"))
    assert (fields(plain)[1], fields(asked)[1]) == (original, enhanced)
    for answer in (plain, asked):
        assert fields(answer)[2] == "M1"
        assert NAME.encode() not in answer
        if failure:
            assert fields(answer)[3].startswith(failure)
            assert failure in fields(answer, b"ERR")[5]
    if failure == "WB-1012":
        assert "come again" in fields(plain)[3]
    assert len(world.bugs) == (2 if failure == "WB-1000" else 0)


@pytest.mark.parametrize(
    ("accept", "respond", "good", "bad"),
    [
        ("AL", "NE", ["CA"], ["CE"]),
        ("AL", "AL", ["CA", "AA"], ["CE"]),
        ("NE", "AL", ["AA"], ["AE"]),
        ("", "AL", ["AA"], ["AE"]),
        ("ER", "NE", [], ["CE"]),
        ("SU", "ER", ["CA"], ["AE"]),
        ("NE", "NE", [], []),
    ],
)
async def test_enhanced_mode_answers_what_is_asked(
    world: World, accept: str, respond: str, good: list[str], bad: list[str]
) -> None:
    inbox = FakeInbox(TYPES)
    for outcome, expected in ((None, good), (Reply("invalid", "m", code="WB-1007", reason="no"), bad)):
        inbox.outcome = None if outcome is None else (lambda _, reply=outcome: reply)
        async with listening(world, inbox) as channel, sender(world, channel) as client:
            client.send(message("M1", accept, respond), message("M2"))  # the second ends what the first was answered
            answers = await client.answered(len(expected) + 1)
        assert [fields(answer)[1] for answer in answers if fields(answer)[2] == "M1"] == expected


async def test_a_reply_that_the_route_made_is_sent(world: World) -> None:
    inbox = FakeInbox(TYPES)
    own = "MSH|^~\\&|LAB||HIS||1||RSP^K22|R1|P|2.5\rMSA|AA|M1\rQAK|甲|OK\r"
    inbox.outcome = lambda _: Reply("accepted", "m", own.encode())
    async with listening(world, inbox) as channel:
        assert await answer_to(world, channel, message()) == own.encode()
        assert await answer_to(world, channel, message(charset="GB18030")) == own.encode("gb18030")
        async with sender(world, channel) as client:
            client.send(message("M1", "AL", "AL"))
            answers = await client.answered(2)
    assert fields(answers[0])[1] == "CA"
    assert answers[1] == own.encode()


async def test_an_unknown_type_is_kept_and_rejected(world: World) -> None:
    inbox = FakeInbox(frozenset({"ORU_R01"}))
    async with listening(world, inbox) as channel:
        answer = await answer_to(world, channel, message())
    assert fields(answer)[1:3] == ["AR", "M1"]
    assert [(code, incoming.body) for incoming, code, _ in inbox.rejected] == [("WB-1004", message())]


async def test_what_is_not_hl7_is_kept_and_rejected(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox) as channel:
        answer = await answer_to(world, channel, f"<xml>{NAME}</xml>".encode())
    assert fields(answer)[1:3] == ["AR", ""]
    assert [code for _, code, _ in inbox.rejected] == ["WB-1201"]


async def test_an_answer_is_never_answered(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox) as channel, sender(world, channel) as client:
        client.send(message().replace(b"ADT^A01^ADT_A01", b"ACK"), message("M2"))
        answers = await client.answered()
        assert [fields(answer)[2] for answer in answers] == ["M2"]
    assert not inbox.rejected


async def test_too_large_is_refused_by_its_id_and_the_connection_goes_on(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox, max_body=Size(1000)) as channel, sender(world, channel) as client:
        client.send(message("BIG") + b"x" * 2000, message("M2"))
        answers = await client.answered(2)
    assert [fields(answer)[1:3] for answer in answers] == [["AE", "BIG"], ["AA", "M2"]]
    assert [(code, incoming.body) for incoming, code, _ in inbox.rejected] == [("WB-1005", b"")]


async def test_a_message_without_end_ends_the_connection(world: World) -> None:
    async with listening(world, max_body=Size(1000)) as channel, sender(world, channel) as client:
        client.transport.write(b"\x0b" + b"x" * 100_000)
        await client.closed
        assert len(client.answers) <= 1


async def test_bytes_between_frames_are_skipped(world: World) -> None:
    async with listening(world) as channel, sender(world, channel) as client:
        client.transport.write(b"GET / HTTP/1.1\r\n\r\n" + framed(message("M1")) + b"\r\n" + framed(message("M2")))
        assert [fields(answer)[2] for answer in await client.answered(2)] == ["M1", "M2"]


async def test_or_refused_where_the_connection_says_so(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox, between="refuse") as channel, sender(world, channel) as client:
        client.transport.write(framed(message("M1")) + b"junk" + framed(message("M2")))
        await client.closed
        assert [fields(answer)[1:3] for answer in client.answers] == [["AA", "M1"], ["AR", ""]]
    assert [code for _, code, _ in inbox.rejected] == ["WB-1203"]


async def test_a_message_broken_off_is_not_joined_to_the_next(world: World) -> None:
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox) as channel, sender(world, channel) as client:
        client.transport.write(b"\x0b" + message("M1")[:100] + framed(message("M2")))
        await client.answered()
    assert [incoming.body for incoming in inbox.accepted] == [message("M2")]


async def test_one_connection_is_served_in_order_and_not_read_meanwhile(world: World, reactor: Any) -> None:
    inbox = FakeInbox(TYPES)
    gates: list[Deferred[Any]] = []

    async def accept(incoming: Incoming) -> Reply:
        gate: Deferred[Any] = Deferred()
        gates.append(gate)
        await gate
        inbox.accepted.append(incoming)
        return Reply("accepted", "m")

    inbox.accept = accept  # type: ignore[method-assign]
    ids = [f"M{number}" for number in range(5)]
    async with listening(world, inbox) as channel, sender(world, channel) as client:
        client.send(*[message(one) for one in ids])
        await until(reactor, lambda: gates)
        (connection,) = channel.connections
        await until(reactor, lambda: connection._paused)
        flood = framed(message("M9")) * 20_000
        client.transport.write(flood)
        await sleep(reactor, 0.1)
        assert len(gates) == 1
        assert len(connection._queue) < 5
        for number in range(len(ids)):
            await until(reactor, functools.partial(lambda count: len(gates) == count, number + 1))
            assert not [one for one in client.answers if fields(one)[2] == ids[number]]
            gates[number].callback(None)
            await client.answered(number + 1)
        assert [fields(answer)[2] for answer in client.answers] == ids


async def test_many_pipelined_messages_are_all_answered_in_order(world: World) -> None:
    ids = [f"M{number}" for number in range(3000)]
    async with listening(world) as channel, sender(world, channel) as client:
        client.send(*[message(one) for one in ids])
        answers = await client.answered(len(ids))
    assert [fields(answer)[2] for answer in answers] == ids


@pytest.mark.limit(60)
async def test_who_does_not_read_its_answers_is_not_served_on(world: World, reactor: Any) -> None:
    """What is kept for it stays small, and in the end its connection is closed."""
    inbox = FakeInbox(TYPES)
    async with listening(world, inbox, receive_time=Duration(1)) as channel, sender(world, channel) as client:
        client.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.transport.pauseProducing()
        await until(reactor, lambda: channel.connections)
        (connection,) = channel.connections
        wire = connection.transport
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        sending = framed(message()) * 100
        client.transport.write(sending)
        while channel.connections:
            if not connection._clogged:
                client.transport.write(sending)
            await sleep(reactor, 0.01)
            assert len(wire.dataBuffer) + wire._tempDataLen < 200_000
        taken = len(inbox.accepted)
        await sleep(reactor, 0.1)
        assert len(inbox.accepted) == taken


async def test_the_silent_and_the_slow_are_ended(world: World) -> None:
    async with listening(world, idle=Duration(0.3), receive_time=Duration(0.3)) as channel:
        silent, slow, busy = [await connect(world.services.reactor, channel.port) for _ in range(3)]
        slow.transport.write(b"\x0b" + message()[:50])
        busy.send(message())
        await busy.answered()
        for client in (silent, slow, busy):
            await client.closed


async def test_dribbled_garbage_does_not_keep_a_connection(world: World, reactor: Any) -> None:
    async with listening(world, idle=Duration(0.3)) as channel, sender(world, channel) as client:
        for _ in range(100):
            client.transport.write(b"x")
            await sleep(reactor, 0.05)
            if client.closed.called:
                break
        assert client.closed.called


async def test_connections_are_bounded_and_the_silent_make_room(world: World, reactor: Any) -> None:
    async with listening(world, max_connections=1) as channel, sender(world, channel) as first:
        await until(reactor, lambda: channel.connections)
        second = await connect(reactor, channel.port)
        await second.closed
        first.send(message())
        await first.answered()
        (connection,) = channel.connections
        connection.since -= 60
        third = await connect(reactor, channel.port)
        third.send(message("M3"))
        assert fields((await third.answered())[0])[2] == "M3"
        await first.closed
        third.transport.loseConnection()
        await third.closed


async def test_who_is_not_allowed_is_not_heard(world: World) -> None:
    channel = Channel("it", Settings(listen=Listen("127.0.0.1", 0), allow=("10.0.0.0/8",)), world.services)
    assert channel.admits("10.2.3.4")
    assert channel.admits("127.0.0.1")
    assert channel.admits("::ffff:10.2.3.4")
    assert not channel.admits("192.168.1.1")


async def test_a_sender_that_ends_its_side_still_gets_its_answer(world: World) -> None:
    async with listening(world) as channel, sender(world, channel) as client:
        client.send(message("M1"), message("M2"))
        client.transport.loseWriteConnection()
        assert len(await client.answered(2)) == 2
        await client.closed


async def test_a_sender_that_goes_away_stops_nobody(world: World) -> None:
    inbox = FakeInbox(TYPES)
    gate: Deferred[Any] = Deferred()
    inbox.outcome = gate
    async with listening(world, inbox) as channel:
        async with sender(world, channel) as client:
            client.send(message("M1"))
            await until(world.services.reactor, lambda: inbox.waiting)
        inbox.outcome = None
        gate.callback(None)
        assert fields(await answer_to(world, channel, message("M2")))[1] == "AA"
    assert not world.bugs


async def test_a_stop_answers_what_is_in_hand_and_takes_nothing_more(world: World) -> None:
    inbox = FakeInbox(TYPES)
    inbox.outcome = Deferred()
    async with listening(world, inbox) as channel, sender(world, channel) as client:
        client.send(message("M1"), message("M2"))
        await until(world.services.reactor, lambda: inbox.waiting)
        await channel.stop()
        await client.closed
        (answer,) = client.answers
    assert fields(answer)[1:3] == ["AE", "M1"]
    assert "WB-1012" in fields(answer)[3]


async def test_probe_tells_whether_the_port_is_free(world: World) -> None:
    async with listening(world) as channel:
        other = Channel("other", Settings(listen=Listen("127.0.0.1", channel.port)), world.services)
        assert (await other.probe()).state.value == "down"
        with pytest.raises(Unavailable, match="WB-3010"):
            await other.start(FakeInbox())
        assert (await channel.probe()).state.value == "up"
    free = Channel("free", Settings(listen=Listen("127.0.0.1", 0)), world.services)
    assert (await free.probe()).state.value == "up"


@pytest.mark.parametrize(
    "settings",
    [{"listen": Listen("0.0.0.0", 1)}, {"allow": ("nonsense",)}, {"max_connections": 0}],
)
def test_settings_that_cannot_be(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Settings(**{"listen": Listen("127.0.0.1", 0), **settings})
