"""Refusals over HTTP: the right status, and RFC 9457's form."""

from __future__ import annotations

import json

import pytest

from channels._http.problem import Problem, status_of
from engine.message import Failure, Finding, InDoubt, Refused, Unavailable


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Refused("WB-1001", "x"), 400),
        (Refused("WB-1016", "x"), 400),
        (Refused("WB-1007", "x"), 422),
        (Refused("WB-1011", "x"), 422),
        (Refused("WB-1008", "x"), 409),
        (Refused("WB-1013", "x"), 404),
        (Unavailable("WB-1012", "x"), 503),
        (InDoubt("WB-3002", "x"), 500),
        (Failure("WB-1000", "x"), 500),
    ],
)
def test_status(failure: Failure, status: int) -> None:
    assert status_of(failure) == status


def test_form() -> None:
    finding = Finding("WB-1007", "/Request/Header", "is missing", "send it")
    problem = Problem(Refused("WB-1007", "the reason"), "m1", (finding,))
    assert json.loads(problem.body()) == {
        "type": "urn:waybill:WB-1007",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "the reason",
        "code": "WB-1007",
        "id": "m1",
        "findings": [{"code": "WB-1007", "path": "/Request/Header", "rule": "is missing", "advice": "send it"}],
    }
    assert set(json.loads(Problem(Refused("WB-1001", "x")).body())) == {"type", "title", "status", "detail", "code"}
