"""The patient table: who a patient is, as the last word of the HIS says. Pure functions inside a store operation.

Who was merged into another (records/merge.py) is led there by each of these. The keys by which a patient is found
(records/names.py) are written together with the row; `index` writes those of rows that have none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from engine.message import Refused
from engine.store.schema import patient
from engine.store.schema_records import patient_key, patient_number
from engine.store.sql import Statement
from records import names
from records.ids import public_id

REFUSED = "WB-3014"  # demographics that the patient table does not take

P = bindparam

COLUMNS = ("id", "public_id", "number", "name", "birth_date", "sex", "details", "updated_at", "merged_into")
_COLUMNS = tuple(patient.c[name] for name in COLUMNS)
_FIND = Statement(select(*_COLUMNS).where(patient.c.number == P("of")))
_BY_KEY = Statement(select(*_COLUMNS).where(patient.c.id == P("of")))
_LED = Statement(
    select(*_COLUMNS)
    .join(patient_number, patient_number.c.patient == patient.c.id)
    .where(patient_number.c.number == P("of"))
)
_ADD_KEY = Statement(insert(patient_key).prefix_with("OR IGNORE").values(key=P("key"), patient=P("of")))
_DROP_KEY = Statement(delete(patient_key).where(patient_key.c.patient == P("of"), patient_key.c.key == P("key")))
_INSERT = Statement(
    insert(patient).values(
        public_id=P("public_id"), number=P("number"), name=P("name"), birth_date=P("birth_date"), sex=P("sex"),
        details=P("details"), created_at=P("at"), updated_at=P("at"),
    )
)  # fmt: skip
_UPDATE = Statement(
    update(patient).where(patient.c.id == P("of"))
    .values(name=P("name"), birth_date=P("birth_date"), sex=P("sex"), details=P("details"), updated_at=P("updated_at"))
)  # fmt: skip
MAIN = ("name", "birth_date", "sex")
LONGEST = {"number": 60, "name": 200}
MAX_DETAILS, MAX_DETAIL = 40, 400
INSIDE = ("details", "updated_at", "merged_into")
CHAIN = 20
"""Merges that are followed; `merge` keeps chains at one."""


def find(conn: Connection, number: str) -> dict[str, Any] | None:
    """`id public_id number name birth_date sex` and the details (`visit`, ...) beside them; None: not known."""
    row = _row(conn, number)
    return None if row is None else _shown(row)


def key_of(conn: Connection, number: str) -> int | None:
    """The table's own number of the patient who has this number, or to whom a merge gave it."""
    row = _row(conn, number)
    return None if row is None else int(row["id"])


def by_public_id(conn: Connection, public_id: str) -> dict[str, Any] | None:
    """As `find`, by the id that screens use."""
    key = conn.execute(select(patient.c.id).where(patient.c.public_id == public_id)).scalar()
    return None if key is None else by_key(conn, key)


def by_key(conn: Connection, key: int) -> dict[str, Any] | None:
    """As `find`, by the table's own number."""
    row = _led(conn, _BY_KEY.one(conn, of=key))
    return None if row is None else _shown(row)


def upsert(conn: Connection, number: str, fields: Mapping[str, str], at: int) -> dict[str, Any]:
    """Put the fields under this number and answer what `find` would.

    An empty field never blanks a filled one, and what is older than the last change (`at`, the effect's time in
    milliseconds: a retry may come late) only fills what is empty; so does what comes under a number that a merge has
    given to another patient.
    """
    number, given = _number(number), _clean(fields)
    row = _row(conn, number)
    if row is None:
        _add(conn, number, given, at)
    else:
        _merge(conn, row, given, at if row["number"] == number else -1)
    row = _row(conn, number)
    assert row is not None
    return _shown(row)


def index(conn: Connection, after: int, limit: int) -> int | None:
    """Write the keys of patients that have none; answers after whom the next piece begins, None at the end."""
    ids = conn.execute(select(patient.c.id).where(patient.c.id > after).order_by(patient.c.id).limit(limit)).scalars()
    span = list(ids)
    if not span:
        return None
    bare = ~exists().where(patient_key.c.patient == patient.c.id)
    rows = select(patient.c.id, patient.c.number, patient.c.name, patient.c.birth_date).where(
        patient.c.id.in_(span), patient.c.merged_into.is_(None), bare
    )
    for key, number, name, birth_date in conn.execute(rows).all():
        add_keys(conn, key, names.keys(number, name, birth_date))
    return int(span[-1])


