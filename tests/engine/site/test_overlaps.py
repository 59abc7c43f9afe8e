"""Chains of repeats that share out a text: found wherever they hide, and what is common in a hospital is let be."""

from __future__ import annotations

import time
from re import _parser  # type: ignore[attr-defined]

import pytest

from engine.site import patterns
from engine.site.overlaps import LOOP, STEPS, heaviest


def weight(pattern: str) -> float:
    return heaviest(_parser.parse(pattern))


@pytest.mark.parametrize(
    "pattern",
    ["(.*)(.*)(.*)x", ".*?.*?.*?x", ".*A.*B.*", "a*a*a*", "a*b?a*b?a*", "(?i)a*A*a*", r"\d*中*\d*中*\d*",
     "[ab]*[bc]*[cd]*x", "(a*|b*)(a*|c*)a*", "(?:a+){2,3}", "(?=.*x.*y.*z)a", "(?:(?P<x>a+)){3}", r"(a+)\1a*a*a*",
     "(?>a*a*a*)b", "(?:a*a*a*)++", r"\w*[a-z]*[^0-9]*!", "(a)?(?(1)a*|b*)a*a*x"],
)  # fmt: skip
def test_three_repeats_without_an_end_that_take_from_each_other(pattern: str) -> None:
    assert weight(pattern) >= 3 * LOOP


@pytest.mark.parametrize(
    "pattern",
    [r"(\d+)-(\d+)-(\d+)", r"\d+\s*,\s*\d+", "a*b*c*", r"\w+@\w+\.\w+", "[^,]*,[^,]*,[^,]*,x", r"\s*\S+\s+\S+\s*",
     r"\d+[./-]\d+[./-]\d+", "a*+a*+a*+", "(?>a*)(?>a*)a*", r"^\s*(\S+)\s*$", "(?:a*b)(?:a*b)(?:a*b)", "a{20}a{20}a*"],
)  # fmt: skip
def test_repeats_with_something_between_are_each_alone(pattern: str) -> None:
    assert weight(pattern) <= LOOP


@pytest.mark.parametrize(
    "pattern",
    ["a?" * 30 + "a" * 30, "(?:a?){16}(?:a?){16}", "(?:b?c?)(?:c?d?)" * 16, "(?:a|aa)" * 30, "(?:a.|.)" * 30,
     ".{1,3}" * 400],
)  # fmt: skip
def test_many_small_choices_add_up(pattern: str) -> None:
    assert weight(pattern) > patterns.HEAVIEST


@pytest.mark.parametrize(
    "pattern",
    ["", "[0-9]{1,3}[.,]?[0-9]{0,2}", r"(?:\d{1,3}\.){3}\d{1,3}", "[A-Z]{2,4}[0-9]{4,8}[A-Z]?", "(?:CT|MR|US)[ -]?.*",
     r"(?:LAB|Lab)?[-/ ]?\d{2,4}[-/ ]?\d{3,8}", r".*\d{1,3}.*", ".*CT.*", "(.*)(.*)$", "[一-龥]{2,4}(?:科|病区)"],
)  # fmt: skip
def test_what_sites_write_is_let_be(pattern: str) -> None:
    assert patterns.fault(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    ["(" * 40 + "a" + "{1,3})" * 40, "(?:a?b?c?d?){1,16}" * 10, "(?:" * 100 + "a" + ")?" * 100, "|".join("ab" * 500)],
)
def test_the_search_itself_ends(pattern: str) -> None:
    began = time.process_time()
    assert 0 <= weight(pattern) <= STEPS
    assert time.process_time() - began < 5


def test_letters_beside_the_usual_ones_overlap_too() -> None:
    assert weight("[㐀-㐿]*[㐅-㐆]*㐅*") == 3 * LOOP
    assert weight("[㐀-㐿]*[㑀-㑁]*㑂*") == LOOP
