"""A certification authority's REST interface of the COSS style (cloud cooperative signature).

Each call is one POST of JSON to `<url>/coss/service/v1/<operation>`, signed with HMAC-SHA256 of the application's
secret over the sorted fields. The answer is HTTP 200 with `{status, message, data}` also for errors; `data` is the
step's value. A field whose value is a blob travels as Base64; `composePdf` in an answer becomes a blob. Both are coded
in a worker process.

There is no nonce, so the request can be replayed by who sees it: use https. The operations that begin something
(`addPdfSignJob`, ...) cannot be asked for afterwards: without an answer they are in doubt, and a repeat is `unknown`.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal
from urllib.parse import urlsplit

from channels._coss.client import Answer, Body, Client
from channels._http.caller import CONNECT, Caller, Limits
from channels._tls.settings import Tls, check_calling
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Blob, Failure, InDoubt, Refused, Repeat, Request, Response, Unavailable
from engine.points import point
from engine.site.paths import Template
from engine.site.settings import Duration, Secret, SitePath, Size, option
from engine.transform.codec import Decoded, Nested, Sign, decoded_in, read_json, signature

AWAY = "WB-3001"
"""The peer cannot be reached: certainly not done."""
IN_DOUBT = "WB-3002"
"""No readable answer came after the request was sent."""
PEER_REFUSED = "WB-3003"
"""The peer answered that it does not do it."""

GOOD = ("200", "0x00000000")
"""`status` of success, new and old."""
SAME = frozenset({"queryUserInfo", "queryCert", "getSignResult", "cancelSignJob"})
"""Operations that may be repeated without a second effect."""
DOCUMENTS = ("composePdf",)
"""Fields of an answer that are Base64 of a document."""
BUSY = (429, 503)
_CODING = 20.0
"""Seconds of a worker for one body: 64 MiB take one, on a busy machine some."""


@dataclass(frozen=True)
class Settings:
    """`{type: coss, url: 'http://127.0.0.1:8092', app_id: demo, key: {secret: ca_hmac}, trust: [var/ca/root.pem]}`"""

    url: str = option("address of the interface, http or https (its certificate is always verified)")
    app_id: str = option("the application's id at the authority (`appId`)")
    key: Secret = option("the application's secret, for the request signature")
    path: str = option("path in front of the operation's name", default="/coss/service/v1")
    algorithm: Literal["HMAC", "HMACSHA256"] = option("how `signAlgo` is spelled", default="HMAC")
    version: str = option("`version` of the calls that do not say their own", default="1.0")
    nested: Nested = option(
        "how an object is written inside the signed text: compact `json`, `sorted` by its keys, or as `java` prints it",
        default="json",
    )
    trust: tuple[SitePath, ...] = option(
        "PEM files of the authority that physicians' certificates must chain to; without one no report is accepted",
        default=(),
    )
    crls: tuple[SitePath, ...] = option("revocation lists of the authority (PEM or DER)", default=())
    identifier: str = option(
        "OID of the certificate extension with the physician's identifier", default="1.2.156.112562.2.1.10.2"
    )
    minutes: int = option("until a job that nobody answers expires", default=30)
    poll_every: Duration = option("time between two questions for a job's result", default=Duration(2))
    timeout: Duration = option("time for one call, its answer included", default=Duration(30))
    max_in_flight: int = option("simultaneous calls, and connections that are kept", default=4)
    keep_alive: Duration = option("an unused connection is closed after this time", default=Duration(10))
    max_answer: Size = option("largest answer that is read", default=Size(64 << 20))
    tls: Tls | None = option("certificates for https; the system's authorities vouch when left out", default=None)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("`url` is http://... or https://...")
        if parts.username or parts.password or parts.query:
            raise ValueError("`url` holds no name, no password and no query")
        if self.max_in_flight < 1 or self.minutes < 1:
            raise ValueError("`max_in_flight` and `minutes` are at least 1")
        if not re.fullmatch(r"\d+(\.\d+)+", self.identifier):
            raise ValueError("`identifier` is an OID: 1.2.156.112562.2.1.10.2")
        check_calling(self.tls, parts.scheme == "https")


@dataclass(frozen=True)
class Call:
    """`call: {to: ca, operation: queryUserInfo, fields: {uniqueId: D9001}}`"""

    fields: dict[str, Template] = option("the operation's fields; a blob's value travels as Base64")


CALLS = {"*": Call}


def repeat_of(operation: str, arguments: object) -> Repeat:
    """Questions may be asked again; what begins something cannot be looked up afterwards."""
    return "same" if operation in SAME else "unknown"


class Channel:
    """A sink: each call is one signed POST, and its answer is read."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self.name = name
        self.settings = settings
        self.services = services
        self._folder = services.state / "tmp" / f"coss-{name}"
        limits = Limits(
            settings.max_in_flight, min(CONNECT, settings.timeout), settings.keep_alive, settings.max_answer
        )
        self._caller = Caller(name, services, settings.tls, limits)
        self._sign = Sign(b"", settings.nested)

    async def start(self, inbox: Inbox | None = None) -> None:
        """Read the secret and the certificates; connections are made by the first call."""
        if not self._caller.started:
            await self.services.threads.run("coss", self._prepare)
            await self._caller.start()

    def _prepare(self) -> None:
        self._sign = Sign(self.services.secret(self.settings.key.name).strip().encode(), self.settings.nested)
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
        """Refused: nothing can be found by a key of ours."""
        raise Refused(IN_DOUBT, "this interface cannot be asked by our key")

    async def probe(self) -> Health:
        """Whether the interface answers and knows our signature; for `waybill check`."""
        await self.start()
        try:
            await self._answered("queryUserInfo", {"uniqueId": "waybill-probe"}, 5.0)
        except Refused as refused:
            # it answered in its own form: an unknown number is as good as a known one, a bad signature is not
            return Health(HealthState.UP, refused.reason)
        except Failure as failure:
            return Health(HealthState.DOWN, failure.reason)
        return Health(HealthState.UP, "answers")

    async def call(self, request: Request) -> Response:
        """Send `fields`; `data` of the answer is the value, its documents are blobs."""
        fields = request.arguments.get("fields")
        if not isinstance(fields, Mapping):
            raise Refused(PEER_REFUSED, f"{request.operation}: the call has no fields")
        try:
            value = await self._answered(request.operation, fields, min(request.timeout, self.settings.timeout))
        except Failure as failure:
            self._caller.troubled(failure)
            raise
        self._caller.answered()
        return Response(value, f"{request.operation}: answered")

    async def _answered(self, operation: str, fields: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        made: list[Path] = []
        try:
            body = await self._body(fields, made)
            answer = await self._sent(operation, body, seconds)
            if isinstance(answer.body, str):
                made.append(Path(answer.body))
            point("channel.coss.after_answer")
            return await self._read(operation, answer, made)
        finally:
            if made:
                await self.services.threads.run("coss", _remove, made)

    async def _body(self, fields: Mapping[str, Any], made: list[Path]) -> bytes | Path:
        """The request's JSON; with documents in it a worker writes it to a file."""
        settings = self.settings
        common = {"version": settings.version, "appId": settings.app_id, "signAlgo": settings.algorithm}
        plain = common | {name: value for name, value in fields.items() if not isinstance(value, Blob)}
        blobs = self.services.blobs
        files = {name: str(blobs.path(value)) for name, value in fields.items() if isinstance(value, Blob)}
        if not files:
            return write_small(plain, self._sign)
        path = self._folder / f"{uuid.uuid4().hex}.request"
        made.append(path)
        await self.services.workers.run(
            "engine.transform.codec:write_json", str(path), plain, files, self._sign, deadline=_CODING
        )
        return path

    async def _sent(self, operation: str, body: bytes | Path, seconds: float) -> Answer:
        settings = self.settings
        url = f"{settings.url.rstrip('/')}/{settings.path.strip('/')}/{operation}"
        client = Client(self._caller.peer, settings.max_answer)
        source = body if isinstance(body, bytes) else await self.services.threads.run("coss", _open, body)
        producer = Body(self.services.reactor, source)
        point("channel.coss.before_send")
        fresh = repeat_of(operation, None) == "unknown"
        try:
            work = client.post(url, producer, self._folder, fresh)
            return await self._caller.exchange(work, producer, seconds, f"{operation}: ")
        finally:
            producer.file.close()

    async def _read(self, operation: str, answer: Answer, made: list[Path]) -> dict[str, Any]:
        check_http(operation, answer.status)
        source, folder = answer.body, str(self._folder)
        try:
            if isinstance(source, bytes):
                parsed = read_json(source, folder, DOCUMENTS)
            else:
                parsed = await self.services.workers.run(
                    "engine.transform.codec:read_json", source, folder, DOCUMENTS, deadline=_CODING
                )
        except Refused as refused:
            raise InDoubt(IN_DOUBT, f"{operation}: {refused.reason}") from None
        made += [Path(file.path) for file in decoded_in(parsed)]
        data = data_of(operation, parsed)
        for name, value in data.items():
            if isinstance(value, Decoded):
                put = self.services.blobs.put_file
                data[name] = await self.services.threads.run("blobs", put, Path(value.path), "application/pdf")
        return data


def write_small(fields: Mapping[str, Any], sign: Sign) -> bytes:
    """The JSON of a request without documents."""
    kept = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(kept | {sign.name: signature(kept, sign)}, ensure_ascii=False).encode()


def check_http(operation: str, status: int) -> None:
    """The interface answers everything with 200: another status is a proxy's, or a server's that fell over."""
    if status in BUSY:
        raise Unavailable(AWAY, f"{operation}: HTTP {status}")
    if status >= 500:
        raise InDoubt(IN_DOUBT, f"{operation}: HTTP {status}")
    if status != 200:
        raise Refused(PEER_REFUSED, f"{operation}: HTTP {status}")


def data_of(operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """`data` of a good answer; the peer's message is never repeated, it may name a patient."""
    status = answer.get("status")
    word = str(status)
    if word not in GOOD or isinstance(status, bool):
        shown = word if re.fullmatch(r"[0-9A-Za-z_-]{1,20}", word) else "that is no status"
        raise Refused(PEER_REFUSED, f"{operation}: the provider says status {shown}")
    data = answer.get("data")
    return dict(data) if isinstance(data, dict) else {}


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
