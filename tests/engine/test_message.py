"""What travels: failures in one line, nothing of a patient in a repr, ids that sort by time."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

import pytest

from engine.message import (
    Blob,
    Failure,
    Finding,
    Incoming,
    InDoubt,
    Refused,
    Reply,
    Request,
    Response,
    Unavailable,
    Xml,
    document_id,
    new_id,
)

NAME = "植入甲"


@pytest.mark.parametrize("kind", [Unavailable, Refused, InDoubt])
def test_the_three_failures(kind: type[Failure]) -> None:
    failure = kind("WB-3001", "the peer does not answer")
    assert (failure.code, failure.reason, str(failure)) == (
        "WB-3001", "the peer does not answer", "WB-3001 the peer does not answer",
    )  # fmt: skip
    assert isinstance(failure, Failure)


@pytest.mark.parametrize(
    "thing",
    [
        Xml(NAME.encode()),
        Blob("ab", 1, name=NAME),
        Incoming("c", "o", NAME.encode(), meta={"name": NAME}, identity=(NAME,)),
        Reply("accepted", "m", NAME.encode()),
        Request("send", {"name": NAME}, "k", datetime.now(UTC), blobs={NAME: Blob("ab", 1)}),
        Response({"name": NAME}, "done"),
    ],
)
def test_nothing_of_a_patient_in_a_repr(thing: object) -> None:
    assert NAME not in repr(thing)
    assert repr(NAME.encode())[2:-1] not in repr(thing)


def test_a_finding_in_one_line() -> None:
    assert Finding("WB-1007", "/a/b", "is missing", "add it").line() == "WB-1007 /a/b is missing"
    assert Finding("WB-1001", "", "not XML").line() == "WB-1001 not XML"


def test_a_reply_is_good_or_not() -> None:
    assert [Reply(kind, "m").ok for kind in ("accepted", "repeat", "invalid", "conflict")] == [True, True, False, False]


def test_ids_are_version_seven_and_of_now() -> None:
    before = time.time_ns() // 1_000_000
    made = [uuid.UUID(new_id()) for _ in range(1000)]
    after = time.time_ns() // 1_000_000
    assert len(set(made)) == 1000
    for one in made:
        assert (one.version, one.variant) == (7, uuid.RFC_4122)
        assert before <= one.int >> 80 <= after


def test_a_document_has_the_same_id_in_every_step() -> None:
    one = document_id("run", "ab")
    assert one == document_id("run", "ab")
    assert (len(one), one.isalnum()) == (16, True)
    assert len({one, document_id("run", "cd"), document_id("other", "ab")}) == 3
