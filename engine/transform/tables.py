"""Mapping table files as they are written: rows, targets, repeats, and what can be wrong with them before any message.

    FIELD: {from: $(order/age), match: '([0-9]+)岁', as: int, required: no, default: '0', max: 10}

is the plain form: its value is a flat map of fields. With a target, the same rows make a document:

    target: {as: hl7, base: $(body)}
    fields:
      PID-3.1: {from: $(order/patient_id)}
    repeat:
      - for_each: $(order/tests)
        fields: {OBX-1: {from: $(index)}, OBX-3.1: {from: $(item/code)}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine import hl7
from engine.message import Refused
from engine.site import patterns
from engine.site.nodes import Items, Map, Node, load_yaml
from engine.site.path_text import Reference
from engine.site.paths import Template
from engine.site.problems import BAD_PATH, BAD_VALUE, MISSING_KEY, Invalid, Problem, invalid
from engine.site.settings import Context, build, option
from engine.transform import lookup
from engine.transform.lookup import LookUp

SITE = "routes.yaml"
DEEPEST = 4
_NAME = r"[^\W\d][\w.\-]*"
_STEP = re.compile(rf"(@?)({_NAME}(?::{_NAME})?)(?:\[([1-9][0-9]{{0,3}})\])?")


@dataclass(frozen=True)
class Row:
    """One field."""

    from_: Template | None = option("path or template of the value", None, key="from")
    value: str | None = option("a fixed text", None)
    required: Literal["yes", "no"] = option("whether an empty value is an error", "yes")
    default: str | None = option("the value where `from` is empty or finds nothing", None)
    match: str | None = option("regular expression on the whole text; its first group is the value", None)
    table: dict[str, str] | LookUp = option("text to text (`*` for all others), or `{file, key, value, else}`", {})
    date: str | None = option("`IN, IN -> OUT` or `OUT`, in the letters of strftime", None)
    as_: Literal["text", "int", "decimal", "bool", "age_years", "er7", "any"] = option(
        "type of the result", "text", key="as"
    )
    max: int | None = option("most characters", None)

    def __post_init__(self) -> None:
        if (self.from_ is None) == (self.value is None):
            raise ValueError("a field needs `from` or `value`, and not both")
        if self.match is not None:
            try:
                re.compile(self.match)
            except re.error:
                raise ValueError("`match` is not a regular expression") from None


@dataclass(frozen=True)
class Target:
    """What the table makes."""

    as_: Literal["hl7", "xml", "json", "rows"] = option("the kind of document", key="as")
    base: Template | None = option("the document that is copied and changed; without it, an empty one", None)
    root: str = option("xml without a base: the name of the root element", "")
    namespace: str = option("xml: the namespace of names without a prefix", "")
    for_each: Template | None = option("rows: the list that has an item for each row", None)
    name: str = option("rows: the name of the item", "item")

    def __post_init__(self) -> None:
        if (self.as_ == "rows") != (self.for_each is not None):
            raise ValueError("`for_each` belongs to `as: rows`, and it needs one")
        if self.as_ == "xml" and bool(self.root) == (self.base is not None):
            raise ValueError("`as: xml` needs either a `base` or a `root`")
        if self.as_ != "xml" and (self.root or self.namespace):
            raise ValueError("`root` and `namespace` belong to `as: xml`")
        if self.as_ == "rows" and self.base is not None:
            raise ValueError("rows have no `base`")


@dataclass(frozen=True)
class RepeatKeys:
    """A part of the document that is there once for each item of a list."""

    for_each: Template = option("the list; on HL7 a segment, `$(body/OBX)`")
    fields: Map = option("the fields of one item")
    at: str = option("xml, json: the element, or the list, that the items become", "")
    name: str = option("the name of the item in paths; `$(index)` is its number, from 1", "item")
    repeat: Items = option("repeats inside an item", Items())


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path in a target: a name, a number of a repeated one, or an attribute."""

    name: str
    index: int | None = None
    attribute: bool = False


TargetPath = tuple[Step, ...] | hl7.Path


@dataclass(frozen=True, slots=True)
class Field:
    """A row and where its value goes. path: None in the plain form."""

    name: str
    row: Row
    path: TargetPath | None
    texts: Mapping[str, str] | None = None
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repeated part. at: empty for HL7, where the fields name their segments."""

    for_each: Template
    name: str
    at: tuple[Step, ...]
    fields: tuple[Field, ...]
    repeats: tuple[Repeat, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a message that gets one text: a fixed one, or the one at a place in a value that is a message too."""

    to: hl7.Path
    text: str
    name: str
    place: hl7.Path | None
    texts: Mapping[str, str] | None
    other: str | None
    max: int


