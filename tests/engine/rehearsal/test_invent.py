"""Invented persons keep their form."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rehearsal.identity import Kind
from engine.rehearsal.invent import Invented, forms_of_date, identity_check, luhn

KINDS: tuple[Kind, ...] = ("name", "number", "birth", "phone", "address", "mail")


def invented(word: bytes = b"a") -> Invented:
    return Invented(hashlib.sha256(word).digest())


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [
        ("李明", "name", r"[\u4e00-\u9fff]{2}"),
        ("欧阳小明", "name", r"[\u4e00-\u9fff]{4}"),
        ("Anna", "name", r"[A-Z][a-z]{3}"),
        ("Mc'Donald-Ray", "name", r"[A-Z][a-z]'[A-Z][a-z]{5}-[A-Z][a-z]{2}"),
        ("0009000001", "number", r"000\d{7}"),
        ("D9001", "number", r"D\d{4}"),
        ("E-12/34567", "number", r"[A-Z]-\d\d/\d{5}"),
        ("1988-04-12", "birth", r"19\d\d-\d\d-\d\d"),
        ("19880412", "birth", r"19\d{6}"),
        ("1988年4月12日", "birth", r"19\d\d年\d\d月\d\d日"),
        ("13812345678", "phone", r"1\d{10}"),
        ("+86 10-6512", "phone", r"\+8\d \d\d-\d{4}"),
        ("示例路1号", "address", r"[\u4e00-\u9fff]{3}\d[\u4e00-\u9fff]"),
        ("ann@real.org", "mail", r"[a-z]{3}@example\.org"),
    ],
)
def test_form(text: str, kind: Kind, form: str):
    new = invented().of(text, kind)
    assert re.fullmatch(form, new), new
    assert new != text


def test_check_digits():
    assert luhn("4539578763621486")
    assert luhn(invented().of("4539578763621486", "number"))
    first = "11010119900101123"
    new = invented().of(first + identity_check(first), "number")
    assert identity_check(new[:17]) == new[17]
    assert int(new[16]) % 2 == 1, "the sex stays"
    assert identity_check("11010519491231002") == "X", "the standard's own example"


def test_everybody_is_older_or_younger_by_the_same_days():
    made = invented()
    assert made.of("19880412", "birth") == made.of("1988-04-12", "birth").replace("-", "")
    first = "11010119900101123"
    number = made.of(first + identity_check(first), "number")
    assert number[6:14] == made.of("19900101", "birth")


def test_the_same_within_a_fixture_and_another_in_the_next():
    one = invented()
    assert one.of("李明", "name") == one.of("李明", "name") == invented().of("李明", "name")
    assert one.of("4711471147", "number") != invented(b"b").of("4711471147", "number")


@given(st.text(min_size=2, max_size=20).filter(lambda text: any(one.isalpha() for one in text)), st.sampled_from(KINDS))
def test_nothing_real_and_no_other_length(text: str, kind: Kind):
    new = Invented(hashlib.sha256(b"h").digest(), frozenset([text])).of(text, kind)
    if kind != "mail":
        assert len(new) == len(text)


def test_what_is_taken_is_not_invented():
    digits = frozenset(str(number) for number in range(10))
    assert Invented(hashlib.sha256(b"t").digest(), frozenset(), digits - {"7"}).of("3", "number") == "7"


def test_forms_of_a_date():
    assert forms_of_date("1988-04-12")[:2] == ["19880412", "1988-04-12"]
    assert forms_of_date("12") == []
