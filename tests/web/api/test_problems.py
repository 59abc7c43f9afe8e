"""Problems."""

from __future__ import annotations

import json

from web.api.problems import NO_RIGHT, not_found, problem


def test_a_problem_says_code_and_right() -> None:
    assert json.loads(problem(403, NO_RIGHT, "no", "sign")) == {
        "type": "urn:waybill:WB-7002",
        "title": "Forbidden",
        "status": 403,
        "code": "WB-7002",
        "detail": "no",
        "right": "sign",
    }
    assert "right" not in json.loads(problem(404, "WB-7006", "no"))


def test_not_found() -> None:
    assert (not_found().status, not_found().code) == (404, "WB-7006")