@dataclass(frozen=True, slots=True)
class Table:
    """A table, ready to be filled. target: None for a flat map. files: the look-up tables it reads.

    simple: no pattern in it can take long, so that it may be filled in the daemon's own process. own: it reads nothing
    of the run itself, `$(run/...)`. changes: all that it does, where it is no more than these; else None.
    """

    target: Target | None
    fields: tuple[Field, ...]
    repeats: tuple[Repeat, ...] = ()
    files: tuple[str, ...] = ()
    namespaces: Mapping[str, str] | None = None
    simple: bool = field(init=False)
    own: bool = field(init=False)
    changes: tuple[Change, ...] | None = field(init=False)

    def __post_init__(self) -> None:
        used = [field.row.match for field in _every(self.fields, self.repeats) if field.row.match]
        simple = all(len(re.findall(r"[*+{]", one)) <= 1 and not patterns.fault(one) for one in used)
        object.__setattr__(self, "simple", simple)
        object.__setattr__(self, "own", all("run" not in one.names for one in _templates(self)))
        object.__setattr__(self, "changes", _changes(self))

    def __iter__(self) -> Iterator[str]:
        return iter(field.name for field in self.fields)


def _every(fields: Iterable[Field], repeats: Iterable[Repeat]) -> Iterator[Field]:
    yield from fields
    for repeat in repeats:
        yield from _every(repeat.fields, repeat.repeats)


def _changes(table: Table) -> tuple[Change, ...] | None:
    target = table.target
    if target is None or target.as_ != "hl7" or target.base is None or not target.base.whole or table.repeats:
        return None
    found = [_change(one) for one in table.fields]
    return None if None in found else tuple(one for one in found if one is not None)


def _change(of: Field) -> Change | None:
    """The field as a change, if no more has to be done for it than a look into a table."""
    row, path = of.row, of.path
    if not isinstance(path, hl7.Path) or row.match is not None or row.date is not None or row.as_ != "text":
        return None
    longest = row.max if row.max is not None else 1 << 30
    if row.from_ is None:
        fixed = (row.value or "").strip()
        fit = bool(fixed) and of.texts is None and len(fixed) <= longest
        return Change(path, fixed, "", None, None, None, longest) if fit else None
    part = row.from_.single
    if not isinstance(part, Reference) or part.filters or part.index is not None or len(part.segments) != 1:
        return None
    place = part.segments[0]
    if place.anywhere or place.index is not None or not hl7.is_path(place.name):
        return None
    return Change(path, "", part.name, hl7.Path.parse(place.name), of.texts, of.other, longest)


def _templates(table: Table) -> Iterator[Template]:
    """All that a table reads."""
    given = [field.row.from_ for field in _every(table.fields, table.repeats)]
    lists = [repeat.for_each for repeat in _nested(table.repeats)]
    target = [] if table.target is None else [table.target.base, table.target.for_each]
    yield from (one for one in (*given, *lists, *target) if one is not None)


def _nested(repeats: Iterable[Repeat]) -> Iterator[Repeat]:
    for repeat in repeats:
        yield repeat
        yield from _nested(repeat.repeats)


class _Any(dict[str, str]):
    """Every prefix is declared: lint has looked at them."""

    def __contains__(self, key: object) -> bool:
        return True


def load(path: Path, namespaces: Mapping[str, str] | None) -> Table:
    """The table in a file. Raises `Invalid`. namespaces: None when prefixes are not to be checked."""
    node = load_yaml(path)
    return _Reader(Context(site_folder(path), namespaces=_Any() if namespaces is None else namespaces)).table(node)


def site_folder(path: Path) -> Path:
    """The folder of the site that a transform belongs to: the nearest one above with a `routes.yaml`."""
    folders = path.absolute().parents
    return next((folder for folder in folders[:8] if (folder / SITE).is_file()), folders[0])


def is_document(node: Map) -> bool:
    """Whether a file is in the form with a target, rather than one row for each field."""
    target = node.get("target")
    return isinstance(target, Map) and "as" in target and not {"from", "value"} & set(target)


