"""What both ends of the way to an agent have in common: path, protocol, codes, and the three failures as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from engine.message import Failure, InDoubt, Refused, Unavailable

PROTOCOL = 1
"""Raised when an older end would misread a newer one; `hello` says which each end speaks."""

PATH = "/agent"
"""The only path: what is asked stands in the body, so that nothing of it is in anybody's log."""

AWAY = "WB-3001"
OTHER_VERSION = "WB-3301"
"""The agent and the engine have no version of the protocol in common, or this is no agent."""
NOT_TRUSTED = "WB-3302"
"""The agent does not take the secret, the certificate or the address of this engine."""
NOT_SERVED = "WB-3303"
"""The agent serves nothing of this name, or another type."""
NOT_UNDERSTOOD = "WB-3304"
"""A request that the agent does not understand, or one that it has had before."""
NOT_WHOLE = "WB-3305"
"""The bytes of a file did not arrive as the agent read them."""

SESSION_OVER = int(HTTPStatus.PRECONDITION_FAILED)
"""The agent does not know the session (it was started anew): nothing was done, a `hello` makes another."""
CHANGED = int(HTTPStatus.GONE)
"""The file is another one now, or away."""

PIECE = 1 << 20
"""Bytes of a file in one answer."""
MAX_ANSWER = 4 << 20
"""Bytes of an answer that the engine reads."""
HASH_OF_PIECE, HASH_OF_FILE = "Waybill-Sha256", "Waybill-File-Sha256"

_KINDS: dict[str, type[Failure]] = {"unavailable": Unavailable, "refused": Refused, "in_doubt": InDoubt}
_STATUS = {Unavailable: 503, Refused: 422, InDoubt: 504}


def status_of(failure: Failure) -> int:
    """The HTTP status of an answer that says this."""
    return _STATUS[type(failure)]


def failure_to_json(failure: Failure) -> bytes:
    """`{"failure": "refused", "code": "WB-3004", "reason": "..."}`"""
    kind = next(word for word, kind in _KINDS.items() if type(failure) is kind)
    return to_json({"failure": kind, "code": failure.code, "reason": failure.reason})


def failure_of(answer: Mapping[str, Any]) -> Failure | None:
    """The failure that an answer tells; None when it tells none that can be read."""
    kind = _KINDS.get(str(answer.get("failure")))
    code, reason = answer.get("code"), answer.get("reason")
    if kind is None or not isinstance(code, str) or not isinstance(reason, str):
        return None
    if not re.fullmatch(r"WB-\d{4}", code) or not reason.isprintable():
        return None
    return kind(code, f"agent: {reason[:300]}")


def to_json(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=False, allow_nan=False).encode()


def from_json(data: bytes) -> dict[str, Any] | None:
    """A JSON object, or None."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
