"""Paths, templates and conditions in one go."""

from __future__ import annotations

import pytest

from engine.message import Blob, Refused, Value, Xml
from engine.site.conditions import Compare, Present
from engine.site.paths import Template, XPath
from engine.transform.evaluate import evaluate

VALUES: dict[str, Value] = {"body": Xml(b"<r><id>175||1</id></r>"), "signed": Blob("ab", 1)}


def test_each_question_has_its_answer() -> None:
    assert evaluate(
        {
            "path": XPath("//id"),
            "name": Template("$(body/id|filename).pdf"),
            "blob": Template("$(signed)"),
            "there": Present(Template("//id")),
            "same": Compare(Template("$(body/id)"), ("x",)),
        },
        VALUES,
        {},
    ) == {
        "path": "175||1",
        "name": "175%7C%7C1.pdf",
        "blob": Blob("ab", 1),
        "there": True,
        "same": False,
    }


def test_nothing_found_is_refused() -> None:
    with pytest.raises(Refused, match="WB-2001"):
        evaluate({"a": XPath("//none")}, VALUES, {})
