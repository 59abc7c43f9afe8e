"""What a listener says over HTTP when it does not take something: `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from engine.message import Failure, Finding, Refused, Unavailable

PROBLEM = "application/problem+json"

_STATUS = {
    "WB-1005": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "WB-1007": HTTPStatus.UNPROCESSABLE_ENTITY,
    "WB-1008": HTTPStatus.CONFLICT,
    "WB-1011": HTTPStatus.UNPROCESSABLE_ENTITY,
    "WB-1013": HTTPStatus.NOT_FOUND,
    "WB-1014": HTTPStatus.FORBIDDEN,
    "WB-3103": HTTPStatus.UNAUTHORIZED,
    "WB-3104": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "WB-3105": HTTPStatus.METHOD_NOT_ALLOWED,
    "WB-3106": HTTPStatus.LENGTH_REQUIRED,
    "WB-3111": HTTPStatus.TOO_MANY_REQUESTS,
}
"""The status of a refusal by its code; any other is 400: the sender's body cannot be read."""


def status_of(failure: Failure) -> int:
    """503: send it again later. 4xx: not with this input. 500: nobody knows."""
    if isinstance(failure, Unavailable):
        return int(HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(failure, Refused):
        return int(_STATUS.get(failure.code, HTTPStatus.BAD_REQUEST))
    return int(HTTPStatus.INTERNAL_SERVER_ERROR)


@dataclass(frozen=True, slots=True)
class Problem:
    """One answer. message_id: under which it is kept, '' when it is not."""

    failure: Failure
    message_id: str = ""
    findings: Sequence[Finding] = field(default=())

    @property
    def status(self) -> int:
        return status_of(self.failure)

    def body(self) -> bytes:
        """The JSON: codes, paths and rules, nothing out of the input."""
        status, code = self.status, self.failure.code
        fields: dict[str, object] = {
            "type": f"urn:waybill:{code}",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": self.failure.reason,
            "code": code,
        }
        if self.message_id:
            fields["id"] = self.message_id
        if self.findings:
            fields["findings"] = [
                {"code": one.code, "path": one.path, "rule": one.rule, "advice": one.advice} for one in self.findings
            ]
        return json.dumps(fields, ensure_ascii=False).encode()
