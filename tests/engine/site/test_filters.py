"""Filters, above all `filename`: safe, and different for different texts."""

import hashlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.message import Blob, Refused
from engine.site.filters import MAX_NAME, apply, check, filename, format_date

AWKWARD = st.text(alphabet=st.sampled_from(list('aAbBcCoOnN.|%~ /\\:*?"<>\0ßıİſK示例0²')), max_size=40)
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$")


@settings(max_examples=400)
@given(st.one_of(st.text(max_size=200), AWKWARD))
def test_a_file_name_is_safe(text):
    name = filename(text)
    assert re.fullmatch(r"[A-Za-z0-9_.%~\-\u3400-\u4dbf\u4e00-\u9fff]+", name)
    assert len(name.encode()) <= MAX_NAME
    assert name not in (".", "..")
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert not RESERVED.match(name)


@settings(max_examples=1000)
@given(st.one_of(st.tuples(st.text(), st.text()), st.tuples(AWKWARD, AWKWARD)))
def test_different_texts_give_different_names_where_case_is_ignored(pair):
    one, other = pair
    if one != other:
        assert filename(one).casefold() != filename(other).casefold()
        assert filename(one).upper() != filename(other).upper()


@given(AWKWARD)
def test_variants_of_one_text_stay_apart(text):
    variants = {text, text.upper(), text.lower(), text.swapcase(), text + ".", text + " ", "." + text, filename(text)}
    assert len({filename(v).casefold() for v in variants}) == len(variants)


@given(st.text(min_size=150, max_size=400), st.text(max_size=3))
def test_long_names_with_the_same_beginning_stay_apart(text, more):
    if more:
        assert filename(text).casefold() != filename(text + more).casefold()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("175||3125", "175%7C%7C3125"),
        ("0009000001", "0009000001"),
        ("P01", "%5001"),
        ("示例", "示例"),
        ("a b", "a%20b"),
        ("..", "%2E%2E~5ec1f7e700"),
        ("", "~e3b0c44298"),
    ],
)
def test_names_that_people_will_see(text, name):
    assert filename(text) == name


@pytest.mark.parametrize("text", ["con", "nul.pdf", "com1", "lpt9.x.y"])
def test_reserved_names_end_in_a_hash(text):
    assert re.fullmatch(r"%[0-9A-F]{2}.*~[0-9a-f]{10}", filename(text))


@pytest.mark.parametrize(
    ("text", "form", "result"),
    [
        ("20261120", "%Y-%m-%d", "2026-11-20"),
        ("2026-11-20 09:20:31", "%H:%M:%S", "09:20:31"),
        ("2026-11-20T09:20:31.5Z", "%Y%m%d%H%M%S", "20261120092031"),
        ("2026/11/20 09:20", "%d.%m.%Y %H:%M", "20.11.2026 09:20"),
        ("", "%Y", ""),
    ],
)
def test_dates(text, form, result):
    assert format_date(text, form) == result
    assert apply("date", form, text) == result


@pytest.mark.parametrize("text", ["20261399", "yesterday", "2026-11/20", "14岁"])
def test_what_is_no_date_is_refused_without_its_text(text):
    with pytest.raises(Refused) as caught:
        format_date(text, "%Y")
    assert caught.value.code == "WB-2009"
    assert text not in caught.value.reason


def test_the_other_filters():
    assert apply("upper", None, "aé") == "AÉ"
    assert apply("lower", None, "AB") == "ab"
    assert apply("trim", None, " a ") == "a"
    assert apply("base64", None, "é") == "w6k="
    assert apply("base64", None, b"\xff") == "/w=="
    assert apply("sha256", None, "") == hashlib.sha256(b"").hexdigest()
    assert apply("default", "x", None) == "x"
    assert apply("default", "x", "") == "x"
    assert apply("default", "x", 0) == 0
    assert apply("upper", None, 3.0) == "3"
    assert apply("upper", None, True) == "TRUE"


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, Blob("0" * 64, 3)])
def test_a_filter_refuses_what_is_no_text(value):
    with pytest.raises(Refused):
        apply("trim", None, value)


@pytest.mark.parametrize(
    ("name", "argument", "part"),
    [
        ("file", None, "unknown filter"),
        ("date", None, "date:%Y-%m-%d"),
        ("trim", "x", "takes nothing"),
        ("date", "YYYY", "no date format"),
        ("date", "", "no date format"),
    ],
)
def test_faults_of_a_filter(name, argument, part):
    assert part in check(name, argument)


def test_good_filters_have_no_fault():
    assert not check("default", "")
    assert not check("date", "%Y-%m-%d %H:%M:%S")
    assert not check("filename", None)