def add_keys(conn: Connection, key: int, keys: set[str]) -> None:
    """Let the patient be found by these too."""
    _ADD_KEY.many(conn, [{"key": one, "of": key} for one in sorted(keys)])


def drop_keys(conn: Connection, key: int, keys: set[str]) -> None:
    """Let the patient be found by these no more."""
    _DROP_KEY.many(conn, [{"key": one, "of": key} for one in sorted(keys)])


def _row(conn: Connection, number: str) -> dict[str, Any] | None:
    number = number.strip()
    return _led(conn, _FIND.one(conn, of=number) or _LED.one(conn, of=number))


def _led(conn: Connection, found: Any) -> dict[str, Any] | None:
    """The row at the end of the merges."""
    for _ in range(CHAIN):
        if found is None:
            return None
        row = dict(zip(COLUMNS, found, strict=True))
        if row["merged_into"] is None:
            return row | {"details": json.loads(row["details"])}
        found = _BY_KEY.one(conn, of=row["merged_into"])
    raise AssertionError("merges that lead nowhere")


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in COLUMNS if name not in INSIDE}
    return {**row["details"], **own}


def _add(conn: Connection, number: str, given: dict[str, str], at: int) -> None:
    if not given["name"]:
        raise Refused(REFUSED, "a patient who is not known yet has no name here")
    details = {name: value for name, value in given.items() if name not in MAIN and value}
    _INSERT.run(
        conn, public_id=public_id(), number=number, name=given["name"], birth_date=given["birth_date"],
        sex=given["sex"] or "U", details=json.dumps(details, ensure_ascii=False), at=at,
    )  # fmt: skip
    row = _row(conn, number)
    assert row is not None
    add_keys(conn, row["id"], names.keys(number, given["name"], given["birth_date"]))


def _merge(conn: Connection, row: Mapping[str, Any], given: dict[str, str], at: int) -> None:
    older = at < row["updated_at"]

    def last(known: str, new: str) -> str:
        return known if known and (older or not new) else new

    main = {
        "name": last(row["name"], given["name"]),
        "birth_date": last(row["birth_date"], given["birth_date"]),
        # U is the word for no answer.
        "sex": last(row["sex"].replace("U", ""), given["sex"]) or "U",
    }
    details = dict(row["details"])
    for name, value in given.items():
        if name not in MAIN and (merged := last(details.get(name, ""), value)):
            details[name] = merged
    if older or ({name: row[name] for name in MAIN}, row["details"]) != (main, details):
        text = json.dumps(details, ensure_ascii=False)
        _UPDATE.run(conn, of=row["id"], **main, details=text, updated_at=max(at, row["updated_at"]))
        _renew_keys(conn, row, main)


def _renew_keys(conn: Connection, row: Mapping[str, Any], main: Mapping[str, str]) -> None:
    """Only what differs: the keys that a merge brought stay."""
    if (row["name"], row["birth_date"]) == (main["name"], main["birth_date"]):
        return
    old = names.keys(row["number"], row["name"], row["birth_date"])
    new = names.keys(row["number"], main["name"], main["birth_date"])
    drop_keys(conn, row["id"], old - new)
    add_keys(conn, row["id"], new)


def _number(number: str) -> str:
    number = number.strip()
    if not number or len(number) > LONGEST["number"]:
        raise Refused(REFUSED, "the patient's number is empty or too long")
    return number


def _clean(fields: Mapping[str, str]) -> dict[str, str]:
    """Each field trimmed and in the form that the table has; `Refused` names the field, never its value."""
    given = {"name": "", "birth_date": "", "sex": ""} | {name: str(value).strip() for name, value in fields.items()}
    for reserved in COLUMNS:
        if reserved not in MAIN:
            given.pop(reserved, None)
    if len(given["name"]) > LONGEST["name"]:
        raise Refused(REFUSED, "the patient's name is too long")
    if given["birth_date"] and not _is_date(given["birth_date"]):
        raise Refused(REFUSED, "the birth date is not written YYYY-MM-DD")
    if given["sex"] not in ("", "F", "M", "U"):
        raise Refused(REFUSED, "the sex is not F, M or U")
    given["sex"] = given["sex"].replace("U", "")
    if len(given) > MAX_DETAILS or any(len(value) > MAX_DETAIL for value in given.values()):
        raise Refused(REFUSED, "there are too many details, or one is too long")
    return given


def _is_date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False
