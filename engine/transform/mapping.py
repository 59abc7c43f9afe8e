"""Mapping tables: one row for each field of a target, in YAML, without code.

    FIELD: {from: $(order/age), match: '([0-9]+)岁', as: int, required: no, default: '0', max: 10}

A field's value is `from` (a path or template) or `value` (a fixed text); `default` where that is empty or finds
nothing. Then, in this order: `match` (a regular expression on the whole text; its first group, if any, is the value),
`table` (text to text, `*` for all others; or a CSV file: `{file, key, value, else}`), `date` (`IN, IN -> OUT` in the
letters of strftime; only `OUT`: from YYYY-MM-DD, YYYYMMDD or YYYY/MM/DD, with or without a time), `as` (text, int,
decimal, bool, or age_years: `14岁` is 14, `3月` and `20天` are 0; er7: HL7 text with its separators as it stands; any:
a JSON value as it is), `max` (characters). A field that is not required and empty is left out.

With `target: {as: hl7 | xml | json | rows}` the rows make a document (`engine.transform.tables` shows the form,
`engine.transform.targets` makes them). A row may read `$(run/id)`, `$(run/seq)`, `$(run/at)` and `$(run/key)`: equal on
every attempt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from os import fspath
from pathlib import Path
from typing import Any

from engine.hl7 import Message
from engine.message import Blob, Hl7, Refused, Value, Xml
from engine.site.path_text import Reference
from engine.site.paths import NOTHING, Look, Template, as_value, fill
from engine.site.problems import Invalid
from engine.transform.files import BAD_FILE, Compiled
from engine.transform.segments import groups
from engine.transform.tables import Change, Field, Repeat, Row, Table, Target, load
from engine.transform.targets import Document, Er7, Json, Tree, Wrong
from engine.transform.xslt import RunHeader, StrPath, text_of

__all__ = ["Row", "Wrong", "load", "mapping", "simple", "tables"]

MAPPING = "WB-2008"
MOST_ITEMS = 10_000
GUESSES = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y.%m.%d")
TIMES = (
    "", "%H%M%S", " %H:%M:%S", " %H:%M", "T%H:%M:%S", "T%H:%M:%S%z", "T%H:%M:%S.%f%z", "%H%M", "%H%M%S%z",
    "%H%M%S.%f%z",
)  # fmt: skip
SHORT = r"\s*[0-9]{1,4}\s*(?:个?月|m|d|天|日|周|小时|时|分钟?|h)"
YOUNG = re.compile(rf"(?:{SHORT})+\s*")
AGE = re.compile(rf"\s*([0-9]{{1,3}})\s*(?:周?岁|years?|yrs?|y|años?)?(?:{SHORT})*\s*")
TRUE, FALSE = frozenset(("true", "1", "y", "yes")), frozenset(("false", "0", "n", "no"))


def _compile(path: str) -> tuple[Table, list[str]]:
    table = load(Path(path), None)
    return table, [path, *table.files]


tables: Compiled[Table] = Compiled(_compile)


def simple(path: StrPath) -> bool:
    """Whether a table is fit for the daemon's own process: no pattern in it can take long."""
    return _table(path).simple


def before_the_run(path: str, values: Mapping[str, Value], namespaces: Mapping[str, str]) -> Value:
    """As `mapping`, for a table that is simple and reads nothing of the run; None for any other."""
    table = _table(path)
    return _filled_in(table, path, values, namespaces) if table.simple and table.own else None


def _table(path: StrPath) -> Table:
    try:
        return tables.get(fspath(path))
    except Invalid as error:
        place = error.problems[0].place
        raise Refused(BAD_FILE, f"{Path(path).name}:{place.line}: {error.problems[0].text}") from None


def mapping(
    path: StrPath, values: Mapping[str, Value], namespaces: Mapping[str, str], header: RunHeader | None = None
) -> Value:
    """What a table makes. Raises `Refused` WB-2008 naming field and rule, never the value."""
    table = _table(path)
    if header is not None:
        run = {"id": header.id, "seq": header.seq, "at": header.at, "key": header.key}
        values = {**values, "run": run}
    return _filled_in(table, path, values, namespaces)


def _filled_in(table: Table, path: StrPath, values: Mapping[str, Value], namespaces: Mapping[str, str]) -> Value:
    look = Look(values, namespaces)
    try:
        if table.target is None:
            return {field.name: value for field in table.fields if (value := _named(field, look)) is not None}
        return _document(table, table.target, look, namespaces)
    except Wrong as wrong:
        raise Refused(MAPPING, f"{Path(path).name}: {wrong}") from None


# ---- documents


def _document(table: Table, target: Target, look: Look, namespaces: Mapping[str, str]) -> Value:
    if target.as_ == "rows":
        assert target.for_each is not None
        return [_row(table, inner) for inner in _items(target.for_each, target.name, look)]
    changed = None if table.changes is None else _changed(target, table.changes, look)
    if changed is not None:
        return changed
    base = None if target.base is None else fill(target.base, look)
    document: Document
    if target.as_ == "hl7":
        document = Er7(target, base)
    elif target.as_ == "xml":
        document = Tree.of(target, base, dict(namespaces))
    else:
        document = Json(base)
    _filled(document, table.fields, table.repeats, look)
    return document.done()


