"""The HTTP client under `soap_out`: treq on a keep-alive pool, TCP_NODELAY, verified TLS, bounded answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import treq.client
from twisted.internet import ssl
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure as Trouble
from twisted.web.client import URI, Agent, BrowserLikePolicyForHTTPS, HTTPConnectionPool, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from channels._soap.outgoing import PiecesProducer

_BEGIN = b"-----BEGIN CERTIFICATE-----"


class TooLong(Exception):
    """The answer is longer than it may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A peer's whole answer."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


class Client:
    """Posts to one peer. connect_timeout, keep_alive: seconds; limit: bytes of an answer."""

    def __init__(self, reactor: Any, connections: int, connect_timeout: float, keep_alive: float, limit: int) -> None:
        self._reactor = reactor
        self._connect_timeout = connect_timeout
        self._limit = limit
        self._pool = cast(Any, HTTPConnectionPool(reactor, persistent=True))
        self._pool.maxPersistentPerHost = connections
        # A peer that closes a connection just when we send leaves us in doubt: so none is kept for long.
        self._pool.cachedConnectionTimeout = keep_alive
        self._pool.retryAutomatically = False
        self._client: Any = None

    def trust(self, authorities: Path | None) -> None:
        """Blocking: read the authorities (PEM) that may vouch for the peer; the system's without a file."""
        if authorities is None:
            policy = BrowserLikePolicyForHTTPS()
        else:
            blocks = authorities.read_bytes().split(_BEGIN)[1:]
            roots = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(_BEGIN + block) for block in blocks])
            policy = BrowserLikePolicyForHTTPS(trustRoot=roots)
        endpoints = _Endpoints(self._reactor, policy, self._connect_timeout)
        self._client = treq.client.HTTPClient(Agent.usingEndpointFactory(self._reactor, endpoints, pool=self._pool))

    async def post(self, url: str, headers: dict[str, str], body: PiecesProducer) -> Answer:
        """One POST; raises what Twisted raises, and `TooLong`."""
        raw = Headers({name: [value] for name, value in headers.items()})
        response = await self._client.post(url, data=body, headers=raw, allow_redirects=False, unbuffered=True)
        content_type = (response.headers.getRawHeaders("content-type") or [""])[0]
        return Answer(response.code, content_type, await self._collect(response))

    async def get(self, url: str) -> int:
        """The status that a GET is answered with."""
        response = await self._client.get(url, allow_redirects=False, unbuffered=True)
        await self._collect(response)
        return int(response.code)

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._pool.closeCachedConnections()

    def _collect(self, response: Any) -> Deferred[bytes]:
        collector = _Collector(self._limit)
        response.deliverBody(collector)
        return collector.done


class _Collector(Protocol):
    """Reads an answer up to its limit; a cancelled one closes the connection."""

    def __init__(self, limit: int) -> None:
        self.done: Deferred[bytes] = Deferred(self._cancelled)
        self._parts: list[bytes] = []
        self._left = limit

    def dataReceived(self, data: bytes) -> None:
        self._left -= len(data)
        self._parts.append(data)
        if self._left < 0:
            self._close()
            self._end(Trouble(TooLong()))

    def connectionLost(self, reason: Trouble = connectionDone) -> None:
        # Without a length the end of the connection is the end of the answer; if it came too early it is not XML.
        complete = reason.check(ResponseDone, PotentialDataLoss)
        self._end(b"".join(self._parts) if complete else reason)

    def _end(self, result: Any) -> None:
        if not self.done.called:
            self.done.callback(result)

    def _cancelled(self, _done: Deferred[bytes]) -> None:
        self._close()

    def _close(self) -> None:
        transport: Any = self.transport
        transport.loseConnection()


@implementer(IAgentEndpointFactory)
class _Endpoints:
    def __init__(self, reactor: Any, policy: Any, timeout: float) -> None:
        self._reactor = reactor
        self._policy = policy
        self._timeout = timeout

    def endpointForURI(self, uri: URI) -> Any:
        """Plain TCP or verified TLS, by the scheme."""
        endpoint: Any = HostnameEndpoint(self._reactor, uri.host, uri.port, timeout=self._timeout)
        if uri.scheme == b"https":
            endpoint = wrapClientTLS(self._policy.creatorForNetloc(uri.host, uri.port), endpoint)
        return _NoDelay(endpoint)


class _NoDelay:
    """An endpoint whose connections do not wait to fill a packet."""

    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint

    def connect(self, factory: Any) -> Deferred[Any]:
        connecting: Deferred[Any] = self._endpoint.connect(factory)
        return connecting.addCallback(_no_delay)


def _no_delay(protocol: Any) -> Any:
    protocol.transport.setTcpNoDelay(True)
    return protocol
