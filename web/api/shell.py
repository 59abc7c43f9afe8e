"""What surrounds every request: who may ask from where, how much, the headers, and what a bug looks like outside.

Plain ASGI, because the usual middleware class keeps whole answers and breaks event streams.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.api.problems import BAD_REQUEST, BUG, FOREIGN, MEDIA_TYPE, TOO_LARGE, problem

log = logging.getLogger(__name__)

LARGEST = 1024 * 1024
SLOWEST = 30.0
"""Seconds in which a request's body must be here."""
PIECES = "/api/v1/scan/uploads/"
LARGEST_PIECE, SLOWEST_PIECE = 8 * 1024 * 1024, 120.0
"""Of a piece of an upload."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

POLICY_PARTS = (
    "default-src 'none'",
    "script-src 'self'",
    # Ant Design writes its styles into the page.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    # pdf.js starts its worker from a file of ours, or from a blob where the browser insists.
    "worker-src 'self' blob:",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
POLICY = "; ".join(POLICY_PARTS)
SAME = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Shell:
    """The outermost layer. `hosts`: names under which this server may be asked; None means any (a wide listener
    without configured origins)."""

    def __init__(self, app: ASGIApp, *, hosts: Sequence[str] | None, secure: bool) -> None:
        self._app = app
        self._hosts = hosts
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sender = _Sender(send, self._extra(scope["path"]))
        if not self._host_is_ours(headers):
            await sender.problem(421, FOREIGN, "This server is not asked under that name.")
        elif scope["method"] not in ("GET", "HEAD") and not _origin_is_ours(headers):
            await sender.problem(403, FOREIGN, "This request came from another site.")
        elif _declared(headers) > _limits(scope)[0]:
            await sender.problem(413, TOO_LARGE, _too_large(scope))
        else:
            await self._run(scope, _Bounded(receive, *_limits(scope)), sender)

    async def _run(self, scope: Scope, bounded: _Bounded, sender: _Sender) -> None:
        try:
            await self._app(scope, bounded, sender)
        except _TooLarge:
            await sender.problem(413, TOO_LARGE, _too_large(scope))
        except _TooSlow:
            await sender.problem(408, BAD_REQUEST, "The request did not arrive in time.")
        except Exception as error:  # noqa: BLE001 - the outermost place: the request ends, the server goes on
            log.error("bug: %s", where(error))
            await sender.problem(500, BUG, "The server made a mistake; it is written in its log.")

    def _host_is_ours(self, headers: Headers) -> bool:
        """Another name that leads here is a foreign page that makes the browser ask us (DNS rebinding)."""
        return self._hosts is None or _name(headers.get("host", "")) in self._hosts

    def _extra(self, path: str) -> dict[str, str]:
        extra = dict(SAME)
        if path.startswith(("/api/", "/d/", "/health/", "/metrics")):
            extra["cache-control"] = "no-store"
        if self._secure:
            extra["strict-transport-security"] = "max-age=31536000"
        return extra


def where(error: Exception) -> str:
    """Of what kind, and where in our own code: the message itself may hold what the request held."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "site-packages" not in frame.filename] or frames
    places = [f"{frame.filename}:{frame.lineno}" for frame in reversed(ours[-4:])]
    return f"{type(error).__name__} at {' < '.join(places)}"


class _Sender:
    """Adds the headers; knows whether an answer has begun."""

    def __init__(self, send: Send, extra: dict[str, str]) -> None:
        self._send = send
        self._extra = extra
        self._begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            headers = MutableHeaders(scope=message)
            for name, value in self._extra.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def problem(self, status: int, code: str, detail: str) -> None:
        if self._begun:
            return  # the server closes the connection: the answer is visibly cut
        body = problem(status, code, detail)
        headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(body)).encode())]
        await self({"type": "http.response.start", "status": status, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


class _TooLarge(HTTPException):
    """More was sent than declared, or without a declared length. FastAPI lets this class of exception pass."""

    def __init__(self) -> None:
        super().__init__(413)


class _TooSlow(HTTPException):
    """The body did not come in time."""

    def __init__(self) -> None:
        super().__init__(408)


class _Bounded:
    """Counts what is received, and the time until all of it is here."""

    def __init__(self, receive: Receive, largest: int, slowest: float) -> None:
        self._receive = receive
        self._size = 0
        self._largest = largest
        self._until: float | None = asyncio.get_running_loop().time() + slowest

    async def __call__(self) -> Message:
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise _TooSlow from None
        if not message.get("more_body", False):
            self._until = None  # what follows is the news that the browser has gone, whenever that is
        self._size += len(message.get("body", b""))
        if self._size > self._largest:
            raise _TooLarge
        return message


def _limits(scope: Scope) -> tuple[int, float]:
    """Bytes and seconds of a request's body."""
    if scope["method"] == "PUT" and scope["path"].startswith(PIECES):
        return LARGEST_PIECE, SLOWEST_PIECE
    return LARGEST, SLOWEST


def _too_large(scope: Scope) -> str:
    return f"The request is larger than {_limits(scope)[0] >> 20} MiB."


def hosts_of(listen: str, origins: Sequence[str]) -> list[str] | None:
    """The names that `Host` may have: the configured origins' and loopback's; any for a wide listener without."""
    wide = _name(listen) not in LOOPBACK
    if wide and not origins:
        return None
    return [*LOOPBACK, *(_name(urlsplit(origin).netloc) for origin in origins)]


def _origin_is_ours(headers: Headers) -> bool:
    """A browser says where a change comes from; a program that says nothing needs the token anyway."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == headers.get("host", "")
    except ValueError:  # half an IPv6 address, for example
        return False


def _declared(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else LARGEST + 1


def _name(host: str) -> str:
    """`[::1]:8080` -> `[::1]`, `localhost:8080` -> `localhost`."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
