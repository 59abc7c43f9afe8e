"""What a site calls things: kinds of documents, departments, stations. In the database, and as one YAML to edit.

The YAML is read as `routes.yaml` is: every fault of it at once, with its line. `records/data/lists.yaml` is what a new
store begins with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, Row, Table, func, insert, select, update

from engine.message import Refused
from engine.site.nodes import Map, Node, parse_yaml
from engine.site.problems import Invalid, Problem, invalid
from engine.site.settings import Context, build, option
from engine.store.schema_records import department, doc_kind, station
from records.rules import Rule

BAD_LISTS = "WB-8501"  # lists that cannot be read, or say a code twice
FIRST = Path(__file__).parent / "data" / "lists.yaml"
MOST_BYTES = 1 << 20
LANGUAGES = ("en", "es", "zh")
SIDES = ("one", "both", "twice")
TABLES: dict[str, Table] = {"kinds": doc_kind, "departments": department, "stations": station}


def _line(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise ValueError(f"{what} has at most {most} characters")
    if text != text.strip() or not text.isprintable():
        raise ValueError(f"{what} is one line, without spaces around it")


def _code(code: str, most: int) -> None:
    if not code:
        raise ValueError(f"a code has 1 to {most} characters")
    _line("a code", code, most)


@dataclass(frozen=True, slots=True)
class Names:
    """What a thing is called in each language of the screens; one is enough."""

    en: str = option("English", default="")
    es: str = option("Spanish", default="")
    zh: str = option("Chinese", default="")

    def __post_init__(self) -> None:
        if not (self.en or self.es or self.zh):
            raise ValueError("write a name, for example `names: {en: Consent form}`")
        for name in (self.en, self.es, self.zh):
            _line("a name", name, 100)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document."""

    code: str = option("what is stored; never change it")
    names: Names = option("what people see")
    family: str = option("what lists group by", default="")
    loinc: str = option("the LOINC document code", default="")
    kdl: str = option("the code of the Klinische Dokumentenklassen-Liste", default="")
    department: str = option("the department that most of these come from", default="")
    threshold: float | None = option("how sure the machine must be, 0 to 1; empty: what training found", default=None)
    values: tuple[Rule, ...] = option("what is looked for in the text", default=())
    active: bool = option("`false`: not offered any more", default=True)

    def __post_init__(self) -> None:
        _code(self.code, 60)
        _line("a family", self.family, 60)
        _line("a LOINC code", self.loinc, 20)
        _line("a KDL code", self.kdl, 20)
        _line("a department's code", self.department, 40)
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise ValueError("a threshold is from 0 to 1")


@dataclass(frozen=True, slots=True)
class Department:
    """One department."""

    code: str = option("what is stored; never change it")
    names: Names = option("what people see, and what is looked for on pages")
    active: bool = option("`false`: not offered any more", default=True)

    def __post_init__(self) -> None:
        _code(self.code, 40)


@dataclass(frozen=True, slots=True)
class Station:
    """One scanner and who stands at it."""

    code: str = option("the folder below the scan folder, and the name in uploads")
    title: str = option("what people see", default="")
    languages: str = option("of the text, as Tesseract names them, for example `chi_sim+eng`", default="eng")
    options: Mapping[str, str] = option("`sides` (one, both, twice), `prefix` of the hand scanner, `clean`", default={})
    active: bool = option("`false`: its pages are refused", default=True)

    def __post_init__(self) -> None:
        _code(self.code, 40)
        if self.code.startswith(".") or not {"/", "\\"}.isdisjoint(self.code):
            raise ValueError("a station's code is the name of a folder: no `/`, and no dot at its beginning")
        _line("a title", self.title, 100)
        if len(self.languages) > 60 or not re.fullmatch(r"\w+(\+\w+){0,5}", self.languages, re.ASCII):
            raise ValueError("languages are written as Tesseract names them, for example `chi_sim+eng`")
        if self.options.get("sides", "one") not in SIDES:
            raise ValueError(f"the sides are {', '.join(SIDES)}")
        for name, said in self.options.items():
            _line("an option", name, 40)
            _line("an option", said, 200)


@dataclass(frozen=True, slots=True)
class Lists:
    """All three. A list that is left out stays as it is."""

    kinds: tuple[Kind, ...] | None = option("kinds of documents, in the order in which they are offered", default=None)
    departments: tuple[Department, ...] | None = option("departments, in their order", default=None)
    stations: tuple[Station, ...] | None = option("stations", default=None)


