"""HL7 v2 over MLLP: a listener that answers each message when it is durable.

The operation is the message's type, `ADT_A01` for `ADT^A01` in MSH-9, or what `operations` makes of it. Identity is
MSH-3, MSH-4 and MSH-10. A connection is served in order: its next message is taken when the last is answered.

Original mode (MSH-15 and MSH-16 empty): AA: taken, also when it came again; AE: not taken, for what it holds, or
because the engine is full (then the text says to come again); AR: not HL7, or no route receives it. Enhanced mode: CA,
CE, CR where MSH-15 asks for it, then AA where MSH-16 asks. A reply that the route made itself, an HL7 message, goes out
in the place of AA. The answer is in the sender's character set; MSA-3 and ERR hold a code and nothing of the message.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from twisted.internet.defer import CancelledError
from twisted.internet.task import deferLater

from channels._mllp.framer import Event, Garbage
from channels._mllp.header import Header, acknowledge, read_header, wanted
from channels._mllp.served import Connection, MllpPort, Networks
from channels._tls.settings import Tls, check_listening
from channels._tls.voice import Voice
from engine.channel import Health, HealthState, Inbox, Services
from engine.hl7 import NOT_HL7
from engine.message import Failure, Incoming, Refused, Reply, Unavailable
from engine.points import point
from engine.site.settings import Duration, Listen, Size, option

BUG = "WB-1000"
UNKNOWN_OPERATION = "WB-1004"
TOO_LARGE = "WB-1005"
NO_ROUTE = "WB-1013"
STOPPING = "WB-1012"
NOT_FRAMED = "WB-1203"
"""Bytes that are in no frame, where `between: refuse` asks for none. The connection is closed."""

_REJECTED = frozenset({NOT_HL7, UNKNOWN_OPERATION, NO_ROUTE})
"""What is answered AR or CR: not for what the message holds, but for what it is."""

_GRACE = 2.0
"""Seconds that messages in hand get to become durable when the channel stops."""


@dataclass(frozen=True)
class Settings:
    """`{type: mllp_in, listen: 127.0.0.1:2575}`"""

    listen: Listen = option("address and port")
    operations: dict[str, str] = option(
        "message type, as `ADT_A01`, to the operation that a route receives; `*` is every type that is not named",
        default={},
    )
    tls: Tls | None = option("TLS, also mutual", default=None)
    allow: tuple[str, ...] = option("networks that may send, as `10.1.0.0/16`; needed beyond loopback", default=())
    charset: Literal["utf-8", "gb18030", "ascii", "iso-8859-1"] = option(
        "character set of messages whose MSH-18 is empty", default="utf-8"
    )
    between: Literal["skip", "refuse"] = option(
        "bytes between two frames: `skip` them, or `refuse` the sender and close the connection", default="skip"
    )
    max_body: Size = option(
        "largest message; a larger one is refused, and its connection goes on", default=Size(4 << 20)
    )
    max_connections: int = option(
        "simultaneous connections; the one that is silent for longest makes room", default=256
    )
    backlog: int = option("connections that may wait to be taken", default=128)
    idle: Duration = option("a connection without a message is closed after this time", default=Duration(3600))
    receive_time: Duration = option("a message must have arrived completely within this time", default=Duration(30))

    def __post_init__(self) -> None:
        Networks(self.allow)
        check_listening(self.tls)
        if not self.listen.loopback and not self.allow:
            raise ValueError("a listener beyond loopback needs `allow: [network, ...]`")
        if self.max_connections < 1:
            raise ValueError("`max_connections` is at least 1")


class Channel:
    """A source: each message is answered when it is durable."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self.limit = int(settings.max_body)
        self.strict = settings.between == "refuse"
        self.max_connections = settings.max_connections
        self.idle = float(settings.idle)
        self.receive_time = float(settings.receive_time)
        self.admits = Networks(settings.allow).admit
        self._content_type = f"application/hl7-v2; charset={settings.charset}"
        self._voice = Voice(name, services)
        self._certificates: Any = None
        self._inbox: Inbox | None = None
        self._port: MllpPort | None = None
        self._in_hand: dict[Connection, Header | None] = {}

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._port.number if self._port else 0

    @property
    def connections(self) -> Collection[Connection]:
        """The connections that are open."""
        return self._port.connections if self._port else ()

    async def start(self, inbox: Inbox) -> None:
        """Listen. Raises `Unavailable`: WB-3010 the address cannot be used, WB-3101 the certificates cannot."""
        if self._port is not None:
            return
        self._inbox = inbox
        port = self._new_port()
        try:
            port.open(await self._context())
        except Unavailable as failure:
            self._voice.say(HealthState.DOWN, failure.reason)
            raise
        self._port = port
        self._voice.say(HealthState.UP)

    async def stop(self) -> None:
        """Take no more, let what is in hand become durable for a moment, tell the rest to send it again."""
        port, self._port = self._port, None
        if port is None:
            return
        await port.refuse()
        for _ in range(int(_GRACE / 0.02)):
            if not self._in_hand:
                break
            await deferLater(self.services.reactor, 0.02)
        stopping = Unavailable(STOPPING, "the engine is stopping")
        for connection, header in list(self._in_hand.items()):
            connection.finish(*self._refusal(header, stopping))
        await port.close()
        if self._certificates is not None:
            self._certificates.stop()
        self._voice.say(HealthState.STOPPED)

    async def probe(self) -> Health:
        """Whether the address can be listened on; for `waybill check`."""
        if self._port is not None:
            return Health(HealthState.UP)
        port = self._new_port()
        try:
            port.open()
        except Unavailable as failure:
            return Health(HealthState.DOWN, failure.reason)
        await port.close()
        return Health(HealthState.UP, f"{self.settings.listen} is free")

    def take(self, connection: Connection, event: Event) -> None:
        """One thing from a connection, which is answered in any case."""
        self.services.spawn(f"{self.name} message", self._serve(connection, event))

    # -- messages

    async def _serve(self, connection: Connection, event: Event) -> None:
        """Answer; after a bug too, while the bug goes on to be loud."""
        header = None
        answers: tuple[bytes, ...] | None = None
        self._in_hand[connection] = None
        try:
            try:
                header = self._header(event)
            except Refused as refusal:
                answers = await self._reject(connection, None, event, refusal)
                return
            self._in_hand[connection] = header
            answers = await self._take(connection, header, event)
        except CancelledError:
            connection.abort()
            raise
        finally:
            self._in_hand.pop(connection, None)
            if answers is None:
                answers = self._refusal(header, Failure(BUG, "an error of the engine, send it again later"))
            connection.answer(*answers)
            if isinstance(event, Garbage):
                connection.close()

    def _header(self, event: Event) -> Header:
        if isinstance(event, Garbage):
            raise Refused(NOT_FRAMED, "the sender sends bytes that are in no frame")
        try:
            return read_header(event if isinstance(event, bytes) else event.head, self.settings.charset)
        except Refused as refusal:
            raise refusal if isinstance(event, bytes) else self._too_large() from None

    async def _take(self, connection: Connection, header: Header, content: Event) -> tuple[bytes, ...]:
        if not isinstance(content, bytes):
            return await self._reject(connection, header, content, self._too_large())
        names = self.settings.operations
        operation = (names.get(header.operation) or names.get("*") or header.operation) if names else header.operation
        inbox = self._accepting()
        if operation not in inbox.operations(self.name):
            if header.operation in ("ACK", "MCF"):
                return ()  # an answer is never answered: two engines would go on for ever
            refusal = Refused(UNKNOWN_OPERATION, "no route receives this type of message")
            return await self._reject(connection, header, content, refusal)
        identity = header.identity if header.control_id else None
        meta = {"peer": connection.peer, "operation": header.operation}
        incoming = Incoming(self.name, operation, content, self._content_type, meta, identity)
        try:
            reply = await inbox.accept(incoming)
        except Failure as failure:
            return self._refusal(header, failure)
        point("channel.mllp_in.before_answer")
        return self._answer(header, reply)

    async def _reject(
        self, connection: Connection, header: Header | None, event: Event, refusal: Refused
    ) -> tuple[bytes, ...]:
        """Keep what cannot be received, and answer with its code."""
        meta = {"peer": connection.peer, "operation": header.operation if header else ""}
        content = event if isinstance(event, bytes) else b""
        incoming = Incoming(self.name, "", content, self._content_type, meta)
        try:
            await self._accepting().reject(incoming, refusal.code, refusal.reason)
        except Failure as failure:
            return self._refusal(header, failure)
        return self._refusal(header, refusal)

    def _too_large(self) -> Refused:
        return Refused(TOO_LARGE, f"the message is larger than {self.limit} bytes")

    # -- answers

    def _answer(self, header: Header, reply: Reply) -> tuple[bytes, ...]:
        own = reply.body if reply.body.startswith(b"MSH") else b""
        if not reply.ok:
            if own and not header.enhanced:
                return (_encoded(own, header),)
            return self._refusal(header, Failure(reply.code, reply.reason))
        if not header.enhanced:
            return (_encoded(own, header) if own else acknowledge(header, "AA"),)
        answers = [acknowledge(header, "CA")] if wanted(header.accept, True) else []
        if wanted(header.respond, True):
            answers.append(_encoded(own, header) if own else acknowledge(header, "AA"))
        return tuple(answers)

    def _refusal(self, header: Header | None, failure: Failure) -> tuple[bytes, ...]:
        """AE or AR; in enhanced mode CE or CR, or the application's, whichever the sender wants to hear."""
        letter = "R" if failure.code in _REJECTED or header is None else "E"
        reason = failure.reason
        if isinstance(failure, Unavailable):
            reason += ": come again later"
        if header is None or not header.enhanced:
            return (acknowledge(header, "A" + letter, failure.code, reason),)
        if wanted(header.accept, False):
            return (acknowledge(header, "C" + letter, failure.code, reason),)
        if wanted(header.respond, False):
            return (acknowledge(header, "A" + letter, failure.code, reason),)
        return ()

    # -- parts

    async def _context(self) -> Any:
        """The context factory of TLS, None without; its libraries are loaded only where it is used."""
        if self.settings.tls is None:
            return None
        from channels._tls.certificates import Certificates

        self._certificates = Certificates(self.name, self.settings.tls, self.services, self._voice)
        await self._certificates.start()
        return self._certificates.server()

    def _new_port(self) -> MllpPort:
        listen = self.settings.listen
        return MllpPort(self.services.reactor, self, listen.host, listen.port, self.settings.backlog)

    def _accepting(self) -> Inbox:
        assert self._inbox is not None, "not started"
        return self._inbox


def _encoded(body: bytes, header: Header) -> bytes:
    """A reply that the route made, in the sender's character set."""
    return body if header.charset == "utf-8" else body.decode().encode(header.charset, "replace")
