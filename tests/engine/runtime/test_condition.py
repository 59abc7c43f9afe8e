"""Each change of the machine's condition is said once, and only then."""

from __future__ import annotations

import logging

import pytest

from engine.runtime.condition import Condition


def test_each_change_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    condition = Condition(lambda: told.append(condition.text()))
    with caplog.at_level(logging.INFO):
        condition.say("disk", "")
        for _ in range(3):
            condition.say("disk", "it is full")
        condition.say("clock", "it jumped")
        condition.say("disk", "")
        condition.say("clock", "")
    assert told == ["it is full", "it is full; it jumped", "it jumped", ""]
    assert caplog.messages == ["it is full", "it jumped", "the disk is well again", "the clock is well again"]


def test_reasons_are_told_apart() -> None:
    condition = Condition()
    condition.say("disk", "it is full")
    assert (condition.reasons("disk"), condition.reasons("clock"), condition.text()) == (
        ["it is full"],
        [],
        "it is full",
    )
