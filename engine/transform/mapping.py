"""Mapping tables: one row for each field of a target, in YAML, without code.

    FIELD: {from: $(order/age), match: '([0-9]+)岁', as: int, required: no, default: '0', max: 10}

A field's value is `from` (a path or template) or `value` (a fixed text); `default` where that is empty or finds
nothing. Then, in this order: `match` (a regular expression on the whole text; its first group, if any, is the value),
`table` (text to text; `*` for all others), `date` (`IN, IN -> OUT` in the letters of strftime; only `OUT`: from
YYYY-MM-DD, YYYYMMDD or YYYY/MM/DD, with or without a time), `as` (text, int, decimal, or age_years: `14岁` is 14,
`3月` and `20天` are 0), `max` (characters). A field that is not required and empty is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from os import fspath
from pathlib import Path
from typing import Any, Literal

from engine.message import Blob, Refused, Value, Xml
from engine.site.nodes import load_yaml
from engine.site.paths import NOTHING, Look, Template, fill
from engine.site.problems import BAD_VALUE, Invalid, invalid
from engine.site.settings import Context, build, option
from engine.transform.files import BAD_FILE, Compiled
from engine.transform.xslt import StrPath

MAPPING = "WB-2008"
GUESSES = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d")
TIMES = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M:%S%z", "%H%M%S")
SHORT = r"\s*[0-9]{1,4}\s*(?:个?月|m|d|天|日|周|小时|时|分钟?|h)"
YOUNG = re.compile(rf"(?:{SHORT})+\s*")
AGE = re.compile(rf"\s*([0-9]{{1,3}})\s*(?:周?岁|years?|yrs?|y|años?)?(?:{SHORT})*\s*")


class Wrong(Exception):
    """A value breaks a rule; the text names the rule, never the value."""


@dataclass(frozen=True)
class Row:
    """One field."""

    from_: Template | None = option("path or template of the value", None, key="from")
    value: str | None = option("a fixed text", None)
    required: Literal["yes", "no"] = option("whether an empty value is an error", "yes")
    default: str | None = option("the value where `from` is empty or finds nothing", None)
    match: str | None = option("regular expression on the whole text; its first group is the value", None)
    table: dict[str, str] = option("text to text; `*` for all others", {})
    date: str | None = option("`IN, IN -> OUT` or `OUT`, in the letters of strftime", None)
    as_: Literal["text", "int", "decimal", "age_years"] = option("type of the result", "text", key="as")
    max: int | None = option("most characters", None)

    def __post_init__(self) -> None:
        if (self.from_ is None) == (self.value is None):
            raise ValueError("a field needs `from` or `value`, and not both")
        if self.match is not None:
            try:
                re.compile(self.match)
            except re.error:
                raise ValueError("`match` is not a regular expression") from None


def _compile(path: str) -> tuple[dict[str, Row], list[str]]:
    return load(Path(path), None), [path]


tables: Compiled[dict[str, Row]] = Compiled(_compile)


def load(path: Path, namespaces: Mapping[str, str] | None) -> dict[str, Row]:
    """The rows of a table file. Raises `Invalid`. namespaces: None when prefixes are not to be checked."""
    node = load_yaml(path)
    context = Context(path.parent, namespaces=_Any() if namespaces is None else namespaces)
    rows, problems = {}, []
    for field, row in node.items():
        try:
            rows[field] = build(Row, row, context)
        except Invalid as error:
            problems += error.problems
    if problems:
        raise Invalid(problems)
    if not rows:
        raise invalid(node, BAD_VALUE, "the table has no field", "write `FIELD: {from: $(path)}`")
    return rows


class _Any(dict[str, str]):
    """Every prefix is declared: lint has looked at them."""

    def __contains__(self, key: object) -> bool:
        return True


def mapping(path: StrPath, values: Mapping[str, Value], namespaces: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a table with their values. Raises `Refused` WB-2008 naming field and rule, never the value."""
    name = Path(path).name
    try:
        rows = tables.get(fspath(path))
    except Invalid as error:
        place = error.problems[0].place
        raise Refused(BAD_FILE, f"{name}:{place.line}: {error.problems[0].text}") from None
    look = Look(values, namespaces)
    filled: dict[str, Any] = {}
    for field, row in rows.items():
        try:
            value = _field(row, look)
        except Wrong as wrong:
            raise Refused(MAPPING, f"{name}: {field}: {wrong}") from None
        if value is not None:
            filled[field] = value
    return filled


def _field(row: Row, look: Look) -> Any:
    value = _given(row, look)
    if isinstance(value, Blob | Xml | bytes | list | dict):
        raise Wrong("is not one text")
    text = "" if value is None else str(value).strip()
    if not text and row.default is not None:
        text = row.default
    if not text and row.value is None:
        if row.required == "yes":
            raise Wrong("is required and empty")
        return None
    for change in (_matched, _looked_up, _dated):
        text = change(row, text)
    if row.max is not None and len(text) > row.max:
        raise Wrong(f"is longer than {row.max} characters")
    return TYPES[row.as_](text)


def _given(row: Row, look: Look) -> Value:
    if row.from_ is None:
        return row.value
    try:
        return fill(row.from_, look)
    except Refused as refused:
        if refused.code != NOTHING:
            raise
        return None


def _matched(row: Row, text: str) -> str:
    if row.match is None:
        return text
    found = re.fullmatch(row.match, text)
    if found is None:
        raise Wrong(f"does not match {row.match}")
    return (found[1] or "") if found.re.groups else found[0]


def _looked_up(row: Row, text: str) -> str:
    if not row.table:
        return text
    if text in row.table:
        return row.table[text]
    if "*" in row.table:
        return row.table["*"]
    raise Wrong(f"is not in the table ({', '.join(row.table)})")


def _dated(row: Row, text: str) -> str:
    if row.date is None:
        return text
    given, arrow, wanted = row.date.rpartition("->")
    forms = [form.strip() for form in given.split(",")] if arrow else [day + time for day in GUESSES for time in TIMES]
    for form in forms:
        try:
            return datetime.strptime(text, form).strftime(wanted.strip())  # noqa: DTZ007 (as the sender wrote it)
        except ValueError:
            continue
    raise Wrong(f"is not a date of the form {given.strip() or 'YYYY-MM-DD'}")


def _int(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise Wrong("is not a whole number")
    return int(text)


def _decimal(text: str) -> str:
    """As text, so that no digit is lost on the way to the database."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Wrong("is not a number") from None
    if not number.is_finite():
        raise Wrong("is not a number")
    return str(number)


def _age_years(text: str) -> int:
    text = text.lower()[:40]
    if YOUNG.fullmatch(text):
        return 0
    found = AGE.fullmatch(text)
    if found is None:
        raise Wrong("is not an age")
    return int(found[1])


TYPES: dict[str, Callable[[str], Any]] = {"text": str, "int": _int, "decimal": _decimal, "age_years": _age_years}