def read(text: str) -> Lists:
    """The lists of a YAML text. Raises `Invalid` with every fault, line and column."""
    if len(text.encode()) > MOST_BYTES:
        raise Refused(BAD_LISTS, "the lists are larger than 1 MiB")
    return check(parse_yaml(text, "lists.yaml"))


def check(node: Map) -> Lists:
    """The lists of a mapping, however it was written. Raises `Invalid` with every fault and its place."""
    lists = build(Lists, node, Context(Path()))
    twice = list(_twice(node))
    if twice:
        raise Invalid(twice)
    return lists


def _twice(node: Map) -> Iterable[Problem]:
    for name in TABLES:
        seen: set[str] = set()
        items: Node = node.get(name, [])  # type: ignore[arg-type]
        for item in items if isinstance(items, list) else ():
            code = str(item.get("code", "")) if isinstance(item, Map) else ""
            if code in seen:
                yield from invalid(item, BAD_LISTS, f"the code `{code}` stands here twice").problems
            seen.add(code)


def changes(conn: Connection, lists: Lists) -> dict[str, dict[str, list[str]]]:
    """What writing them would do: `{kinds: {added, changed, retired}}`, by code; equal ones are not named."""
    found = {}
    for name, table in TABLES.items():
        wanted = _wanted(lists, name)
        if wanted is None:
            continue
        known = {row.code: dict(row._mapping) for row in conn.execute(select(table))}
        found[name] = {
            "added": [code for code in wanted if code not in known],
            "changed": [code for code, row in wanted.items() if code in known and known[code] != row],
            "retired": [code for code, row in known.items() if code not in wanted and row["active"]],
        }
    return found


def write(conn: Connection, lists: Lists) -> dict[str, dict[str, list[str]]]:
    """Make the lists so; what `changes` says. A code that is left out is retired, not removed: documents have it."""
    found = changes(conn, lists)
    for name, done in found.items():
        table, wanted = TABLES[name], _wanted(lists, name) or {}
        for code in done["added"]:
            conn.execute(insert(table).values(**wanted[code]))
        for code in done["changed"]:
            conn.execute(update(table).where(table.c.code == code).values(**wanted[code]))
        if done["retired"]:
            conn.execute(update(table).where(table.c.code.in_(done["retired"])).values(active=0))
    return found


def begin(conn: Connection) -> bool:
    """Fill the lists of a store that has none; whether it did."""
    if conn.execute(select(func.count()).select_from(doc_kind)).scalar():
        return False
    write(conn, read(FIRST.read_text("utf-8")))
    return True


def _wanted(lists: Lists, name: str) -> dict[str, dict[str, Any]] | None:
    items: Sequence[Any] | None = getattr(lists, name)
    if items is None:
        return None
    return {item.code: _row(item, place) for place, item in enumerate(items)}


def _row(item: Kind | Department | Station, place: int) -> dict[str, Any]:
    row: dict[str, Any]
    if isinstance(item, Station):
        row = {"title": item.title, "languages": item.languages, "options": dict(item.options)}
    else:
        row = {"names": _spoken(item.names), "position": place}
    if isinstance(item, Kind):
        rules = [rule.plain() for rule in item.values]
        row |= {
            "family": item.family, "loinc": item.loinc, "kdl": item.kdl, "department": item.department,
            "rules": {"threshold": item.threshold, "values": rules},
        }  # fmt: skip
    return {"code": item.code, "active": int(item.active), **row}


def _spoken(names: Names) -> dict[str, str]:
    return {language: name for language, name in asdict(names).items() if name}


def shown(conn: Connection) -> dict[str, list[dict[str, Any]]]:
    """All lists as they are, in their order, retired ones with `active` false."""
    kinds = conn.execute(select(doc_kind).order_by(doc_kind.c.position, doc_kind.c.code))
    departments = conn.execute(select(department).order_by(department.c.position, department.c.code))
    stations = conn.execute(select(station).order_by(station.c.code))
    return {
        "kinds": [_kind(_plain(row)) for row in kinds],
        "departments": [_flag(_plain(row)) for row in departments],
        "stations": [_flag(_plain(row)) for row in stations],
    }


def _plain(row: Row[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row._mapping.items()}


def _kind(row: dict[str, Any]) -> dict[str, Any]:
    rules = row.pop("rules")
    return _flag(row) | {"threshold": rules.get("threshold"), "values": rules.get("values", [])}


def _flag(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"active": bool(row["active"])}


def exported(conn: Connection) -> str:
    """The lists as YAML that `read` takes; what is empty is left out."""
    said = {name: [_short(item) for item in items] for name, items in shown(conn).items()}
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=120)


def _short(item: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if name != "position" and value not in ("", None, [], {})}
    return {name: value for name, value in kept.items() if name != "active" or not value}
