"""The web server: uvicorn as a task of the engine's own loop. Deferred-coloured outside, asyncio inside."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
from collections.abc import Iterator

import uvicorn

from engine.message import Refused
from web.api.app import create_served
from web.api.bridge import Bridge, deferred
from web.api.connections import Connection
from web.api.live import hub_of

log = logging.getLogger(__name__)

STOP = 3.0
"""Seconds that open requests get at stop."""
CANNOT_LISTEN = "WB-7020"


class _Server(uvicorn.Server):
    """uvicorn without hands on signals (Twisted owns them), which says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


class WebServer:
    """`start` returns when it listens, `stop` when it ended; if it ends by itself, `bridge.fatal` is told."""

    def __init__(self, bridge: Bridge, listen: str = "127.0.0.1:8080") -> None:
        self._bridge = bridge
        self._listen = listen
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> None:
        """Bind and serve; `Refused` when the address cannot be had. Deferred-coloured."""
        if not self._bridge.origins and not _is_loopback(self._listen):
            why = "beyond this computer it needs its public address: --origin or WAYBILL_ORIGINS"
            raise Refused(CANNOT_LISTEN, f"the web server does not listen on {self._listen}: {why}")
        bound = _bind(self._listen)
        self.port = bound.getsockname()[1]
        await deferred(self._start(bound))

    async def stop(self) -> None:
        """Event streams end first, open requests get `STOP` seconds. Deferred-coloured."""
        if self._task is not None:
            await deferred(self._stop())

    async def _start(self, bound: socket.socket) -> None:
        config = uvicorn.Config(
            create_served(self._bridge, self._listen),
            http=Connection,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="on",
            timeout_keep_alive=30,
            timeout_graceful_shutdown=2,
            limit_concurrency=500,
            h11_max_incomplete_event_size=64 * 1024,
        )
        self._server = server = _Server(config)
        self._task = asyncio.create_task(self._serve(server, bound), name="web")
        listening = asyncio.ensure_future(server.listening.wait())
        await asyncio.wait({listening, self._task}, return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()

    async def _serve(self, server: _Server, bound: socket.socket) -> None:
        reason = "it returned"
        try:
            await server.serve(sockets=[bound])
        except asyncio.CancelledError:
            reason = "it was cancelled"
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it was, the engine must hear of it
            reason = type(error).__name__
        finally:
            bound.close()
            if not self._bridge.closing:
                self._bridge.fatal(reason)

    async def _stop(self) -> None:
        self._bridge.closing = True
        hub_of(self._bridge).close()
        server, task = self._server, self._task
        assert server is not None
        assert task is not None
        server.should_exit = True
        done, _ = await asyncio.wait({task}, timeout=STOP)
        if not done:
            server.force_exit = True
            task.cancel()
            await asyncio.wait({task}, timeout=0.5)
            log.warning("open web requests were cut at stop")


def _bind(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]") or "127.0.0.1"
    try:
        family = socket.AF_INET6 if _is_v6(host) else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, int(port)))
        except BaseException:
            bound.close()
            raise
    except (OSError, ValueError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "not an address"
        raise Refused(CANNOT_LISTEN, f"the web server cannot listen on {listen}: {why}") from None
    bound.setblocking(False)
    return bound


def _is_loopback(listen: str) -> bool:
    host = listen.rpartition(":")[0].strip("[]") or "127.0.0.1"
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
