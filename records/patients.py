"""The patient table: who a patient is, as the last word of the HIS says. Pure functions inside a store operation."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.message import Refused
from engine.store.schema import patient
from engine.store.sql import Statement

REFUSED = "WB-3014"  # demographics that the patient table does not take

P = bindparam

COLUMNS = ("id", "public_id", "number", "name", "birth_date", "sex", "details", "updated_at")
_FIND = Statement(select(*(patient.c[name] for name in COLUMNS)).where(patient.c.number == P("of")))
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


def find(conn: Connection, number: str) -> dict[str, Any] | None:
    """`id public_id number name birth_date sex` and the details (`visit`, ...) beside them; None: not known."""
    row = _row(conn, number)
    return None if row is None else _shown(row)


def upsert(conn: Connection, number: str, fields: Mapping[str, str], at: int) -> dict[str, Any]:
    """Put the fields under this number and answer what `find` would.

    An empty field never blanks a filled one, and what is older than the last change (`at`, the effect's time in
    milliseconds: a retry may come late) only fills what is empty.
    """
    number, given = _number(number), _clean(fields)
    row = _row(conn, number)
    if row is None:
        _add(conn, number, given, at)
    else:
        _merge(conn, row, given, at)
    row = _row(conn, number)
    assert row is not None
    return _shown(row)


def _row(conn: Connection, number: str) -> dict[str, Any] | None:
    found = _FIND.run(conn, of=number.strip()).fetchone()
    if found is None:
        return None
    row = dict(zip(COLUMNS, found, strict=True))
    return row | {"details": json.loads(row["details"])}


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: row[name] for name in COLUMNS if name not in ("details", "updated_at")}
    return {**row["details"], **own}


def _add(conn: Connection, number: str, given: dict[str, str], at: int) -> None:
    if not given["name"]:
        raise Refused(REFUSED, "a patient who is not known yet has no name here")
    details = {name: value for name, value in given.items() if name not in MAIN and value}
    _INSERT.run(
        conn, public_id=_public_id(), number=number, name=given["name"], birth_date=given["birth_date"],
        sex=given["sex"] or "U", details=json.dumps(details, ensure_ascii=False), at=at,
    )  # fmt: skip


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


def _public_id() -> str:
    """Goes into addresses of screens: says nothing about the patient."""
    return base64.b32encode(os.urandom(10)).decode()