def _changed(target: Target, changes: tuple[Change, ...], look: Look) -> Hl7 | None:
    """A message with some fields changed, as most tables do it; None: something is not as usual, so row by row."""
    name = target.base.whole if target.base is not None else None
    if name is None or not isinstance(look.values.get(name), Hl7):
        return None
    base = look.message(name)
    made = base.copy()
    for change in changes:
        text: str | None = change.text
        if change.place is not None:
            if change.name != name and not isinstance(look.values.get(change.name), Hl7):
                return None
            found = (base if change.name == name else look.message(change.name)).get(change.place)
            text = found[0].strip() if len(found) == 1 else ""
            if text and change.texts is not None:
                text = change.texts.get(text, change.other)
        if not text or len(text) > change.max:
            return None
        made.set(change.to, text if text.isprintable() else text_of(text))
    return made.to_hl7()


def _row(table: Table, look: Look) -> Value:
    row = Json()
    _filled(row, table.fields, (), look)
    return row.done()


def _filled(document: Document, fields: tuple[Field, ...], repeats: tuple[Repeat, ...], look: Look) -> None:
    for field in fields:
        value = _named(field, look)
        if value is not None:
            assert field.path is not None
            try:
                document.put(field.path, value, field.row.as_ == "er7")
            except Wrong as wrong:
                raise Wrong(f"{field.name}: {wrong}") from None
    for repeat in repeats:
        document.begin(repeat)
        for inner in _items(repeat.for_each, repeat.name, look):
            _filled(document.item(repeat), repeat.fields, repeat.repeats, inner)


def _items(for_each: Template, name: str, look: Look) -> Iterator[Look]:
    """A look with `name` and `index` for each item that a path finds; none when it finds nothing."""
    found = _found(for_each, look)
    if len(found) > MOST_ITEMS:
        raise Wrong(f"{for_each.text} finds {len(found)} items, the limit is {MOST_ITEMS}")
    for number, item in enumerate(found, 1):
        yield _Item(look, {name: as_value(item), "index": number})


def _found(for_each: Template, look: Look) -> list[Any]:
    part = for_each.single
    if part is None:
        raise Wrong(f"{for_each.text} is not one path to a list")
    if isinstance(part, Reference) and isinstance(look.values.get(part.name), Hl7) and part.segments:
        message = look.values[part.name]
        assert isinstance(message, Hl7)
        return [Hl7(data) for data, _ in groups(message, part.segments[0].name)]
    found = look.find(part)
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


class _Item(Look):
    """The values beside one item of a list: what is parsed of the others is parsed once for all items."""

    def __init__(self, outer: Look, own: dict[str, Value]) -> None:
        super().__init__({**outer.values, **own}, {})
        self.namespaces = outer.namespaces
        self._outer = outer
        self._own = own

    def tree(self, name: str) -> Any:
        return super().tree(name) if name in self._own else self._outer.tree(name)

    def message(self, name: str) -> Message:
        return super().message(name) if name in self._own else self._outer.message(name)


# ---- one field


def _named(field: Field, look: Look) -> Any:
    try:
        return _field(field, look)
    except Wrong as wrong:
        raise Wrong(f"{field.name}: {wrong}") from None


def _field(field: Field, look: Look) -> Any:
    row = field.row
    value = row.value if row.from_ is None else _given(row.from_, look)
    if row.as_ == "any" and isinstance(value, list | dict | int | float | bool | Blob):
        return value
    if isinstance(value, Blob | Xml | Hl7 | bytes | list | dict):
        raise Wrong("is not one text")
    text = value.strip() if isinstance(value, str) else _text(value)
    if not text and row.default is not None:
        text = row.default
    if not text and row.value is None:
        if row.required == "yes":
            raise Wrong("is required and empty")
        return None
    if row.match is not None:
        text = _matched(row.match, text)
    if field.texts is not None:
        text = _looked_up(field, text)
    if row.date is not None:
        text = _dated(row.date, text)
    if row.max is not None and len(text) > row.max:
        raise Wrong(f"is longer than {row.max} characters")
    return TYPES[row.as_](text)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _given(template: Template, look: Look) -> Value:
    try:
        return fill(template, look)
    except Refused as refused:
        if refused.code != NOTHING:
            raise
        return None


def _matched(pattern: str, text: str) -> str:
    found = re.fullmatch(pattern, text)
    if found is None:
        raise Wrong(f"does not match {pattern}")
    return (found[1] or "") if found.re.groups else found[0]


def _looked_up(field: Field, text: str) -> str:
    assert field.texts is not None
    found = field.texts.get(text, field.other)
    if found is None:
        table = field.row.table
        shown = ", ".join(table) if isinstance(table, dict) else table.file.name
        raise Wrong(f"is not in the table ({shown})")
    return found


def _dated(rule: str, text: str) -> str:
    given, arrow, wanted = rule.rpartition("->")
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


def _bool(text: str) -> bool:
    word = text.lower()
    if word not in TRUE | FALSE:
        raise Wrong("is neither true nor false")
    return word in TRUE


def _age_years(text: str) -> int:
    text = text.lower()[:40]
    if YOUNG.fullmatch(text):
        return 0
    found = AGE.fullmatch(text)
    if found is None:
        raise Wrong("is not an age")
    return int(found[1])


TYPES: dict[str, Callable[[str], Any]] = {
    "text": str, "int": _int, "decimal": _decimal, "bool": _bool, "age_years": _age_years, "er7": str, "any": str,
}  # fmt: skip
