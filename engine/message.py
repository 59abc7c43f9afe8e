"""What travels: messages in, requests out, values between steps, and the three failures.

The bottom of the house: everything may import this module.
"""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Literal

from engine.frozen import frozen

INLINE_LIMIT = 64 * 1024
"""Bytes: a larger body or value is stored as a blob."""


class Answered(Exception):
    """What an operation answers instead of a result. It is no fault of the operation, so nothing is to be logged."""


class Failure(Answered):
    """The peer or the input did not do what was asked.

    `code` is a stable `WB-nnnn`; `reason` one line for a person that never holds a patient's value.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Unavailable(Failure):
    """Certainly not done: it may be tried again."""


class Refused(Failure):
    """It was not done and never will be with this input."""


class InDoubt(Failure):
    """It may have been done: bytes left, and no readable answer came."""


@frozen
class Finding:
    """One thing wrong with an input: stable code, where (path or line:column), the rule, advice."""

    code: str
    path: str
    rule: str
    advice: str = ""

    def text(self) -> str:
        """Path and rule, for where the code has a place of its own."""
        return " ".join(part for part in (self.path, self.rule) if part)

    def line(self) -> str:
        """Code, path and rule in one line, without any value of the input."""
        return " ".join(part for part in (self.code, self.path, self.rule) if part)


@frozen
class Xml:
    """An XML value as UTF-8 bytes without declaration; a root element with no DTD."""

    data: bytes = field(repr=False)


@frozen
class Hl7:
    """An HL7 v2 message: its ER7 text in UTF-8, each segment ended by a carriage return, without a frame."""

    data: bytes = field(repr=False)


@frozen
class Blob:
    """Bytes kept by the blob store. `sha256` in lower-case hex, `size` in bytes."""

    sha256: str
    size: int
    content_type: str = "application/octet-stream"
    name: str = field(default="", repr=False)


Value = str | int | float | bool | None | bytes | Xml | Hl7 | Blob | list[Any] | dict[str, Any]
"""What a step may leave under its id: text, XML, HL7, a blob, or JSON (rows and answers as dicts)."""


@frozen
class Incoming:
    """One thing that a source hands to the inbox. `identity` only when the channel has its own key.

    blob: what came, when it lies in the blob store already; then `body` is empty, and the run's `body` is the blob.
    """

    connection: str
    operation: str
    body: bytes = field(repr=False)
    content_type: str = "application/xml"
    meta: Mapping[str, str] = field(default_factory=dict, repr=False)
    identity: tuple[str, ...] | None = field(default=None, repr=False)
    blob: Blob | None = field(default=None, repr=False)

    @property
    def size(self) -> int:
        return len(self.body) if self.blob is None else self.blob.size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest() if self.blob is None else self.blob.sha256


ReplyKind = Literal["accepted", "repeat", "invalid", "conflict"]


@frozen
class Reply:
    """The inbox's durable answer; `body` is what the route's reply stylesheet made (bytes, maybe empty).

    kind: `accepted`; `repeat` (the stored reply of the same identity and content); `invalid` (kept, refused
    by check); `conflict` (the same identity with other content: kept, refused).
    """

    kind: ReplyKind
    message_id: str
    body: bytes = field(default=b"", repr=False)
    code: str = ""
    reason: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def ok(self) -> bool:
        return self.kind in ("accepted", "repeat")


@frozen
class Request:
    """One effect that a sink is asked for.

    operation: the word under `CALLS` of the channel. arguments: the call's settings with every template
    evaluated. key: hex SHA-256 of the effect, equal on every attempt. at: the effect's time, equal on every
    attempt (aware, local zone of the site). attempt: 1, 2, ... timeout: seconds. run: number of the run.
    blobs: the values that a body's `<wb:blob name=.../>` may name.
    """

    operation: str
    arguments: Mapping[str, Any] = field(repr=False)
    key: str
    at: datetime
    run: int = 0
    run_id: str = ""
    attempt: int = 1
    timeout: float = 30.0
    blobs: Mapping[str, Blob] = field(default_factory=dict, repr=False)


@frozen
class Response:
    """A sink's answer: the value that the step keeps."""

    value: Value = field(default=None, repr=False)
    summary: str = ""


Repeat = Literal["same", "ask", "unknown"]
"""How a repeat is treated after doubt: `same` is harmless, `ask` asks the peer, `unknown` is for `in_doubt` to say."""


def document_id(run_id: str, sha256: str) -> str:
    """The opaque id under which a document of a run is filed and linked (`/d/ID`): 16 letters and digits.

    Made from the run and the bytes, so that the step that announces a document and the one that files it agree.
    """
    digest = hashlib.sha256(f"document:{run_id}:{sha256}".encode()).digest()
    return base64.b32encode(digest)[:16].decode()


_tails: deque[str] = deque()
_ids_at = (0, "")


def new_id() -> str:
    """A UUIDv7 (RFC 9562 section 5.7) as text: sortable by time, never used for order."""
    global _ids_at
    milliseconds = time.time_ns() // 1_000_000
    last, head = _ids_at
    if milliseconds != last:
        digits = f"{milliseconds:012x}"
        head = f"{digits[:8]}-{digits[8:]}-7"
        _ids_at = (milliseconds, head)
    try:
        return head + _tails.popleft()
    except IndexError:  # one call of the system for many ids: each lets go of the interpreter's lock
        digits = os.urandom(10 * 128).hex()
        _tails.extend(_tail(digits[at : at + 20]) for at in range(20, len(digits), 20))
        return head + _tail(digits[:20])


def _tail(digits: str) -> str:
    """What follows the version: 74 bits at random, of 20 hexadecimal digits, with the variant (section 4.1)."""
    return f"{digits[1:4]}-{'89ab'[int(digits[0], 16) & 3]}{digits[4:7]}-{digits[7:19]}"
