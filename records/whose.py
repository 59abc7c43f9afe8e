"""Whose a page may be, and what on a page speaks against a patient. It only points: a person decides.

Reads labels, what was read of the page, the name of its file, the page before it, and who comes today or tomorrow.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, String, select, type_coerce

from engine.store.schema import patient
from engine.store.schema_records import appointment, page, page_text, patient_key, scan_file
from engine.store.sql import pieces
from records import appointments, codes, lookup, names, patients
from records import candidates as reading
from records.candidates import Box
from records.desk import SHEETS
from records.lookup import Found
from records.sorting import SHEET

Why = Literal["label", "text", "file", "appointment", "previous"]
Field = Literal["number", "name", "birth_date"]

MOST = 12
SURE = 60
"""Mean confidence of a page below which its names say nothing against a patient."""
ALIKE = 0.5
"""Two names that have less in common than this are different ones, whatever was misread."""
PIECE = 400


@dataclass(frozen=True, slots=True)
class Candidate:
    """place: where on the page it stands, in parts of it; None: not on the page."""

    patient: Found
    why: Why
    place: Box | None = None


@dataclass(frozen=True, slots=True)
class Against:
    """A page that says something else than the patient's own row; `field` says what, never the value."""

    page: str
    field: Field


def candidates(conn: Connection, row: Row[Any], today: str) -> list[Candidate]:
    """Of the page of this row, the surest first, each patient once."""
    found: dict[int, Candidate] = {}
    for key, why, place in _keys(conn, row, today):
        if key not in found and len(found) < MOST:
            known = lookup.brief(conn, [key]).get(key)
            if known is not None:
                found[key] = Candidate(known, why, place)
    return list(found.values())


def _keys(conn: Connection, row: Row[Any], today: str) -> Iterator[tuple[int, Why, Box | None]]:
    for number, place in labels(row.codes):
        if key := patients.key_of(conn, number):
            yield key, "label", place
    for key, place in _read(conn, row.id):
        yield key, "text", place
    name = conn.execute(select(scan_file.c.name).where(scan_file.c.id == row.file)).scalar_one()
    for key in _by_numbers(conn, _file_numbers(name)):
        yield key, "file", None
    if (before := _before(conn, row)) is not None:
        yield before, "previous", None
    for key in _coming(conn, today):
        yield key, "appointment", None


def labels(found: Iterable[dict[str, Any]]) -> list[tuple[str, Box | None]]:
    """The patients' numbers on the labels among a page's barcodes; the check character was right."""
    made = []
    for code in found:
        parsed = codes.parse(str(code.get("text", "")))
        if isinstance(parsed, codes.Label):
            box = code.get("box")
            made.append((parsed.number, tuple(box) if box and len(box) == 4 else None))
    return made


def _read(conn: Connection, key: int) -> Iterator[tuple[int, Box | None]]:
    """By what stands on the page: a number behind its word, then a name, then any word that is somebody's number."""
    words = conn.execute(select(page_text.c.words).where(page_text.c.page == key)).scalar()
    if words is None:
        return
    rows = reading.unpacked(words)
    said = reading.marks(rows)
    for one in said:
        if one.kind == "number":
            for found in _by_numbers(conn, [names.number_key(one.value)]):
                yield found, one.place
    births = {one.value for one in said if one.kind == "birth_date"}
    for one in said:
        if one.kind == "name":
            for found in _by_name(conn, one.value, births):
                yield found, one.place
    numbers = dict(reading.numbers(rows))
    for found, number in _owners(conn, list(numbers)):
        yield found, numbers[number]


def _by_numbers(conn: Connection, numbers: Sequence[str]) -> list[int]:
    return [key for key, _ in _owners(conn, numbers)]


def _owners(conn: Connection, numbers: Sequence[str]) -> list[tuple[int, str]]:
    """Patients who have one of these folded numbers, and which."""
    made: list[tuple[int, str]] = []
    for some in pieces(numbers, PIECE):
        wanted = [f"n:{number}" for number in some]
        query = select(patient_key.c.patient, patient_key.c.key).where(patient_key.c.key.in_(wanted))
        made += [(row.patient, row.key[2:]) for row in conn.execute(query)]
    return made


def _by_name(conn: Connection, name: str, births: set[str]) -> list[int]:
    """Patients of exactly this name; of more than a few only those who were born on a day that the page names."""
    found = [one for one in lookup.lookup(conn, name, 20) if _is_name(one.name, name)]
    born = [one for one in found if one.birth_date in births]
    return [one.key for one in born or (found if len(found) <= 3 else [])]


