"""Find patients by what a person types or a scanner reads: number, name in any form, birth date, or several of them.

Each way to understand the text is a few ranges of the key table (records/names.py), asked in the order of how sure it
is, until there are enough. Of several words the rarest leads and the others are looked up for each of its patients.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, func, literal_column, select

from engine.message import Refused
from engine.store.schema import patient
from engine.store.schema_records import patient_key, patient_number
from engine.store.sql import Statement
from records import codes, names

MISREAD = "WB-8203"  # a label whose check character is wrong, or the code of another kind of sheet

P = bindparam

MOST_WORDS = 6
LONGEST = 100
COUNTED = 3000
"""Keys of a range that are counted to find the rarest word; more are many."""
SAME = 4
"""Keys of one patient in one range, about: that much more is read."""
Range = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """A patient; `key` is the table's number, `why` by what it was found, `merged_from` the old number if by that."""

    key: int
    id: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str
    why: str = ""
    merged_from: str | None = field(default=None, repr=False)


def lookup(conn: Connection, text: str, limit: int = 20) -> list[Found]:
    """The best first. An empty text finds nobody; `Refused` for the code of a label that was misread."""
    text = _unlabelled(text)
    found: dict[int, str] = {}
    for why, ranges in ways(text):
        if len(found) >= limit:
            break
        for key in _matches(conn, ranges, limit):
            found.setdefault(key, why)
    keys = list(found)[:limit]
    old = _old_numbers(conn, text, [key for key in keys if found[key] == "number"])
    return [_of(row, found[row.id], old.get(row.id)) for row in _rows(conn, keys)]


def _unlabelled(text: str) -> str:
    """The number, when the text is the code of one of our labels, as a hand scanner types it, or its end."""
    text = text.strip()
    code = codes.parse(text)
    if isinstance(code, codes.Label):
        return code.number
    if code is not None:
        raise Refused(MISREAD, "this is no label of a patient, or it was misread; scan it again")
    short = codes.parse(f"WBP-{text.upper()}")
    return short.number if isinstance(short, codes.Label) else text


def brief(conn: Connection, keys: list[int]) -> dict[int, Found]:
    """The patients with these keys, in one query."""
    return {row.id: _of(row, "", None) for row in _rows(conn, keys)}


def ways(text: str) -> list[tuple[str, list[Range]]]:
    """What the text may mean (`number birth name pinyin initials`), each with ranges that all must hold."""
    text = text.strip()[:LONGEST]
    made: list[tuple[str, list[Range]]] = []
    number = names.number_key(text)
    if any(letter.isdigit() for letter in number):
        made.append(("number", [_prefix(f"n:{number}")]))
    made += [("birth", [_prefix(f"b:{date}")]) for date in names.dates(text)]
    words = [word for word in re.split(r"[\s,;，；、]+", text) if word][:MOST_WORDS]
    if not words or (len(words) == 1 and (names.dates(text) or text.isdigit())):
        return made
    apart = [one for word in words for one in _word(word)]
    if apart:
        made.append(("name", apart))
    return made + _pinyin(words)


def _word(word: str) -> list[Range]:
    """What one word asks for; a word in two scripts asks for both."""
    if dates := names.dates(word):
        return [_prefix(f"b:{dates[0]}")]
    if any(letter.isdigit() for letter in word):
        return [_prefix(f"n:{names.number_key(word)}")]
    chinese = [_prefix(f"z:{run}") for run in names.CJK.findall(names.HYPHENS.sub("", word))]
    return chinese + [_prefix(f"a:{one}") for one in names.words(names.CJK.sub(" ", word))[:1]]


def _pinyin(words: list[str]) -> list[tuple[str, list[Range]]]:
    """Latin words as pinyin, whole and initials; what else was typed must hold too."""
    latin = [word for word in words if names.fold(word).isascii() and not any(letter.isdigit() for letter in word)]
    joined = "".join(names.number_key(word) for word in latin)
    if not joined:
        return []
    others = [one for word in words if word not in latin for one in _word(word)]
    made = [("pinyin", [_prefix(f"p:{joined}"), *others])]
    if len(joined) <= 6:
        made.append(("initials", [_prefix(f"i:{joined}"), *others]))
    return made


def _prefix(key: str) -> Range:
    key = key[: names.LONGEST]
    return key, key + "\U0010ffff"


def _matches(conn: Connection, ranges: list[Range], limit: int) -> list[int]:
    """Patients for whom all hold, those first whose key is the shortest beyond what was typed."""
    if len(ranges) > 1:
        ranges = sorted(ranges, key=lambda one: _count(conn, one))
    values: dict[str, Any] = {"most": limit * SAME}
    for place, (low, high) in enumerate(ranges):
        values |= {f"low{place}": low, f"high{place}": high}
    rows = statement(len(ranges)).all(conn, **values)
    return list(dict.fromkeys(int(row[0]) for row in rows))[:limit]


def _count(conn: Connection, one: Range) -> int:
    row = _COUNT.one(conn, low0=one[0], high0=one[1])
    assert row is not None
    return int(row[0])


@functools.cache
def statement(count: int) -> Statement:
    """Patients in the first range for whom the others hold."""
    return Statement(_ranges(count).order_by(patient_key.c.key, patient_key.c.patient).limit(P("most")))


def _ranges(count: int) -> Select[Any]:
    query = select(patient_key.c.patient).where(patient_key.c.key >= P("low0"), patient_key.c.key < P("high0"))
    for place in range(1, count):
        other = patient_key.alias(f"k{place}")
        query = query.where(
            exists().where(
                other.c.patient == patient_key.c.patient,
                other.c.key >= P(f"low{place}"),
                other.c.key < P(f"high{place}"),
            )
        )
    return query


_COUNT = Statement(select(func.count(literal_column("1"))).select_from(_ranges(1).limit(COUNTED).subquery()))


def _rows(conn: Connection, keys: list[int]) -> list[Any]:
    columns = [patient.c[name] for name in ("id", "public_id", "number", "name", "birth_date", "sex")]
    rows = {row.id: row for row in conn.execute(select(*columns).where(patient.c.id.in_(keys)))} if keys else {}
    return [rows[key] for key in keys if key in rows]


def _of(row: Any, why: str, merged_from: str | None) -> Found:
    return Found(row.id, row.public_id, row.number, row.name, row.birth_date, row.sex, why, merged_from)


def _old_numbers(conn: Connection, text: str, keys: list[int]) -> dict[int, str]:
    """Numbers that begin so and were merged into one of these."""
    text = text.strip()
    if not keys:
        return {}
    query = select(patient_number.c.patient, patient_number.c.number).where(
        patient_number.c.number >= text,
        patient_number.c.number < text + "\U0010ffff",
        patient_number.c.patient.in_(keys),
    )
    return {row.patient: row.number for row in conn.execute(query)}
