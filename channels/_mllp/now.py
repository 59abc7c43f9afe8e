"""Writing without a turn of the reactor's loop.

Twisted's `transport.write` keeps the bytes until the loop says that the socket takes some: two more system calls and a
turn of the loop for each small answer, a fifth of what a message costs. Here they go to the socket at once where
nothing is kept already; what it does not take goes the usual way.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp


def write_now(transport: Any, data: bytes) -> None:
    """Write to a transport; with TLS, or after earlier bytes, by the transport itself, so the order holds."""
    if (
        not isinstance(transport, tcp.Connection)
        or transport.TLS
        or not transport.connected
        or transport.disconnecting
        or transport._tempDataBuffer
        or transport.offset != len(transport.dataBuffer)
    ):
        transport.write(data)
        return
    try:
        sent = transport.socket.send(data)
    except OSError:  # full, or broken: the transport finds out which
        sent = 0
    if sent < len(data):
        transport.write(data[sent:])


def unsent(transport: Any) -> bool:
    """Whether a TCP transport keeps bytes that its socket does not take; of others it is not known."""
    if not isinstance(transport, tcp.Connection):
        return False
    return bool(transport._tempDataBuffer) or transport.offset != len(transport.dataBuffer)
