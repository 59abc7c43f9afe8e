"""The way to one HTTP peer: treq on a keep-alive pool, verified TLS, TCP_NODELAY, nothing sent twice by itself."""

from __future__ import annotations

from collections.abc import Callable
from http.cookiejar import CookieJar
from typing import Any, cast

import treq.client
from hyperlink import EncodedURL
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.web.client import URI, Agent, HTTPConnectionPool
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer


class TooLong(Exception):
    """The answer is longer than it may be."""


class Address(EncodedURL):
    """`Address.from_text` of an address in ASCII; of any other treq asks IDNA about the host for every request."""

    def to_uri(self) -> Address:
        return self


class _NoCookies(CookieJar):
    """Each call stands for itself: what a peer wants to be remembered by is not kept."""

    def add_cookie_header(self, request: Any) -> None:
        """None is there."""

    def extract_cookies(self, response: Any, request: Any) -> None:
        """None is kept."""


class Peer:
    """`kept` sends on connections that are kept, `fresh` on a new one each time.

    connections: kept at most. connect_timeout, keep_alive: seconds; a peer that closes a connection just when we send
    leaves us in doubt, so none is kept for long. creator: TLS for a host's name, as `Certificates.client` makes it.
    """

    def __init__(
        self, reactor: Any, connections: int, connect_timeout: float, keep_alive: float, creator: Callable[[str], Any]
    ) -> None:
        self._pool = cast(Any, HTTPConnectionPool(reactor, persistent=True))
        self._pool.maxPersistentPerHost = connections
        self._pool.cachedConnectionTimeout = keep_alive
        self._pool.retryAutomatically = False
        endpoints = _Endpoints(reactor, creator, connect_timeout)
        once = cast(Any, HTTPConnectionPool(reactor, persistent=False))
        kept, fresh = (Agent.usingEndpointFactory(reactor, endpoints, pool=pool) for pool in (self._pool, once))
        self.kept: Any = treq.client.HTTPClient(kept, cookiejar=cast(Any, _NoCookies()))
        self.fresh: Any = treq.client.HTTPClient(fresh, cookiejar=cast(Any, _NoCookies()))

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._pool.closeCachedConnections()


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Asked for every request, also where a kept connection takes it: so endpoints are made once."""

    def __init__(self, reactor: Any, creator: Callable[[str], Any], timeout: float) -> None:
        self._reactor = reactor
        self._creator = creator
        self._timeout = timeout
        self._made: dict[tuple[bytes, bytes, int], _NoDelay] = {}

    def endpointForURI(self, uri: URI) -> Any:
        """Plain TCP or verified TLS, by the scheme."""
        key = (uri.scheme, uri.host, uri.port)
        found = self._made.get(key)
        if found is None:
            endpoint: Any = HostnameEndpoint(self._reactor, uri.host, uri.port, timeout=self._timeout)
            if uri.scheme == b"https":
                secured = _Secured(self._creator, uri.host.decode("ascii").strip("[]"))
                endpoint = wrapClientTLS(cast(Any, secured), endpoint)
            found = self._made[key] = _NoDelay(endpoint)
        return found


@implementer(IOpenSSLClientConnectionCreator)
class _Secured:
    """Each new connection is made with the certificates of the moment."""

    def __init__(self, creator: Callable[[str], Any], host: str) -> None:
        self._creator = creator
        self._host = host

    def clientConnectionForTLS(self, protocol: Any) -> Any:
        return self._creator(self._host).clientConnectionForTLS(protocol)


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
