"""Texts found by paths, and whether they are what was wished."""

from __future__ import annotations

from typing import Any

import pytest

from engine.message import Hl7, Unavailable, Xml
from engine.site.nodes import NOWHERE
from engine.testing.compare import Difference, fits, kind_of, look, paths_in, short, wished
from engine.testing.model import Matcher

XML = Xml(b"<a><b>1</b><b>2</b><c d='x'>t</c></a>")
HL7 = Hl7(b"MSH|^~\\&|A|B\rPID|1||4711^^^H\r")


@pytest.mark.parametrize(
    ("path", "value", "texts"),
    [
        ("//b", XML, ["1", "2"]),
        ("//c/@d", XML, ["x"]),
        ("count(//b)", XML, ["2"]),
        ("/a/c", XML, ["t"]),
        ("c", XML, ["t"]),
        ("b[2]", XML, ["2"]),
        ("a/b", {"a": {"b": 5}}, ["5"]),
        ("n", {"n": None}, [""]),
        ("t", {"t": True}, ["true"]),
        ("PID-3.1", HL7, ["4711"]),
        ("none", {"n": 1}, []),
    ],
)
def test_paths_by_the_kind_of_value(path: str, value: Any, texts: list[str]):
    assert look(path, value, {}) == texts


@pytest.mark.parametrize(
    ("form", "wish", "texts", "good"),
    [
        ("is", "a", ["a"], True),
        ("is", "a", ["a", "a"], False),
        ("is", "", [], True),
        ("contains", "b", ["abc"], True),
        ("contains", "x", ["abc"], False),
        ("matches", "a.c", ["abc"], True),
        ("matches", "b", ["abc"], False),
        ("present", "true", ["x"], True),
        ("present", "true", [" "], False),
        ("absent", "true", [], True),
        ("absent", "true", ["x"], False),
        ("count", "2", ["x", "y"], True),
        ("count", "2", ["x"], False),
    ],
)
def test_wishes(form: str, wish: str, texts: list[str], good: bool):
    assert fits(Matcher(wish, form), texts) is good


def test_a_path_that_cannot_be_read_is_a_difference():
    (found,) = paths_in({"(": Matcher("1")}, XML, "body", {})
    assert (found.what, found.expected) == ("body (", "1")
    assert found.got


def test_a_difference_for_a_person():
    text = Difference(NOWHERE, "state", wished(Matcher("d", "contains")), short("x " * 400)).text()
    assert "state\n    - expected: contains d\n    + got:      x x" in text
    assert text.endswith("...")
    assert kind_of(Unavailable("WB-1", "no")) == "unavailable"
