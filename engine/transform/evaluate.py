"""Many paths, templates and conditions on the same values in one go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.message import Value
from engine.site.conditions import Condition
from engine.site.paths import Look, Template, XPath, fill

Question = Template | XPath | Condition


def evaluate(
    questions: Mapping[str, Question], values: Mapping[str, Value], namespaces: Mapping[str, str]
) -> dict[str, Any]:
    """The answer to each question by its name: a value for a path or template, a bool for a condition.

    Raises `Refused` WB-2001 and WB-2002 as `engine.site.paths` does.
    """
    look = Look(values, namespaces)
    return {name: _answer(question, look) for name, question in questions.items()}


def _answer(question: Question, look: Look) -> Any:
    if isinstance(question, Condition):
        return question.holds(look)
    return fill(Template(question.text) if isinstance(question, XPath) else question, look)
