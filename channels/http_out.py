"""Requests over HTTP: JSON, XML, HL7 v2, text or a file to a peer, and its answer as the step's value.

The body's content type follows its value, the value of the answer its content type: XML, JSON, HL7 v2, text, and a
blob for anything else. An answer without a body is empty. Connections are kept; redirects are not followed.

| answer | meaning |
|---|---|
| a status of `good` (2xx) | success |
| a status of `nothing` | success with an empty value: a `wait` for `poll` goes on asking |
| 408, 425, 429, 503 | `Unavailable`; Retry-After keeps later calls back as long |
| any other from 500 on | in doubt: a server, or a proxy before it, that fell over may have done it |
| any other | `Refused` |
| no connection, or none whose certificate is trusted | `Unavailable` |
| time over, or a connection cut, after the request left | in doubt |

`get`, `put` and `delete` may be repeated. So may `post` and `patch` with `idempotency_header`: it carries the effect's
own key, equal on every attempt. With `ask` the peer is asked instead: a GET of that path, 404 means that it was not
done. Else a repeat is `unknown`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote, urlencode, urlsplit

from twisted.web.http_headers import Headers

from channels._http.body import FileBody, Short, bytes_of, form_of, needs_pieces
from channels._http.caller import AWAY, CONNECT, IN_DOUBT, SAID_NO, Caller, Limits
from channels._http.collector import Collector
from channels._http.credentials import Auth, Credential, read
from channels._http.peer import Address
from channels._tls.settings import Tls, check_calling
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Blob, Failure, Hl7, InDoubt, Refused, Repeat, Request, Response, Unavailable, Value, Xml
from engine.points import point
from engine.site.paths import Template
from engine.site.settings import Duration, Size, TransformFile, option
from engine.transform.reading import kind_of
from engine.transform.reading import read as value_of

BAD_PATH = "WB-3109"
"""The path, a header or the query of the call holds what no address can have (`..`, a line end)."""
GONE = "WB-3013"
"""A blob's file is not there, or has another size than its message says: nothing was sent."""
PEER_FAILED = "WB-3011"
"""The peer says that it does not take the request now: it did not do it."""

_LATER = (408, 425, 429, 503)
_LONGEST_PAUSE = 300.0
"""Seconds that a peer's Retry-After may keep calls back."""
_READ_HERE = 64 * 1024
"""Bytes of JSON or text that are read in the engine's own process; XML is always read by a worker, but for a short one
that has no DTD."""

Statuses = tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """`{type: http_out, url: 'https://lis.example/api', auth: {bearer: {secret: lis_token}}}`"""

    url: str = option("address of the peer, http or https (its certificate is always verified)")
    auth: Auth | None = option("what the peer wants to be shown", default=None)
    headers: dict[str, str] = option("headers of every request", default={})
    tls: Tls | None = option("certificates for https; the system's authorities vouch when left out", default=None)
    timeout: Duration = option("time for one call, its answer included", default=Duration(20))
    max_in_flight: int = option("simultaneous calls, and connections that are kept", default=4)
    keep_alive: Duration = option("an unused connection is closed after this time", default=Duration(2))
    max_answer: Size = option("largest answer that is read", default=Size(4 << 20))

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("`url` is http://... or https://...")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("`url` holds no name, no password and no query")
        if self.max_in_flight < 1:
            raise ValueError("`max_in_flight` is at least 1")
        if not all(map(_is_header, self.headers.items())):
            raise ValueError("`headers` are `{X-Name: text}`")
        check_calling(self.tls, parts.scheme == "https")


@dataclass(frozen=True)
class Ask:
    """`call: {to: lis, operation: get, path: [orders, $(order/id)]}`"""

    path: tuple[Template, ...] | Template = option(
        "after the address of the connection: a text, or a list of parts, each of which may hold any letter",
        default=Template(""),
    )
    query: dict[str, Template] = option("name to value, after the `?`", default={})
    headers: dict[str, Template] = option("more headers of this request", default={})
    good: Statuses = option("statuses that are success, as `200` or `2xx`", default=("2xx",))
    nothing: Statuses = option("statuses that are success with an empty value", default=())
    answer: Literal["body", "all"] = option(
        "the value: the answer's `body`, or `all`: `status`, `headers` (lower-case names) and `body`", default="body"
    )

    def __post_init__(self) -> None:
        if not all(re.fullmatch(r"[1-5](\d\d|xx)", one) for one in (*self.good, *self.nothing)):
            raise ValueError("`good` and `nothing` are lists of statuses: [200, 404], [2xx]")


@dataclass(frozen=True)
class Tell(Ask):
    """`call: {to: lis, operation: put, path: [orders, $(order/id)], body: transforms/lis/order.yaml}`"""

    body: TransformFile | Template | None = option("a transform, or a value as `$(name)`; none without", default=None)
    content_type: str = option("content type of the body; that of its value when left out", default="")


