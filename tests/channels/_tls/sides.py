"""Both ends' contexts, from settings to OpenSSL in one call."""

from __future__ import annotations

from typing import Any

from channels._tls.contexts import client_options, server_options
from channels._tls.material import read
from channels._tls.settings import Tls
from engine.channel import Services


def server_context(tls: Tls, services: Services) -> Any:
    """What `reactor.listenSSL` and `TLSMemoryBIOFactory` take."""
    return server_options(tls, read(tls, services.secret))


def client_context(tls: Tls | None, services: Services, host: str) -> Any:
    """What `wrapClientTLS` takes for a peer of this name; without `tls` the system's authorities vouch for it."""
    return client_options(tls, read(tls or Tls(), services.secret), host)
