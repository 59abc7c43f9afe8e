"""The engine's end: one connection's way to its agent, with what each kind of failure means on it.

Every request carries the session that the agent gave at `hello` and a number that is never used twice, so that a
recorded request is worth nothing. An agent that was started anew does not know the session: it says so, having done
nothing, and the request goes out again in a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import treq
from twisted.web.http_headers import Headers

from channels._agent import words
from channels._agent.settings import Agent
from channels._http.body import Short
from channels._http.caller import CONNECT, Caller, Limits
from channels._http.credentials import Auth, read
from channels._http.peer import TooLong
from channels._tls.voice import Voice
from engine.channel import Services
from engine.message import Failure, InDoubt, Refused, Unavailable

ONLY_ASKED = frozenset({"hello", "probe", "scan", "fetch", "find", "ask"})
"""Acts that change nothing: whatever became of the request, nothing was done there."""

_KEEP_ALIVE = 30.0
"""Seconds; the agent ends a connection only after 75."""
_HELLO = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, our two headers, the body."""

    status: int
    hashes: Mapping[str, str]
    body: bytes = field(repr=False)

    def fields(self) -> dict[str, Any]:
        """The body as a JSON object, empty when it is none."""
        return words.from_json(self.body) or {}


class Link:
    """Of one connection; kind: the type that the agent must serve under its name. notice: the agent's own word on its
    certificate, '' when there is none."""

    def __init__(self, name: str, agent: Agent, services: Services, kind: str, in_flight: int) -> None:
        self._agent = agent
        self._services = services
        self._kind = kind
        self._serves = agent.serves or name
        self._url = agent.url.rstrip("/") + words.PATH
        limits = Limits(in_flight, CONNECT, _KEEP_ALIVE, words.MAX_ANSWER)
        self._caller = Caller(name, services, agent.tls, limits)
        self._headers: Headers | None = None
        self._session = ""
        self._count = 0
        self.notice = ""

    @property
    def voice(self) -> Voice:
        """The health of the connection; the end of our own certificate is laid over it."""
        return self._caller.voice

    @property
    def started(self) -> bool:
        return self._caller.started

    async def start(self) -> None:
        """Read secret and certificates; raises `Unavailable`."""
        if self._caller.started:
            return
        self._headers = await self._services.threads.run("secrets", self._shown)
        await self._caller.start()

    async def stop(self) -> None:
        self._session = ""
        await self._caller.stop()

    async def ask(self, act: str, fields: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The agent's answer; `Unavailable`, `Refused` or `InDoubt` as the agent says, or as the way there was cut."""
        answer = await self.send(act, fields, seconds)
        found = answer.fields()
        if not found:
            raise InDoubt("WB-3002", "agent: the answer cannot be read")
        self.notice = str(found.get("notice", ""))[:100] if "notice" in found else self.notice
        return found

    async def send(self, act: str, fields: Mapping[str, Any], seconds: float) -> Answer:
        """As `ask`, with the answer as it came: 200, or `CHANGED`."""
        until = self._services.reactor.seconds() + seconds
        for _ in range(3):
            session = self._session or await self._hello(min(_HELLO, seconds))
            self._count += 1
            whole = {**fields, "act": act, "name": self._serves, "session": session, "count": self._count}
            answer = await self._post(whole, max(0.1, until - self._services.reactor.seconds()))
            if answer.status != words.SESSION_OVER:
                return _good(answer)
            if self._session == session:
                self._session = ""
        raise Unavailable(words.AWAY, "agent: it was started again and again")

    async def _hello(self, seconds: float) -> str:
        answer = await self._post({"act": "hello", "protocols": [words.PROTOCOL]}, seconds)
        found = _good(answer).fields()
        session, protocol = found.get("session"), found.get("protocol")
        if not isinstance(session, str) or protocol != words.PROTOCOL:
            reason = (
                f"this is no agent that speaks protocol {words.PROTOCOL}, as this engine does: update the older one"
            )
            raise Unavailable(words.OTHER_VERSION, f"agent: {reason}")
        served = found.get("serves")
        kind = served.get(self._serves) if isinstance(served, dict) else None
        if kind != self._kind:
            what = f"serves {self._serves} as {str(kind)[:40]}" if kind else f"serves nothing named {self._serves}"
            raise Unavailable(words.NOT_SERVED, f"agent: it {what}, {self._kind} is wanted")
        self._session, self._count = session, 0
        return session

    async def _post(self, fields: Mapping[str, Any], seconds: float) -> Answer:
        try:
            body = Short(words.to_json(fields))
        except (TypeError, ValueError):
            raise Refused(words.NOT_UNDERSTOOD, "agent: the call holds a value that is no JSON") from None
        try:
            return await self._caller.exchange(self._exchanged(body), body, seconds, "agent: ")
        except InDoubt as doubt:
            if fields["act"] in ONLY_ASKED:
                raise Unavailable(words.AWAY, doubt.reason) from None
            raise

    async def _exchanged(self, body: Short) -> Answer:
        response = await self._caller.peer.kept.post(
            self._url, data=body, headers=self._headers, allow_redirects=False, unbuffered=True
        )
        pieces, size = [], 0

        def take(piece: bytes) -> None:
            nonlocal size
            size += len(piece)
            if size > words.MAX_ANSWER:
                raise TooLong
            pieces.append(piece)

        await treq.collect(response, take)
        named = (words.HASH_OF_PIECE, words.HASH_OF_FILE)
        found = {name: response.headers.getRawHeaders(name) for name in named}
        return Answer(int(response.code), {name: one[0] for name, one in found.items() if one}, b"".join(pieces))

    def _shown(self) -> Headers:
        """Blocking."""
        headers = Headers({"Content-Type": ["application/json"]})
        if self._agent.secret is not None:
            credential = read(Auth(bearer=self._agent.secret), self._services.secret)
            headers.addRawHeader(credential.header, credential.value)
        return headers


def whole(answer: Answer) -> bytes:
    """The bytes of a piece, which are those that the agent hashed; else `Unavailable`."""
    if hashlib.sha256(answer.body).hexdigest() != answer.hashes.get(words.HASH_OF_PIECE):
        raise Unavailable(words.NOT_WHOLE, "agent: a piece of a file did not arrive as it was sent")
    return answer.body


def _good(answer: Answer) -> Answer:
    """The answer of a request that was done; else the failure that it tells."""
    if answer.status in (200, words.CHANGED, words.SESSION_OVER):
        return answer
    told = failure_of(answer)
    if told is not None:
        raise told
    if answer.status == 404:
        raise Unavailable(words.OTHER_VERSION, "agent: nothing at this address is an agent of this engine's version")
    if answer.status >= 500:
        raise InDoubt("WB-3002", f"agent: it answers HTTP {answer.status}")
    raise Refused(words.NOT_UNDERSTOOD, f"agent: it answers HTTP {answer.status}")


def failure_of(answer: Answer) -> Failure | None:
    """What the agent, or the port that it listens on, says in its refusal."""
    if answer.status in (401, 403):
        what = "the secret or certificate" if answer.status == 401 else "the address"
        return Unavailable(words.NOT_TRUSTED, f"agent: it does not take {what} of this engine")
    return words.failure_of(answer.fields())
