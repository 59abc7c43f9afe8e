"""Twisted's asyncio reactor with shorter ways to what it does for every message.

All TCP connections that are read are watched by one epoll of our own, which is one file for the loop: what has come is
read from all of them, then worked on, then what is to be sent goes out (`at_end_of_turn`). Each read and each write
gives up the interpreter's lock, which a busy writer's thread takes, and leaves the kernel's data in the processor's
caches; so they are done side by side, and the work between them is not cut into pieces.

Twisted enters a log context (ten calls) around each read, so that its own log can name the connection: ours names it
anyway. `callFromThread` makes a timer of no seconds, which costs a turn of the loop more before the reactor hears of a
commit.
"""

from __future__ import annotations

import contextlib
import select
from collections.abc import Callable
from typing import Any

from twisted.internet import main, tcp
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.logger import Logger

_log = Logger(namespace="twisted.internet.base")  # where Twisted itself tells of a call that failed
_ITSELF = object()
_MOST = 64
"""Connections that are read in one turn of the loop."""


class Reactor(AsyncioSelectorReactor):
    """See the module; in everything else it is Twisted's."""

    _asyncioEventloop: Any
    _readers: dict[Any, int]

    def __init__(self, loop: Any) -> None:
        super().__init__(loop)
        self._at_end: list[Callable[[], None]] = []
        self._watched: dict[int, Any] = {}
        # What was read of a connection that stopped reading in the same turn; None: that it was cut.
        self._read_already: dict[Any, bytes | None] = {}
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        if self._epoll is not None:
            loop.add_reader(self._epoll.fileno(), self._turn)

    def at_end_of_turn(self, call: Callable[[], None]) -> None:
        """Call it when what has come in this turn of the loop is worked on."""
        if not self._at_end:
            self._asyncioEventloop.call_soon(self._end_turn)
        self._at_end.append(call)

    def addReader(self, reader: Any) -> None:
        """Of a TCP connection: read with all others that are, without a log context."""
        if not isinstance(reader, tcp.Connection) or reader in self._readers:
            super().addReader(reader)  # type: ignore[no-untyped-call]
            return
        number = self._readers[reader] = reader.fileno()
        if self._epoll is None:
            self._asyncioEventloop.add_reader(number, self._read, reader)
        elif reader in self._read_already:
            self._asyncioEventloop.call_soon(self._hand_over, reader)  # before anything that has come since
        else:
            self._watch(reader, number)

    def _watch(self, reader: Any, number: int) -> None:
        assert self._epoll is not None
        self._epoll.register(number, select.EPOLLIN)
        self._watched[number] = reader

    def removeReader(self, reader: Any) -> None:
        """No more is read of it until it is added again."""
        number = self._readers.get(reader)
        if number is None or self._watched.get(number) is not reader:
            if self._read_already and not getattr(reader, "connected", True):
                self._read_already.pop(reader, None)
            super().removeReader(reader)  # type: ignore[no-untyped-call]
            return
        del self._readers[reader], self._watched[number]
        assert self._epoll is not None
        with contextlib.suppress(OSError):  # closed already, so nobody watches it
            self._epoll.unregister(number)

    def _turn(self) -> None:
        """Read what has come on all connections, then have it worked on."""
        assert self._epoll is not None
        came: list[tuple[Any, Any]] = []
        for number, _ in self._epoll.poll(0, _MOST):
            reader = self._watched.get(number)
            if reader is None:
                continue
            if type(reader).doRead is not tcp.Connection.doRead or "doRead" in vars(reader):
                came.append((reader, _ITSELF))  # it has another way to read, or waits to be connected
                continue
            try:
                came.append((reader, reader.socket.recv(reader.bufferSize)))
            except BlockingIOError:
                continue
            except OSError:
                came.append((reader, None))
        for reader, data in came:
            if reader in self._readers:
                self._read(reader, data)
            elif data not in (_ITSELF, b"") and reader.connected and not reader.disconnecting:
                self._read_already[reader] = data

    def _hand_over(self, reader: Any) -> None:
        """What was read before it stopped reading, now that it goes on."""
        number = self._readers.get(reader)
        if number is not None and reader in self._read_already:
            self._watch(reader, number)
            self._read(reader, self._read_already.pop(reader))

    def _read(self, reader: Any, data: Any = _ITSELF) -> None:
        """data: what was read of it; None: that failed, so the connection is lost; `_ITSELF`: it reads itself."""
        try:
            if data is None:
                why: Any = main.CONNECTION_LOST
            else:
                why = reader.doRead() if data is _ITSELF else reader._dataReceived(data)
        except Exception as error:  # noqa: BLE001 - as Twisted does: a protocol's bug ends its connection, no other
            why = error
            _log.failure("while reading")
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - what ends an engine in a test must not end the loop
            _log.failure("while reading")
            return
        if why:
            self._disconnectSelectable(reader, why, True)  # type: ignore[no-untyped-call]

    def _end_turn(self) -> None:
        calls, self._at_end = self._at_end, []
        for call in calls:
            _called(call, (), {})

    def callFromThread(  # type: ignore[override] # the two that are above do not agree
        self, f: Callable[..., Any], *args: object, **kwargs: object
    ) -> None:
        self._asyncioEventloop.call_soon_threadsafe(_called, f, args, kwargs)


def _called(work: Callable[..., Any], args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    try:
        work(*args, **kwargs)
    except BaseException:  # noqa: BLE001 - as Twisted's reactor does with each of its calls: the loop goes on
        _log.failure("while handling a call of another thread")
