"""One conversation with a mail server: greeting, TLS, sign-in, letter; what its end means for the letter.

Twisted's own client knows the protocol; here stands how far it came when it ended.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory
from twisted.mail.smtp import (
    AUTHDeclinedError,
    AuthenticationError,
    AUTHRequiredError,
    CramMD5ClientAuthenticator,
    EHLORequiredError,
    ESMTPClient,
    LOGINAuthenticator,
    PLAINAuthenticator,
    SMTPClientError,
    TLSError,
    TLSRequiredError,
)
from twisted.python.failure import Failure as Trouble

from engine.message import Failure, InDoubt, Refused, Unavailable

AWAY, IN_DOUBT, SAID_NO = "WB-3001", "WB-3002", "WB-3003"
NO_ENTRY = "WB-7805"
"""The mail server does not take the user and password, or offers no TLS or no sign-in that can be used."""

_NO_ENTRY = {
    TLSRequiredError: "the server offers no STARTTLS",
    TLSError: "the server does not begin TLS",
    AUTHRequiredError: "the server offers no sign-in that is known here",
    EHLORequiredError: "the server knows no extensions: no TLS, no sign-in",
    AUTHDeclinedError: "the server does not take the user and password",
    AuthenticationError: "the sign-in failed",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """data None: only say hello (a probe). context: of STARTTLS; None where TLS is not wanted, or stands already."""

    hello: str
    sender: str
    to: list[str]
    data: bytes | None = field(repr=False)
    context: Any = field(default=None, repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


_Client: Any = ESMTPClient  # typed in part only


class Handover(_Client):
    """`done` fires with the number of recipients that were taken, or with one of the three failures."""

    debug = False
    heloFallback = True

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked.password.encode() or None, asked.context, asked.hello)
        self.done: Deferred[int] = Deferred()
        self.given = False
        self._asked = asked
        self.requireTransportSecurity = asked.context is not None
        self.requireAuthentication = bool(asked.user)
        if asked.user:
            name = asked.user.encode()
            for kind in (CramMD5ClientAuthenticator, LOGINAuthenticator, PLAINAuthenticator):
                self.registerAuthenticator(kind(name))

    def getMailFrom(self) -> bytes | None:
        """Asked again after each letter: there is one only."""
        asked = self._asked
        if self.done.called or asked.data is None:
            self._end(0)
            return None
        return asked.sender.encode()

    def getMailTo(self) -> list[bytes]:
        return [one.encode() for one in self._asked.to]

    def getMailData(self) -> io.BytesIO:
        # The client makes the line ends itself.
        return io.BytesIO((self._asked.data or b"").replace(b"\r\n", b"\n"))

    def finishedFileTransfer(self, lastsent: bytes) -> None:
        """From here on the server may have it."""
        self.given = True
        super().finishedFileTransfer(lastsent)

    def sentMail(self, code: int, resp: bytes, numOk: int, addresses: Any, log: Any) -> None:  # noqa: N803 - Twisted's
        codes = [code] if numOk else [answer for _, answer, _ in addresses] or [code]
        if numOk and code in range(200, 300):
            self._end(numOk)
        elif all(one in range(500, 600) for one in codes):
            what = "the letter" if numOk else "any of the addresses"
            self._fail(Refused(SAID_NO, f"the server does not take {what} ({codes[0]})"))
        else:
            self._fail(Unavailable(AWAY, f"the server does not take the letter now ({codes[0]})"))

    def sendError(self, exc: Any) -> None:
        """It ended before the letter, or in a way that nobody can read."""
        known = next((text for kind, text in _NO_ENTRY.items() if isinstance(exc, kind)), "")
        code = getattr(exc, "code", -1)
        if known:
            self._fail(Unavailable(NO_ENTRY, known))
        elif self.given:
            self._fail(InDoubt(IN_DOUBT, "no readable answer came after the letter"))
        elif isinstance(exc, SMTPClientError) and 400 <= code < 600:
            self._fail(Unavailable(AWAY, f"the server does not talk to us now ({code})"))
        else:
            self._fail(Unavailable(AWAY, "the server does not speak SMTP"))
        super().sendError(exc)

    def connectionLost(self, reason: Trouble) -> None:
        super().connectionLost(reason)
        if reason.check(SSL.Error, VerificationError):
            self._fail(Unavailable(AWAY, "the server's certificate is not trusted or not its own"))
        elif self.given:
            self._fail(InDoubt(IN_DOUBT, "the connection ended before an answer to the letter"))
        else:
            self._fail(Unavailable(AWAY, "the connection ended before the letter"))

    def late(self, seconds: float) -> None:
        """The time is over: the connection is cut."""
        text = f"no answer within {seconds:g} s"
        self._fail(InDoubt(IN_DOUBT, f"{text}, after the letter") if self.given else Unavailable(AWAY, text))
        self.transport.abortConnection()

    def _end(self, count: int) -> None:
        if not self.done.called:
            self.done.callback(count)

    def _fail(self, failure: Failure) -> None:
        if not self.done.called:
            self.done.errback(failure)


class Handovers(ClientFactory):
    """For an endpoint: one conversation."""

    noisy = False

    def __init__(self, asked: Asked) -> None:
        self.made = Handover(asked)

    def buildProtocol(self, addr: Any) -> Handover:
        self.made.factory = self
        return self.made
