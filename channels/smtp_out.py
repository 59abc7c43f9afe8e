"""E-mail over SMTP: one plain text to some addresses, with STARTTLS or TLS and a sign-in.

Alerts are told through it, and a route may send with `call: {to: mail, operation: mail}`. Nobody knows who reads an
e-mail and where it is kept: nothing of a patient belongs into one.

| answer | meaning |
|---|---|
| the letter is taken for at least one address | success |
| 5xx to the letter, or to every address | `Refused` |
| 4xx, no connection, TLS or sign-in not possible | `Unavailable` |
| time over, or a connection cut, after the letter left | in doubt |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectError, DNSLookupError

from channels._smtp.handover import AWAY, NO_ENTRY, Asked, Handover, Handovers
from channels._smtp.letter import address, letter
from channels._tls.certificates import Certificates
from channels._tls.settings import Tls, check_calling
from channels._tls.voice import Voice
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Failure, InDoubt, Refused, Repeat, Request, Response, Unavailable
from engine.points import point
from engine.site.paths import Template
from engine.site.secrets import SecretMissing
from engine.site.settings import Duration, Secret, option

PROBE = 5.0


@dataclass(frozen=True)
class Settings:
    """`{type: smtp_out, host: mail.example, sender: waybill@example, user: waybill, password: {secret: mail}}`"""

    host: str = option("the mail server's name")
    sender: str = option("who the letters are from: `name@host` or `Name <name@host>`")
    port: int = option("its port, usually 587 with STARTTLS, 465 with TLS, 25 without", default=587)
    security: Literal["starttls", "tls", "none"] = option(
        "`starttls`: TLS begins on the open connection, and nothing is sent without it; `tls`: from the start; `none`: "
        "a relay that offers no TLS, never with a password",
        default="starttls",
    )
    tls: Tls | None = option("certificates; the system's authorities vouch when left out", default=None)
    user: str = option("who signs in", default="")
    password: Secret | None = option("with this password", default=None)
    hello: str = option("the name that this computer gives itself", default="waybill.invalid")
    timeout: Duration = option("time for one letter", default=Duration(30))
    max_in_flight: int = option("simultaneous letters", default=2)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9.-]{1,253}|[0-9A-Fa-f:]{2,45}", self.host) or not 0 < self.port < 65536:
            raise ValueError("`host` is a name or an address, `port` from 1 to 65535")
        if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{1,253}", self.hello):
            raise ValueError("`hello` is a name of a computer")
        try:
            address(self.sender)
        except (ValueError, IndexError):
            raise ValueError("`sender` is `name@host` or `Name <name@host>`") from None
        if bool(self.user) != (self.password is not None):
            raise ValueError("`user` and `password` stand together")
        if self.user and self.security == "none":
            raise ValueError("a password is never sent without TLS: write `security: starttls`")
        if self.max_in_flight < 1:
            raise ValueError("`max_in_flight` is at least 1")
        if self.tls is not None and self.security == "none":
            raise ValueError("`tls` needs `security: starttls` or `tls`")
        check_calling(self.tls, True)


@dataclass(frozen=True)
class Mail:
    """`call: {to: mail, operation: mail, addresses: [it@hospital.example], subject: $(text), text: $(more)}`"""

    addresses: tuple[Template, ...] = option("addresses, at most 100")
    subject: Template = option("one line")
    text: Template = option("plain text")


CALLS = {"mail": Mail}


def repeat_of(operation: str, arguments: Any) -> Repeat:
    """A letter that is sent again comes twice, with the same Message-ID."""
    return "unknown"


class Channel:
    """A sink: each call is one letter over one connection."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self._voice = Voice(name, services)
        self._certificates = Certificates(name, settings.tls, services, self._voice)
        self._turns = DeferredSemaphore(settings.max_in_flight)
        self._password = ""
        self._started = False

    async def start(self, inbox: Inbox | None = None) -> None:
        """Read the password and the certificates; a connection is made by each letter."""
        if self._started:
            return
        try:
            await self.services.threads.run("secrets", self._prepare)
        except Unavailable as failure:
            self._voice.say(HealthState.DOWN, failure.reason)
            raise
        await self._certificates.start()
        self._started = True
        self._voice.say(HealthState.STARTING, "no letter yet")

    def _prepare(self) -> None:
        if self.settings.password is not None:
            try:
                self._password = self.services.secret(self.settings.password.name)
            except SecretMissing as missing:
                raise Unavailable(NO_ENTRY, str(missing)) from None

    async def stop(self) -> None:
        """No more letters."""
        if self._started:
            self._started = False
            self._certificates.stop()
            self._voice.say(HealthState.STOPPED)

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        """See `repeat_of`."""
        return repeat_of(operation, arguments)

    async def ask(self, request: Request) -> Response | None:
        """`Refused`: a mail server cannot be asked."""
        raise Refused("WB-3002", "a mail server cannot be asked what became of a letter")

    async def probe(self) -> Health:
        """Whether the server greets us and takes the sign-in; for `waybill check`."""
        running = self._started
        try:
            if not running:
                await self.start()
            await self._handed_over(self._asked([], None), PROBE)
        except Failure as failure:
            return Health(HealthState.DOWN, failure.reason)
        finally:
            if not running:
                await self.stop()
        return Health(HealthState.UP, "the mail server takes letters")

    async def call(self, request: Request) -> Response:
        """Hand the letter over; the value says for how many addresses it was taken."""
        if not self._started:
            raise Unavailable(AWAY, "the connection is not started")
        to, data = letter(request, self.settings.sender, self.settings.hello)
        seconds = min(request.timeout, float(self.settings.timeout))
        point("channel.smtp_out.before_send")
        try:
            taken = await self._turns.run(lambda: _deferred(self._handed_over(self._asked(to, data), seconds)))
        except Failure as failure:
            self._troubled(failure)
            raise
        point("channel.smtp_out.after_answer")
        self._voice.say(HealthState.UP)
        return Response({"taken": taken, "addresses": len(to)}, f"mail: taken for {taken} of {len(to)}")

    def _asked(self, to: list[str], data: bytes | None) -> Asked:
        settings = self.settings
        context = self._certificates.client(settings.host) if settings.security == "starttls" else None
        sender = address(settings.sender).addr_spec
        return Asked(settings.hello, sender, to, data, context, settings.user, self._password)

    async def _handed_over(self, asked: Asked, seconds: float) -> int:
        """One conversation within its time, connecting included."""
        reactor, settings = self.services.reactor, self.settings
        end = reactor.seconds() + seconds
        endpoint: Any = HostnameEndpoint(reactor, settings.host.encode(), settings.port, timeout=seconds)
        if settings.security == "tls":
            endpoint = wrapClientTLS(self._certificates.client(settings.host), endpoint)
        try:
            made: Handover = await endpoint.connect(Handovers(asked))
        except CancelledError:
            raise
        except DNSLookupError:
            raise Unavailable(AWAY, "the host's name is not known") from None
        except ConnectError as error:
            raise Unavailable(AWAY, _reason(error)) from None
        timer = reactor.callLater(max(0.01, end - reactor.seconds()), made.late, seconds)
        try:
            return await made.done
        except CancelledError:
            made.transport.abortConnection()
            raise
        finally:
            if timer.active():
                timer.cancel()

    def _troubled(self, failure: Failure) -> None:
        """A server that says no is at work."""
        if isinstance(failure, Refused):
            self._voice.say(HealthState.UP)
        elif isinstance(failure, InDoubt):
            self._voice.say(HealthState.DEGRADED, failure.reason)
        else:
            self._voice.say(HealthState.DOWN, failure.reason)


def _deferred(work: Any) -> Deferred[int]:
    return Deferred.fromCoroutine(work)


_REASONS = {
    "ConnectionRefusedError": "connection refused",
    "NoRouteError": "no route to the host",
    "TimeoutError": "no connection in time",
}


def _reason(error: BaseException) -> str:
    """One line from the kind of error alone."""
    name = type(error).__name__
    return _REASONS.get(name, f"cannot be reached ({name})")
