"""A small real mail server: Twisted's own, with moods. It keeps what it took."""

from __future__ import annotations

from typing import Any

from twisted.cred.checkers import InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import defer
from twisted.internet.protocol import Factory
from twisted.mail import smtp
from twisted.mail.imap4 import LOGINCredentials, PLAINCredentials
from zope.interface import implementer

from tests.contracts.fakes import NAME


@implementer(smtp.IMessage)
class _Letter:
    def __init__(self, server: SmtpPeer) -> None:
        self._server = server
        self._lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line)

    def eomReceived(self) -> Any:
        self._server.letters.append(b"\r\n".join(self._lines))
        if self._server.silent:
            return defer.Deferred()
        if self._server.cut:
            self._server.last.transport.abortConnection()
            return defer.Deferred()
        if self._server.code:
            return defer.fail(smtp.SMTPServerError(self._server.code, f"no: {NAME}".encode()))
        return defer.succeed(b"taken")

    def connectionLost(self) -> None:
        """Nothing is kept of half a letter."""


@implementer(smtp.IMessageDelivery)
class _Delivery:
    def __init__(self, server: SmtpPeer) -> None:
        self._server = server

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return b"Received: by the test"

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        self._server.senders.append(str(origin))
        return origin

    def validateTo(self, user: Any) -> Any:
        refused = self._server.refuses
        if refused is True or str(user) in (refused or ()):
            raise smtp.SMTPBadRcpt(user)
        return lambda: _Letter(self._server)


@implementer(smtp.IMessageDeliveryFactory)
class _Deliveries:
    def __init__(self, server: SmtpPeer) -> None:
        self._server = server

    def getMessageDelivery(self) -> _Delivery:
        return _Delivery(self._server)


class _Realm:
    def __init__(self, server: SmtpPeer) -> None:
        self._server = server

    def requestAvatar(self, name: Any, mind: Any, *interfaces: Any) -> Any:
        self._server.users.append(name)
        return smtp.IMessageDelivery, _Delivery(self._server), lambda: None


class SmtpPeer(Factory):
    """code: its answer to a letter, 0 for yes. refuses: True for every address, or some. silent: never answers a
    letter. cut: closes instead. mute: never says a word. context: offers STARTTLS. users: who signed in."""

    noisy = False

    def __init__(self, context: Any = None, password: bytes = b"", mute: bool = False) -> None:
        self.letters: list[bytes] = []
        self.senders: list[str] = []
        self.users: list[Any] = []
        self.code = 0
        self.refuses: Any = None
        self.silent = self.cut = False
        self.last: Any = None
        self._context = context
        self._password = password
        self._mute = mute
        self._port: Any = None
        self._lines: set[Any] = set()

    def buildProtocol(self, addr: Any) -> Any:
        ways = {b"LOGIN": LOGINCredentials, b"PLAIN": PLAINCredentials} if self._password else {}
        made: Any = smtp.ESMTP(ways, self._context)
        if self._password:
            checker: Any = InMemoryUsernamePasswordDatabaseDontUse(waybill=self._password)
            realm: Any = _Realm(self)
            made.portal = Portal(realm, [checker])
        else:
            made.deliveryFactory = _Deliveries(self)
            made.delivery = _Delivery(self)
        made.factory, made.timeout, made.host = self, 60, b"mail.test"
        if self._mute:
            made.connectionMade = lambda: None
        self.last = made
        self._lines.add(made)
        ended = made.connectionLost

        def lost(reason: Any = None) -> None:
            self._lines.discard(made)
            ended(reason)

        made.connectionLost = lost
        return made

    def listen(self, reactor: Any, tls: Any = None) -> int:
        if tls is None:
            self._port = reactor.listenTCP(0, self, interface="127.0.0.1")
        else:
            self._port = reactor.listenSSL(0, self, tls, interface="127.0.0.1")
        return int(self._port.getHost().port)

    async def close(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            await port.stopListening()
        for line in list(self._lines):
            line.setTimeout(None)
            line.transport.abortConnection()
