"""Patterns that could stop the engine are refused when they are read."""

from __future__ import annotations

import time

import pytest

from engine.message import Refused
from engine.site import patterns


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a*)*b", r"(\w+\s?)*!", "(a|a)*b", "(a|aa)+", "(?:aa?)+", "(.*,){20,}x", "(?=(a+)+b)x", "((a+){1,30})+",
     "(?:(?:x|y(a+)*)+)"],
)  # fmt: skip
def test_a_repeat_that_may_never_end_is_refused(pattern: str) -> None:
    assert "may never end" in patterns.fault(pattern)


@pytest.mark.parametrize(
    "pattern",
    ["[0-9]{8}", ".*CT.*", r"(\d+)-(\d+)", "(?:foo|bar)*", r"(?:\d+,)*+\d+", "(?>a+)*b", "(?:a+){2}", "",
     r"(?:\d{2})*", ".*CT.*+", "ORU|ADT", r"^\s*(\S+)\s*$"],
)  # fmt: skip
def test_what_ends_is_taken_and_ends(pattern: str) -> None:
    assert patterns.fault(pattern) == ""
    began = time.monotonic()
    patterns.whole(pattern, "a1," * 3000 + "!")
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("pattern", ["(.*)(.*)(.*)x", ".*A.*B.*", "(?:a+){2,3}", "a?" * 30 + "a" * 30])
def test_repeats_that_share_out_one_text_are_refused(pattern: str) -> None:
    assert "share out the same text" in patterns.fault(pattern)


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "(?P<x", "[z-a]", "*"])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    assert "not a regular expression" in patterns.fault(pattern)


def test_a_very_long_text_is_not_compared() -> None:
    assert patterns.whole("a*", "a" * patterns.LONGEST) is not None
    with pytest.raises(Refused) as refused:
        patterns.whole("a*", "a" * (patterns.LONGEST + 1))
    assert refused.value.code == patterns.TOO_LONG