class _Reader:
    """Reads one file; goes on after a fault, so that all of them are told."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._problems: list[Problem] = []
        self._files: dict[str, lookup.Columns] = {}

    def table(self, node: Map) -> Table:
        made = self._document(node) if is_document(node) else Table(None, self._fields(node, node, ""))
        if self._problems:
            raise Invalid(self._problems)
        if not made.fields and not made.repeats:
            raise invalid(node, BAD_VALUE, "the table has no field", "write `FIELD: {from: $(path)}`")
        return Table(made.target, made.fields, made.repeats, tuple(self._files), None)

    def _document(self, node: Map) -> Table:
        strange = [key for key in node if key not in ("target", "fields", "repeat", "help")]
        for key in strange:
            text = f"unknown key `{key}` beside `target`"
            self._problems.append(Problem(node.place_of(key), BAD_VALUE, text, "write the rows under `fields:`"))
        try:
            target = build(Target, node["target"], self._context)
        except Invalid as error:
            self._problems += error.problems
            return Table(None, ())
        fields = node.get("fields", Map({}, node.at))
        repeats = node.get("repeat", Items([], node.at))
        return Table(target, self._fields(fields, node, target.as_), self._repeats(repeats, target.as_, 1))

    def _fields(self, node: Node, parent: Map, kind: str) -> tuple[Field, ...]:
        if not isinstance(node, Map):
            self._problems.append(
                Problem(node.at, BAD_VALUE, "`fields` is not a mapping", "write `PATH: {from: $(path)}`")
            )
            return ()
        fields: list[Field] = []
        for name, source in node.items():
            try:
                row = build(Row, source, self._context)
                fields.append(self._field(name, row, node, kind))
            except Invalid as error:
                self._problems += error.problems
        if kind in ("json", "rows", "xml"):
            self._clashes(fields, node)
        return tuple(fields)

    def _field(self, name: str, row: Row, node: Map, kind: str) -> Field:
        path = None if not kind else target_path(name, kind, node)
        if row.as_ == "any" and kind not in ("json", "rows"):
            raise invalid(node[name], BAD_VALUE, "`as: any` is for json and rows", "choose another type")
        if isinstance(row.table, LookUp):
            texts, other = self._looked_up(row.table, node[name]), row.table.else_
        else:
            texts, other = row.table, row.table.get("*")
        return Field(name, row, path, texts or None, other)

    def _looked_up(self, table: LookUp, node: Node) -> Mapping[str, str]:
        inner = node["table"] if isinstance(node, Map) else node
        site = self._context.folder
        if (site / SITE).is_file() and not table.file.is_relative_to(site / "transforms"):
            advice = "put it below `transforms/`: what is there is kept with each revision"
            raise invalid(inner, BAD_VALUE, "the look-up table lies outside of `transforms/`", advice)
        try:
            if str(table.file) not in self._files:
                self._files[str(table.file)] = lookup.read(table.file)
            return lookup.texts(table, self._files[str(table.file)]) or {"": ""}
        except Refused as refused:
            advice = "correct it there; a look-up table is UTF-8, its first line names its columns"
            raise invalid(inner, BAD_VALUE, refused.reason, advice) from None

    def _repeats(self, node: Node, kind: str, depth: int) -> tuple[Repeat, ...]:
        if not isinstance(node, Items) or depth > DEEPEST or (kind == "rows" and node):
            text = "`repeat` is not a list" if not isinstance(node, Items) else "`repeat` may not stand here"
            self._problems.append(
                Problem(node.at, BAD_VALUE, text, "write `repeat: [{for_each: $(path), fields: {}}]`")
            )
            return ()
        repeats = []
        for item in node:
            try:
                repeats.append(self._repeat(item, kind, depth))
            except Invalid as error:
                self._problems += error.problems
        return tuple(repeats)

    def _repeat(self, node: Node, kind: str, depth: int) -> Repeat:
        keys = build(RepeatKeys, node, self._context)
        if bool(keys.at) == (kind == "hl7"):
            advice = "the fields name the segments" if kind == "hl7" else "write `at: lines/line`"
            raise invalid(node, MISSING_KEY, "`at` is for xml and json, and they need it", advice)
        at = () if kind == "hl7" else target_path(keys.at, kind, node)
        assert isinstance(at, tuple)
        fields = self._fields(keys.fields, keys.fields, kind)
        return Repeat(keys.for_each, keys.name, at, fields, self._repeats(keys.repeat, kind, depth + 1))

    def _clashes(self, fields: list[Field], node: Map) -> None:
        """`a` and `a/b`: a text cannot also hold fields."""
        paths = {field.path: field.name for field in fields if isinstance(field.path, tuple)}
        for path, name in paths.items():
            for length in range(1, len(path)):
                if path[:length] in paths and not path[length].attribute:
                    text = f"`{name}` lies inside `{paths[path[:length]]}`, which is a text"
                    self._problems.append(Problem(node.place_of(name), BAD_PATH, text, "choose another path"))
                    break


def target_path(text: str, kind: str, node: Any) -> TargetPath:
    """A path in a target. Raises `Invalid`."""
    place = node.place_of(text) if isinstance(node, Map) else node.at
    if kind == "hl7":
        try:
            path = hl7.Path.parse(text)
        except ValueError as error:
            raise invalid(place, BAD_PATH, f"`{text[:60]}` is no place in an HL7 message", str(error)) from None
        if path.segment == "MSH" and path.field < 3:
            raise invalid(place, BAD_PATH, f"`{text}` is the message's own separators", "leave it out")
        return path
    steps: list[Step] = []
    for word in text.split("/"):
        found = _STEP.fullmatch(word)
        if found is None or (found[1] and kind != "xml") or (steps and steps[-1].attribute):
            example = "Order/Patient/@id" if kind == "xml" else "order/patient/id"
            raise invalid(place, BAD_PATH, f"`{text[:60]}` is no path in a {kind} document", f"write `{example}`")
        steps.append(Step(found[2], int(found[3]) if found[3] else None, bool(found[1])))
    return tuple(steps)
