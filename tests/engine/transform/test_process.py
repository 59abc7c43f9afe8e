"""How a worker's reply becomes a value or an exception for who waits."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from engine.message import InDoubt, Refused, Unavailable
from engine.transform import worker
from engine.transform.process import Job, JobBug, outcome, settle


def test_a_value_is_itself() -> None:
    assert outcome(worker.OK + pickle.dumps({"a": 1})) == {"a": 1}


@pytest.mark.parametrize("cls", [Refused, Unavailable, InDoubt])
def test_failures_keep_their_class(cls: type[Exception]) -> None:
    error = outcome(worker.FAILED + pickle.dumps((cls.__name__, "WB-2003", "why")))
    assert type(error) is cls
    assert str(error) == "WB-2003 why"


def test_a_bug_is_no_failure_of_the_input() -> None:
    with capturedLogs() as told:
        assert isinstance(outcome(worker.BUG + pickle.dumps("KeyError at x.py:7")), JobBug)
    assert [event["bug"] for event in told] == ["KeyError at x.py:7"]


def test_a_waiter_is_told_once() -> None:
    waiter: Deferred[Any] = Deferred()
    job = Job(b"", 1.0, waiter)
    settle(job, 1)
    settle(job, 2)
    settle(None, 3)
    assert waiter.result == 1
