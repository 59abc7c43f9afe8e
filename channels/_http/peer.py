"""The way to one HTTP peer: treq on a keep-alive pool, verified TLS, TCP_NODELAY, nothing sent twice by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import treq.client
from twisted.internet import ssl
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.web.client import URI, Agent, BrowserLikePolicyForHTTPS, HTTPConnectionPool
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

_BEGIN = b"-----BEGIN CERTIFICATE-----"


class TooLong(Exception):
    """The answer is longer than it may be."""


class Peer:
    """`kept` sends on connections that are kept, `fresh` on a new one each time. Both exist after `trust`.

    connections: kept at most. connect_timeout, keep_alive: seconds; a peer that closes a connection just when we send
    leaves us in doubt, so none is kept for long.
    """

    kept: Any
    fresh: Any

    def __init__(self, reactor: Any, connections: int, connect_timeout: float, keep_alive: float) -> None:
        self._reactor = reactor
        self._connect_timeout = connect_timeout
        self._pool = cast(Any, HTTPConnectionPool(reactor, persistent=True))
        self._pool.maxPersistentPerHost = connections
        self._pool.cachedConnectionTimeout = keep_alive
        self._pool.retryAutomatically = False

    def trust(self, authorities: Path | None) -> None:
        """Blocking: read the authorities (PEM) that may vouch for the peer; the system's without a file."""
        if authorities is None:
            policy = BrowserLikePolicyForHTTPS()
        else:
            blocks = authorities.read_bytes().split(_BEGIN)[1:]
            roots = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(_BEGIN + block) for block in blocks])
            policy = BrowserLikePolicyForHTTPS(trustRoot=roots)
        endpoints = _Endpoints(self._reactor, policy, self._connect_timeout)
        once = cast(Any, HTTPConnectionPool(self._reactor, persistent=False))
        self.kept = treq.client.HTTPClient(Agent.usingEndpointFactory(self._reactor, endpoints, pool=self._pool))
        self.fresh = treq.client.HTTPClient(Agent.usingEndpointFactory(self._reactor, endpoints, pool=once))

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._pool.closeCachedConnections()


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
