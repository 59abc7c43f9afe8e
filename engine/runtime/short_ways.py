"""Twisted's asyncio reactor with shorter ways to what it does for every message.

Twisted enters a log context (ten calls) around each read, so that its own log can name the connection: ours names it
anyway. `callFromThread` makes a timer of no seconds, which costs a turn of the loop more before the reactor hears of a
commit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet import tcp
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.logger import Logger

_log = Logger(namespace="twisted.internet.base")  # where Twisted itself tells of a call that failed


class Reactor(AsyncioSelectorReactor):
    """See the module; in everything else it is Twisted's."""

    _asyncioEventloop: Any
    _readers: dict[Any, int]

    def addReader(self, reader: Any) -> None:
        """Of a TCP connection: read without a log context."""
        if not isinstance(reader, tcp.Connection) or reader in self._readers:
            super().addReader(reader)  # type: ignore[no-untyped-call]
            return
        number = reader.fileno()
        self._asyncioEventloop.add_reader(number, self._read, reader)
        self._readers[reader] = number

    def _read(self, reader: Any) -> None:
        try:
            why = reader.doRead()
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

    def callFromThread(  # type: ignore[override] # the two that are above do not agree
        self, f: Callable[..., Any], *args: object, **kwargs: object
    ) -> None:
        self._asyncioEventloop.call_soon_threadsafe(_called, f, args, kwargs)


def _called(work: Callable[..., Any], args: tuple[object, ...], kwargs: dict[str, object]) -> None:
    try:
        work(*args, **kwargs)
    except BaseException:  # noqa: BLE001 - as Twisted's reactor does with each of its calls: the loop goes on
        _log.failure("while handling a call of another thread")
