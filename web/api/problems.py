"""What went wrong, as `application/problem+json`. Nothing that was sent is repeated in it.

The codes of this part: the constants below.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from engine.message import Answered

NOT_SIGNED_IN = "WB-7001"
NO_RIGHT = "WB-7002"
FOREIGN = "WB-7003"  # wrong or missing X-CSRF, foreign Origin or Host
BAD_LINK = "WB-7004"
TOO_MANY = "WB-7005"
NOT_FOUND = "WB-7006"
TOO_LARGE = "WB-7007"
BAD_REQUEST = "WB-7008"
BUG = "WB-7009"
NOT_READY = "WB-7010"
NO_METHOD = "WB-7011"
CANNOT_SIGN = "WB-7012"

MEDIA_TYPE = "application/problem+json"


@dataclass
class Denied(Answered):
    """A request that is answered with a problem instead of data."""

    status: int
    code: str
    detail: str
    right: str | None = None


def not_found() -> Denied:
    """The same words whether it never was or was pruned."""
    return Denied(404, NOT_FOUND, "There is nothing at this address.")


def problem(status: int, code: str, detail: str, right: str | None = None) -> bytes:
    """The body of a problem answer."""
    body: dict[str, object] = {
        "type": f"urn:waybill:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if right is not None:
        body["right"] = right
    return json.dumps(body, ensure_ascii=False).encode()
