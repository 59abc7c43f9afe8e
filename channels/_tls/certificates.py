"""A connection's certificates while it runs: its contexts, changed files taken up, their end as health."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from zope.interface import implementer

from channels._tls.contexts import client_options, server_options
from channels._tls.material import BAD_TLS, Material, changed, read
from channels._tls.settings import Tls
from channels._tls.voice import Voice
from engine.channel import Health, HealthState, Services
from engine.message import Failure, Unavailable
from engine.repeat import Repeat

log = logging.getLogger(__name__)

LOOK = 60.0
"""Seconds between two looks at the files and at the date."""

WARN_DAYS = 30
"""Days before its end in which a certificate makes its connection degraded."""


def health_of(ends: datetime | None, now: datetime) -> Health | None:
    """What the end of a certificate means for its connection; None: nothing."""
    if ends is None:
        return None
    if ends <= now:
        return Health(HealthState.DOWN, f"the certificate ended on {ends:%Y-%m-%d}")
    days = (ends - now).days
    if days < WARN_DAYS:
        return Health(HealthState.DEGRADED, f"the certificate ends in {days} days")
    return None


class Certificates:
    """Of one connection. `start` reads them and looks again every minute; a broken change keeps the old ones.

    `server` is for `reactor.listenSSL`, `client(host)` for `wrapClientTLS`; both always hand out what was read last.
    tls None: the system's authorities vouch for the peer, and nothing is watched. now: seconds since 1970.
    """

    def __init__(
        self, name: str, tls: Tls | None, services: Services, voice: Voice, now: Callable[[], float] = time.time
    ) -> None:
        self._name = name
        self._tls = tls
        self._services = services
        self._voice = voice
        self._now = now
        self._material = Material((), None, None, None)
        self._marks: object = None
        self._clients: dict[str, Any] = {}
        self._server: Any = None
        self._look: Repeat | None = None

    async def start(self) -> None:
        """Raises `Unavailable` WB-3101."""
        if self._tls is None or self._look is not None:
            return
        try:
            await self._services.threads.run("tls", self._load)
        except Unavailable as failure:
            self._voice.say(HealthState.DOWN, failure.reason)
            raise
        self._judge()
        self._look = Repeat(self._services.reactor, f"{self._name} certificates", LOOK, self.look)
        self._services.spawn(f"{self._name} certificates", self._look.run())

    def stop(self) -> None:
        """Look no more."""
        look, self._look = self._look, None
        if look is not None:
            look.stop()
        self._voice.lay_over(None)

    async def look(self) -> None:
        """Take up files that were changed, and judge the date."""
        if self._tls is None:
            return
        try:
            await self._services.threads.run("tls", self._load_changed)
        except Failure as failure:
            self._judge(Health(HealthState.DEGRADED, f"changed, and not taken: {failure.reason}"))
        else:
            self._judge()

    def server(self) -> Any:
        """The context factory of a listener."""
        return _Server(self)

    def client(self, host: str) -> Any:
        """The connection creator for one peer. Kept: making one reads all authorities anew."""
        found = self._clients.get(host)
        if found is None:
            found = self._clients[host] = client_options(self._tls, self._material, host)
        return found

    def context(self) -> Any:
        """The listener's context as it is now."""
        return self._server.getContext()

    def _judge(self, trouble: Health | None = None) -> None:
        health = health_of(self._material.ends, datetime.fromtimestamp(self._now(), UTC))
        ended = health is not None and health.state is HealthState.DOWN
        self._voice.lay_over(health if ended else trouble or health)

    def _load_changed(self) -> None:
        assert self._tls is not None
        if changed(self._tls) != self._marks:
            self._load()
            log.info("connection %s: changed certificates are taken up", self._name)

    def _load(self) -> None:
        """Blocking. The marks are taken first: what changes while it is read is read again at the next look."""
        assert self._tls is not None
        marks, material = changed(self._tls), read(self._tls, self._services.secret)
        listens = self._tls.certificate is not None
        try:
            server = server_options(self._tls, material) if listens else None
            client_options(self._tls, material, self._tls.server_name or "localhost")
        except SSL.Error:
            raise Unavailable(BAD_TLS, "tls: OpenSSL does not take this certificate or key") from None
        self._marks, self._material, self._server, self._clients = marks, material, server, {}


@implementer(IOpenSSLServerConnectionCreator)
class _Server:
    """Each new connection gets the context of the moment."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    def serverConnectionForTLS(self, protocol: Any) -> Any:
        return SSL.Connection(self._certificates.context(), None)