@dataclass(frozen=True)
class Act(Tell):
    """`call: {to: lis, operation: post, path: /orders, body: transforms/lis/order.yaml, in_doubt: person}`"""

    idempotency_header: str = option("header that carries the effect's key, as `Idempotency-Key`", default="")
    ask: tuple[Template, ...] | Template | None = option(
        "path that is asked with GET in doubt: a status of `good` means done, 404 not done", default=None
    )


CALLS = {"get": Ask, "post": Act, "put": Tell, "patch": Act, "delete": Ask}


def repeat_of(operation: str, arguments: Any) -> Repeat:
    """`post` and `patch` are `same` with `idempotency_header` and `ask` with `ask`."""
    if operation not in ("post", "patch"):
        return "same"
    found = arguments if isinstance(arguments, Mapping) else getattr(arguments, "__dict__", {})
    if found.get("idempotency_header"):
        return "same"
    return "ask" if found.get("ask") else "unknown"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes | str


class Channel:
    """A sink: each call is one HTTP request."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self._folder = services.state / "tmp" / f"http-{name}"
        limits = Limits(
            settings.max_in_flight, min(CONNECT, settings.timeout), settings.keep_alive, settings.max_answer
        )
        self._caller = Caller(name, services, settings.tls, limits)
        self._credential: Credential | None = None
        self._base = settings.url.rstrip("/")
        self._not_before = 0.0

    async def start(self, inbox: Inbox | None = None) -> None:
        """Read secrets and certificates; connections are made by the first call."""
        if self._caller.started:
            return
        try:
            await self.services.threads.run("secrets", self._prepare)
        except Unavailable as failure:
            self._caller.voice.say(HealthState.DOWN, failure.reason)
            raise
        await self._caller.start()

    def _prepare(self) -> None:
        if self.settings.auth is not None:
            self._credential = read(self.settings.auth, self.services.secret)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self._folder.iterdir():  # of calls that a crash cut off
            left.unlink()

    async def stop(self) -> None:
        """Close the connections that are kept."""
        await self._caller.stop()

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        """See `repeat_of`."""
        return repeat_of(operation, arguments)

    async def ask(self, request: Request) -> Response | None:
        """What became of a `post` or `patch`: a GET of `ask`. `Refused` where the call has none."""
        path = request.arguments.get("ask")
        if not path:
            raise Refused(IN_DOUBT, "this call does not say how the peer is asked")
        good, answer = request.arguments.get("good", ("2xx",)), request.arguments.get("answer", "body")
        arguments = {"path": path, "good": good, "answer": answer, "nothing": ["404"]}
        asked = replace(request, operation="get", arguments=arguments)
        found = await self._called(asked)
        return None if found.summary.endswith("HTTP 404") else found

    async def probe(self) -> Health:
        """Whether the peer answers HTTP at all; for `waybill check`."""
        return await self._caller.probe(self.settings.url)

    async def call(self, request: Request) -> Response:
        """Send the request; the answer's body, or all of it, is the value."""
        return await self._called(request)

    async def _called(self, request: Request) -> Response:
        made: list[Path] = []
        try:
            answer = await self._sent(request)
            if isinstance(answer.body, str):
                made.append(Path(answer.body))
            value = await self._meaning(request, answer)
        except Failure as failure:
            self._caller.troubled(failure)
            raise
        finally:
            if made:
                await self.services.threads.run("blobs", _remove, made)
        self._caller.answered()
        return Response(value, f"{request.operation}: HTTP {answer.status}")

    # -- out

    async def _sent(self, request: Request) -> _Answer:
        waiting = self._not_before - self.services.reactor.seconds()
        if waiting > 0:
            raise Unavailable(AWAY, f"the peer asked for a pause, {waiting:.0f} s more")
        url, headers = self._url(request.arguments), self._headers(request)
        body = await self._body(request)
        timeout = min(request.timeout, self.settings.timeout)
        point("channel.http_out.before_send")
        work = self._exchanged(request.operation.upper(), url, headers, body)
        answer = await self._caller.exchange(work, body, timeout)
        point("channel.http_out.after_answer")
        return answer

    async def _exchanged(self, method: str, url: str, headers: Headers, body: Any) -> _Answer:
        client = self._caller.peer.kept
        address = Address.from_text(url) if url.isascii() else url
        response = await client.request(
            method, address, data=body, headers=headers, allow_redirects=False, unbuffered=True
        )
        collector = Collector(int(self.settings.max_answer), self._folder)
        response.deliverBody(collector)
        found = await collector.done
        heads = {
            name.decode("latin-1").lower(): values[0].decode("latin-1")
            for name, values in response.headers.getAllRawHeaders()
        }
        return _Answer(int(response.code), heads, found)

    def _url(self, arguments: Mapping[str, Any]) -> str:
        path = arguments.get("path") or ""
        parts = [str(part) for part in path] if isinstance(path, list | tuple) else str(path).strip("/").split("/")
        listed = isinstance(path, list | tuple)
        safe = "" if listed else ":@!$&'()*+,;=~%"
        # In a text a value may bring its own `%2e%2e`, which servers read as `..`; in a list `%` is no escape.
        read = parts if listed else [one for part in parts for one in re.split(r"[/\\]", unquote(part))]
        if any(part in (".", "..") or not part.isprintable() for part in read):
            raise Refused(BAD_PATH, "a part of the path is `.`, `..` or not printable")
        if listed and not all(parts):
            raise Refused(BAD_PATH, "a part of the path is empty: another address would be meant")
        url = "/".join([self._base, *(quote(part, safe=safe) for part in parts if part)])
        query = {name: str(text) for name, text in (arguments.get("query") or {}).items() if text is not None}
        return f"{url}?{urlencode(query)}" if query else url

    def _headers(self, request: Request) -> Headers:
        arguments = request.arguments
        found = dict(self.settings.headers)
        found |= {name: str(text) for name, text in (arguments.get("headers") or {}).items()}
        if arguments.get("idempotency_header"):
            found[arguments["idempotency_header"]] = request.key
        if "body" in arguments and arguments["body"] is not None:
            found.setdefault("Content-Type", arguments.get("content_type") or form_of(arguments["body"]))
        if self._credential is not None:
            found[self._credential.header] = self._credential.value
        if not all(map(_is_header, found.items())):
            raise Refused(BAD_PATH, "a header of the call is not one line of printable text")
        raw: dict[bytes, list[bytes]] = {name.encode(): [text.encode()] for name, text in found.items()}
        return Headers(raw)

    async def _body(self, request: Request) -> Any:
        value: Value = request.arguments.get("body")
        threads, blobs = self.services.threads, self.services.blobs
        if isinstance(value, Blob):
            await threads.run("blobs", _check, {blobs.path(value): value.size})
            return FileBody(blobs.path(value), value.size, threads)
        if not needs_pieces(value):
            return Short(bytes_of(value))
        from channels._soap.outgoing import PiecesProducer, business_pieces

        pieces = business_pieces(bytes_of(value), request.blobs)
        await threads.run("blobs", _check, {blobs.path(one): one.size for one in pieces if isinstance(one, Blob)})
        return PiecesProducer(pieces, blobs.path, threads)

    # -- in

    async def _meaning(self, request: Request, answer: _Answer) -> Value:
        status, arguments = answer.status, request.arguments
        if _among(status, arguments.get("nothing") or ()):
            return None
        if not _among(status, arguments.get("good") or ("2xx",)):
            raise self._failed(answer)
        body = await self._value(answer)
        if arguments.get("answer") != "all":
            return body
        plain = body.data.decode() if isinstance(body, Xml | Hl7) else body
        return {"status": status, "headers": answer.headers, "body": plain}

    async def _value(self, answer: _Answer) -> Value:
        """A short answer that is no XML is read here, all else by a worker. It was sent: what cannot be read is
        doubt."""
        content_type = answer.headers.get("content-type", "application/octet-stream")
        if answer.body == b"":
            return None
        kind = kind_of(content_type)[0]
        if kind == "bytes":
            return await self._kept(answer.body, content_type)
        data = answer.body
        try:
            if isinstance(data, bytes) and (kind != "xml" or b"<!" not in data):
                return value_of(data, content_type)
            if isinstance(data, str):
                data = await self.services.threads.run("blobs", Path(data).read_bytes)
            found: Value = await self.services.workers.run("engine.transform.reading:read", data, content_type)
        except Failure as failure:
            raise InDoubt(IN_DOUBT, f"the peer's answer cannot be read ({failure.code} {failure.reason})") from None
        return found

    async def _kept(self, body: bytes | str, content_type: str) -> Blob:
        blobs, threads = self.services.blobs, self.services.threads
        media = content_type.partition(";")[0].strip()
        if isinstance(body, bytes):
            return await threads.run("blobs", blobs.put, body, media)
        return await threads.run("blobs", blobs.put_file, Path(body), media)

    def _failed(self, answer: _Answer) -> Failure:
        status = answer.status
        if status not in _LATER:
            text = f"the peer answers HTTP {status}"
            return InDoubt(IN_DOUBT, text) if status >= 500 else Refused(SAID_NO, text)
        seconds = _pause(answer.headers.get("retry-after", ""))
        if seconds:
            self._not_before = self.services.reactor.seconds() + seconds
            return Unavailable(PEER_FAILED, f"the peer answers HTTP {status}, again in {seconds:.0f} s")
        return Unavailable(PEER_FAILED, f"the peer answers HTTP {status}")


def _pause(text: str) -> float:
    """Seconds of Retry-After; its form with a date is left to the policy."""
    return min(float(text), _LONGEST_PAUSE) if re.fullmatch(r"\d{1,6}", text.strip()) else 0.0


def _among(status: int, statuses: Any) -> bool:
    return any(one == str(status) or (one.endswith("xx") and one[0] == str(status)[0]) for one in map(str, statuses))


def _is_header(item: tuple[str, str]) -> bool:
    name, text = item
    return bool(re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)) and not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", text)


def _check(files: Mapping[Path, int]) -> None:
    """Blocking: every blob's file has its size; raises `Unavailable` WB-3013 before anything is sent."""
    for path, size in files.items():
        if not path.is_file() or path.stat().st_size != size:
            raise Unavailable(GONE, "the file of a blob is not there, or has another size")


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
