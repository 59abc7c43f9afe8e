"""Operations about patients and their appointments: merges, appointments one by one and as a CSV file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from engine.channel import Services
from engine.message import Blob, Refused, Request, Response, Value, Xml
from engine.site.paths import Template
from engine.site.settings import TransformFile, option
from engine.store.sql import pieces
from engine.transform import safe_xml
from records import appointments, appointments_csv, merge

REFUSED = "WB-3014"  # a body that this operation does not take
PIECE = 100
"""Rows of a file in one commit."""


@dataclass(frozen=True, slots=True)
class MergePatient:
    """Lead one patient's number, and all that is that patient's, to another for ever; the survivor must be known."""

    body: TransformFile = option("makes `<merge>` with `survivor` and `retired`, the two numbers")


@dataclass(frozen=True, slots=True)
class PutAppointment:
    """Write an appointment; news that are older than the last only fill what is empty."""

    body: TransformFile = option(
        "makes `<appointment>` with id, number (the patient's), day (YYYY-MM-DD), time (HH:MM), department, name, "
        "reason, paper (where the paper is said to be)"
    )


@dataclass(frozen=True, slots=True)
class PutAppointments:
    """Write all appointments of a CSV file. Rows that are wrong are named in the refusal; all others are written."""

    document: Template = option("the file's bytes or text, for example `$(body)`")
    columns: dict[str, str] = option(
        "what the file calls a field, where it is not our word: `{number: 病历号}`", default={}
    )


@dataclass(frozen=True, slots=True)
class CancelAppointment:
    """An appointment does not take place; also before it has come."""

    id: Template = option("the appointment's number at the hospital")


async def merge_patient(services: Services, request: Request) -> Response:
    """Its value: the survivor as `find_patient` answers."""
    given, at = fields(request.arguments["body"], "merge"), milliseconds(request)
    survivor, retired = given.get("survivor", ""), given.get("retired", "")
    done = await services.store.write(
        lambda conn: merge.merge(conn, survivor=survivor, retired=retired, at=at, user="records")
    )
    tell(services)
    return Response(done.survivor, "patients merged" if done.act else "nothing to merge")


async def put_appointment(services: Services, request: Request) -> Response:
    """Its value: id and state."""
    given, at = fields(request.arguments["body"], "appointment"), milliseconds(request)
    value: Value = await services.store.write(lambda conn: appointments.put(conn, given, at))
    tell(services)
    return Response(value, "appointment written")


async def cancel_appointment(services: Services, request: Request) -> Response:
    """Its value: id and state."""
    key, at = str(request.arguments["id"]), milliseconds(request)
    value: Value = await services.store.write(lambda conn: appointments.cancel(conn, key, at))
    tell(services)
    return Response(value, "appointment cancelled")


async def put_appointments(services: Services, request: Request) -> Response:
    """Its value: how many were written. `Refused` names the rows that were not; the others are written all the same."""
    data = await _bytes(services, request.arguments["document"])
    columns = {str(name): str(word) for name, word in (request.arguments.get("columns") or {}).items()}
    entries = await services.threads.run("records", appointments_csv.read, data, columns)
    errors: list[tuple[int, str]] = []
    at = milliseconds(request)
    for some in pieces(entries, PIECE):
        errors += await services.store.write(_written(some, at), background=True)
    tell(services)
    if errors:
        raise Refused(appointments_csv.REFUSED, appointments_csv.complaint(errors, len(entries)))
    return Response({"count": len(entries)}, f"{len(entries)} appointments written")


def _written(piece: list[appointments_csv.Entry], at: int) -> Callable[[Connection], list[tuple[int, str]]]:
    """The store operation of some rows; answers which were refused and why."""

    def operation(conn: Connection) -> list[tuple[int, str]]:
        errors = []
        for entry in piece:
            try:
                appointments_csv.put(conn, entry, at)
            except Refused as refused:
                errors.append((entry.line, refused.reason))
        return errors

    return operation


async def _bytes(services: Services, document: Any) -> bytes:
    if isinstance(document, Blob):
        if document.size > appointments_csv.LARGEST:
            raise Refused(appointments_csv.REFUSED, "the file of appointments is larger than 8 MiB")
        data: bytes = await services.threads.run("records", services.blobs.read, document)
        return data
    if isinstance(document, str):
        return document.encode()
    raise Refused(REFUSED, "what is to be read as appointments is no file and no text")


def fields(body: Value, root: str) -> dict[str, str]:
    """The elements of a flat document with this root, by name."""
    if not isinstance(body, Xml):
        raise Refused(REFUSED, f"the body is no XML with the root <{root}>")
    parsed = safe_xml.from_value(body)
    if parsed.tag != root:
        raise Refused(REFUSED, f"the body is no <{root}>")
    return {str(child.tag): "".join(map(str, child.itertext())).strip() for child in parsed}


def milliseconds(request: Request) -> int:
    """The effect's time, equal on every attempt."""
    return int(request.at.timestamp() * 1000)


def tell(services: Services) -> None:
    """Screens of the records show something new."""
    services.notify({"records", "scan"})
