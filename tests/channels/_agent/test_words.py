"""The three failures cross the wire as they are; what is no failure is told by nobody."""

from __future__ import annotations

import pytest

from channels._agent.words import failure_of, failure_to_json, from_json, status_of, to_json
from engine.message import Failure, InDoubt, Refused, Unavailable


@pytest.mark.parametrize("kind", [Unavailable, Refused, InDoubt])
def test_a_failure_arrives_as_it_left(kind: type[Failure]) -> None:
    told = failure_of(from_json(failure_to_json(kind("WB-3004", "a row exists"))) or {})
    assert type(told) is kind
    assert (told.code, told.reason) == ("WB-3004", "agent: a row exists")
    assert status_of(kind("WB-3004", "")) >= 400


@pytest.mark.parametrize(
    "answer",
    [
        {}, {"failure": "other", "code": "WB-3004", "reason": "x"}, {"failure": "refused", "code": "x", "reason": "x"},
        {"failure": "refused", "code": "WB-3004", "reason": "two\nlines"}, {"failure": "refused", "code": "WB-3004"},
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_no_failure(answer: dict[str, object]) -> None:
    assert failure_of(answer) is None


def test_a_long_reason_is_cut() -> None:
    told = failure_of({"failure": "refused", "code": "WB-3004", "reason": "x" * 5000})
    assert told is not None
    assert len(told.reason) < 320


def test_json_is_an_object_or_nothing() -> None:
    assert from_json(to_json({"a": "甲"})) == {"a": "甲"}
    assert [from_json(data) for data in (b"[]", b"{", b"[" * 100_000, b"\xff")] == [None] * 4
    with pytest.raises(ValueError, match="JSON"):
        to_json({"a": float("nan")})
