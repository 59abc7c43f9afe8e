"""Writing without a turn of the reactor's loop.

Twisted's `transport.write` keeps the bytes until the loop says that the socket takes some: two more system calls and a
turn of the loop for each small answer, a fifth of what a message costs. Here they go to the socket at once where
nothing is kept already, small ones with all others at the end of this turn; what it does not take goes the usual way.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.internet import tcp

_SMALL = 8192
"""Bytes of which one more copy, and a place in memory until the end of the turn, are cheap."""


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
    later = getattr(transport.reactor, "at_end_of_turn", None)
    if later is None or len(data) > _SMALL:
        _send(transport, data)
        return
    # In Twisted's own buffer meanwhile: so what is written, or ended, before then keeps its order.
    transport._tempDataBuffer.append(data)
    transport._tempDataLen += len(data)
    later(partial(_flush, transport))


def _flush(transport: Any) -> None:
    """Send what is kept, where Twisted does not see to it already."""
    if transport in transport.reactor._writers or not transport.connected or not transport._tempDataBuffer:
        return
    data = b"".join(transport._tempDataBuffer)
    transport._tempDataBuffer.clear()
    transport._tempDataLen = 0
    _send(transport, data)


def _send(transport: Any, data: bytes) -> None:
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
