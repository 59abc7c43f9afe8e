"""Texts of values, written otherwise."""

from __future__ import annotations

import pytest

from engine.message import Blob, Hl7, Value, Xml
from engine.rehearsal.leaves import Leaf, leaves, rewritten


def shouted(value: Value) -> Value:
    return rewritten(value, lambda leaf: leaf.text.upper(), lambda blob: "a document")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (Xml(b"<a k='x'>y<b>z</b>t</a>"), Xml(b'<a k="X">Y<b>Z</b>T</a>')),
        (Hl7(b"MSH|^~\\&|a\rPID|1||b^c&d~e\r"), Hl7(b"MSH|^~\\&|A\rPID|1||B^C&D~E\r")),
        ({"k": ["a", {"n": "b"}], "none": None, "yes": True}, {"k": ["A", {"n": "B"}], "none": None, "yes": True}),
        ("text", "TEXT"),
        (7, 7),
        (Blob("ab", 1), "a document"),
    ],
)
def test_rewritten(value: Value, wanted: Value):
    assert shouted(value) == wanted


def test_words_and_paths():
    found = leaves(Xml(b"<a xmlns='urn:a'><Name k='1'>x</Name></a>"))
    assert [leaf.word for leaf in found] == ["k", "Name"]
    assert [leaf.word for leaf in leaves(Hl7(b"MSH|^~\\&|A\rPID|1||7^^^H\r"))] == [
        "MSH-3.1", "PID-1.1", "PID-3.1", "PID-3.4",
    ]  # fmt: skip
    assert [leaf.word for leaf in leaves({"patient": {"name": ["x"]}})] == ["name"]


def test_escapes_of_hl7():
    value = Hl7(b"MSH|^~\\&|A\rNTE|1||a\\T\\b\r")
    assert leaves(value)[-1].text == "a&b"
    assert shouted(value) == Hl7(b"MSH|^~\\&|A\rNTE|1||A\\T\\B\r")


def test_a_number_stays_a_number():
    assert rewritten({"id": 4711}, lambda leaf: "1234", lambda blob: blob) == {"id": 1234}
    assert rewritten({"id": 4711}, lambda leaf: "x", lambda blob: blob) == {"id": 4711}


def test_a_leaf_shows_no_text():
    assert "secret" not in repr(Leaf("p", "w", "secret"))
