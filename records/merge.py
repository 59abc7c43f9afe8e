"""One patient under two numbers becomes one: an HL7 merge (A40). Pure functions inside one store operation.

All that was the retired patient's becomes the survivor's, as one act that keeps what was before. The old number leads
on for ever, over chains of merges too: each number leads straight to the last survivor. What comes in another order, or
again, ends the same: a number that nobody had yet leads on from its first use; two that lead to one another already
are one. A merge back (B into A after A into B) therefore changes nothing: both are the same patient.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, func, select, update
from sqlalchemy.dialects.sqlite import insert

from engine.message import Refused
from engine.points import point
from engine.store.schema import document, patient
from engine.store.schema_records import appointment, batch, draft, page, patient_key, patient_number
from engine.store.sql import pieces
from records import acts, audit, names, patients

REFUSED = "WB-8210"  # a merge without two different numbers
UNKNOWN = "WB-8211"  # the patient who survives a merge is not known yet
KIND = "patient.merge"
MAIN = ("birth_date", "sex")


@dataclass(frozen=True, slots=True)
class Merged:
    """survivor: as `patients.find` shows. moved: how many rows of each table; act: 0 when nothing was to be done."""

    survivor: dict[str, Any] = field(repr=False)
    moved: dict[str, int]
    act: int = 0


def merge(conn: Connection, *, survivor: str, retired: str, at: int, user: str = "records") -> Merged:
    """Lead `retired` to `survivor`. The survivor must be known; `Refused` WB-8211 otherwise, and nothing is done."""
    last, gone = _cleaned(survivor), _cleaned(retired)
    if last == gone:
        raise Refused(REFUSED, "both numbers of the merge are the same")
    into = patients.key_of(conn, last)
    if into is None:
        raise Refused(UNKNOWN, "the patient who survives the merge is not known yet")
    old = patients.key_of(conn, gone)
    if old == into:
        return Merged(_shown(conn, into), {})
    numbers = [gone] if old is None else _numbers(conn, old)
    rows = {} if old is None else _rows(conn, old, into, numbers)
    act = acts.change(conn, kind=KIND, by=None, at=at, rows=rows)
    point("desk.merge")
    _lead(conn, numbers, old, into, at)
    _keys(conn, numbers, old, into)
    renew_batches(conn, list(rows.get("page", {})), at)
    for key in (into, old):
        if key is not None:
            audit.record(conn, at=at, user=user, act=KIND, patient=key, subject=f"act {act}")
    return Merged(
        _shown(conn, into), {table: len(changed) for table, changed in rows.items() if table != "patient"}, act
    )


def _cleaned(number: str) -> str:
    number = number.strip()
    if not number or len(number) > patients.LONGEST["number"]:
        raise Refused(REFUSED, "a number of the merge is empty or too long")
    return number


def _shown(conn: Connection, key: int) -> dict[str, Any]:
    found = patients.by_key(conn, key)
    assert found is not None
    return found


def _numbers(conn: Connection, old: int) -> list[str]:
    """All numbers that lead to this patient, its own first."""
    own = conn.execute(select(patient.c.number).where(patient.c.id == old)).scalar_one()
    led = conn.execute(select(patient_number.c.number).where(patient_number.c.patient == old)).scalars()
    return [str(own), *(number for number in led if number != own)]


def _rows(conn: Connection, old: int, into: int, numbers: list[str]) -> dict[str, dict[int, dict[str, Any]]]:
    """What the act changes."""
    made = {
        table.name: {key: {"patient": into} for key in _owned(conn, table, old)} for table in (page, draft, document)
    }
    number = conn.execute(select(patient.c.number).where(patient.c.id == into)).scalar_one()
    planned = conn.execute(select(appointment.c.id).where(appointment.c.number.in_(numbers))).scalars()
    made["appointment"] = {key: {"number": number} for key in planned}
    earlier = select(patient_number.c.was).where(patient_number.c.patient == old, patient_number.c.was > 0)
    made["patient"] = {key: {"merged_into": into} for key in [old, *conn.execute(earlier).scalars()]}
    made["patient"][into] = _filled(conn, old, into)
    return {table: changed for table, changed in made.items() if changed}


def _owned(conn: Connection, table: Table, old: int) -> list[int]:
    return list(conn.execute(select(table.c.id).where(table.c.patient == old)).scalars())


def _filled(conn: Connection, old: int, into: int) -> dict[str, Any]:
    """What the retired patient's row knows (the visit, say) and the survivor's does not."""
    rows = {row.id: row for row in conn.execute(select(patient).where(patient.c.id.in_([old, into])))}
    gone, last = rows[old]._mapping, rows[into]._mapping
    empty = {"birth_date": "", "sex": "U"}
    main = {name: gone[name] for name in MAIN if last[name] == empty[name] and gone[name] != empty[name]}
    return main | {"details": {**gone["details"], **last["details"]}}


def _lead(conn: Connection, numbers: list[str], old: int | None, into: int, at: int) -> None:
    """Let the numbers lead to the survivor; `was` is 0 for one that nobody had."""
    if old is not None:
        conn.execute(update(patient_number).where(patient_number.c.patient == old).values(patient=into))
    row = {"number": numbers[0], "patient": into, "was": old or 0, "at": at}
    conn.execute(insert(patient_number).values(row).on_conflict_do_update(["number"], set_={"patient": into}))


def _keys(conn: Connection, numbers: list[str], old: int | None, into: int) -> None:
    """By what the retired patient was found, the survivor is found now."""
    keys = {key for number in numbers for key in names.number_keys(number)}
    if old is not None:
        mine = set(conn.execute(select(patient_key.c.key).where(patient_key.c.patient == old)).scalars())
        patients.drop_keys(conn, old, mine)
        keys |= mine
    row = conn.execute(select(patient.c.number, patient.c.name, patient.c.birth_date).where(patient.c.id == into)).one()
    patients.add_keys(conn, into, keys | names.keys(*row))


def renew_batches(conn: Connection, pages: list[int], at: int) -> None:
    """Batches that show pages of this patient are changed: whoever has one open loads it anew."""
    for some in pieces(pages):
        touched = select(page.c.batch).where(page.c.id.in_(some))
        newer = func.max(batch.c.changed_at, at)
        changed = update(batch).where(batch.c.id.in_(touched))
        conn.execute(changed.values(version=batch.c.version + 1, changed_at=newer))