def _is_name(known: str, read: str) -> bool:
    return sorted(_parts(known)) == sorted(_parts(read))


def _parts(name: str) -> list[str]:
    """Chinese as one part, Latin by words."""
    joined = re.sub(r"\s+", "", name) if names.CJK.search(name) else name
    return names.CJK.findall(joined) or names.words(joined)


def _file_numbers(name: str) -> list[str]:
    """Parts of a file's name that may be a number."""
    parts = [names.number_key(part) for part in re.split(r"[^\w-]+|_", name.rsplit(".", 1)[0])]
    return [part for part in dict.fromkeys(parts) if sum(map(str.isdigit, part)) >= reading.LEAST_NUMBER][:10]


def _before(conn: Connection, row: Row[Any]) -> int | None:
    """The patient of the nearest page before it that has one. Not over a sheet of ours, nor over what looks like one:
    behind it another document begins, which may be anybody's."""
    sheet = page.c.state.in_(SHEETS) | type_coerce(page.c.flags, String).like(f'%"{SHEET}"%')
    query = (
        select(page.c.patient, sheet.label("sheet"))
        .where(page.c.batch == row.batch, page.c.position < row.position, page.c.patient.is_not(None) | sheet)
        .order_by(page.c.position.desc())
        .limit(1)
    )
    found = conn.execute(query).one_or_none()
    return None if found is None or found.sheet else int(found.patient)


def _coming(conn: Connection, today: str) -> list[int]:
    """Patients whose paper is to be scanned first, today's and tomorrow's; a few."""
    tomorrow = (date.fromisoformat(today) + timedelta(days=1)).isoformat()
    query = (
        select(appointment.c.number)
        .where(appointment.c.day.in_((today, tomorrow)), appointment.c.first == 1, appointment.c.state == "planned")
        .order_by(appointment.c.day, appointment.c.time)
        .limit(5)
    )
    numbers = list(conn.execute(query).scalars())
    known = appointments.patients_of(conn, numbers)
    return [known[number] for number in numbers if number in known]


def against(conn: Connection, rows: Sequence[Row[Any]], key: int) -> list[Against]:
    """What on these pages (rows of `page`) contradicts this patient: labels, and what was read of them."""
    who = conn.execute(select(patient).where(patient.c.id == key)).one()
    texts = _texts(conn, [row.id for row in rows])
    made: list[Against] = []
    for row in rows:
        fields = {"number" for number, _ in labels(row.codes) if patients.key_of(conn, number) != key}
        text, confidence = texts.get(row.id, ("", 0.0))
        fields |= set(_text_against(conn, text, confidence, who))
        made += [Against(row.public_id, field) for field in ("number", "name", "birth_date") if field in fields]
    return made


def _text_against(conn: Connection, text: str, confidence: float, who: Row[Any]) -> Iterator[Field]:
    """Fields that the page says otherwise. One that it says twice, once rightly, is right."""
    said = reading.said(text)
    days = [one.value for one in said if one.kind == "birth_date"]
    if days and who.birth_date and who.birth_date not in days:
        yield "birth_date"
    # A number counts only if it is another patient's: one misread digit is nobody's.
    numbers = [names.number_key(one.value) for one in said if one.kind == "number"]
    owners = set(_by_numbers(conn, numbers))
    if owners and who.id not in owners:
        yield "number"
    read = [one.value for one in said if one.kind == "name"]
    if read and confidence >= SURE and all(_differ(who.name, name) for name in read):
        yield "name"


def _differ(known: str, read: str) -> bool:
    """Whether two names cannot be one: no word in common, and too few letters."""
    mine, theirs = _parts(known), _parts(read)
    if not mine or not theirs or bool(names.CJK.search(known)) != bool(names.CJK.search(read)):
        return False  # another script: nothing to compare
    if set(mine) & set(theirs):
        return False
    alike = difflib.SequenceMatcher(None, " ".join(sorted(mine)), " ".join(sorted(theirs)), autojunk=False)
    return alike.ratio() < ALIKE


def _texts(conn: Connection, keys: Sequence[int]) -> dict[int, tuple[str, float]]:
    made: dict[int, tuple[str, float]] = {}
    for some in pieces(keys, PIECE):
        columns = (page_text.c.page, page_text.c.text, page_text.c.confidence)
        query = select(*columns).where(page_text.c.page.in_(some))
        made |= {row.page: (row.text, row.confidence) for row in conn.execute(query)}
    return made
