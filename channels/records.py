"""The hospital's records inside Waybill: patients, their appointments and documents, in the database of the engine.

`upsert_patient` takes `<patient><number/><name/><birth_date/><sex/>...</patient>`; other elements are kept as details.
`find_patient` answers nothing for a number that is not known, so a `wait: {for: poll}` goes on waiting.
A number that a merge has given to another patient leads there in all operations.

Routes may also receive from it what becomes of scanned documents, as `<document>` with id, version, kind, title, date,
department, author, episode, pages, link, `codes` and `patient`: `document_filed`, `document_replaced` (another version,
or another kind or date) and `document_withdrawn`; `document_changed` is any of them, its `@operation` says which. What
`file_document` files is not announced. Each comes exactly once, in order; the row's number is its identity. What no
route receives is told to nobody, also not later.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from channels._records import filed, people, scans
from channels._records.hand import Handing
from channels._records.index import Indexing
from channels._records.make import Making
from channels._records.people import fields, milliseconds
from channels._records.read import Reading, Rebuilding
from channels._records.rooms import Room, Rooms
from channels._records.sort import Sorting
from channels._records.take import Taking
from channels._records.train import Training
from engine.channel import Health, HealthState, Inbox, Services
from engine.message import Blob, Failure, Refused, Repeat, Request, Response, Unavailable, Value
from engine.site.paths import Template
from engine.site.settings import TransformFile, option
from records import documents, patients

REFUSED = "WB-3014"  # the body is no patient, or the document is none


@dataclass(frozen=True, slots=True)
class Settings:
    """Nothing to set: the records are in the engine's own database."""

    max_in_flight: int = option("calls at the same time", default=32)


@dataclass(frozen=True, slots=True)
class UpsertPatient:
    """Write what is known of a patient; an empty field never blanks a filled one."""

    body: TransformFile = option("makes `<patient>` with number, name, birth_date (YYYY-MM-DD), sex (F, M, U)")


@dataclass(frozen=True, slots=True)
class FindPatient:
    """The patient with this number, or nothing yet."""

    number: Template = option("the patient's number at the hospital")


@dataclass(frozen=True, slots=True)
class FileDocument:
    """File a document in a patient's record."""

    document: Template = option("the document's bytes, for example `$(signed)`")
    patient: Template = option("the patient's number")
    kind: str = option("the kind of document")
    title: Template | None = option("what lists show beside the kind", default=None)


OUTSIDE = False
"""It reaches nobody outside: tests of routes use the real one."""

CALLS: dict[str, type] = {
    "upsert_patient": UpsertPatient,
    "find_patient": FindPatient,
    "file_document": FileDocument,
    "merge_patient": people.MergePatient,
    "put_appointment": people.PutAppointment,
    "put_appointments": people.PutAppointments,
    "cancel_appointment": people.CancelAppointment,
    "read_document": filed.ReadDocument,
    "add_scan": scans.AddScan,
}


def repeat_of(operation: str, arguments: object) -> Repeat:
    """Patients are merged and documents have their effect's key, so nothing is done twice."""
    return "same"


def rooms(services: Services) -> list[Room]:
    """The background work of the records."""
    return [
        Taking(services), Indexing(services), Reading(services), Rebuilding(services), Making(services),
        Sorting(services), Training(services),
    ]  # fmt: skip


class Channel:
    """The sink, whose every repeat is the same; and the source of what becomes of scanned documents."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self._name = name
        self._services = services
        self._health: Health | None = None
        self._perform: dict[str, Callable[[Request], Awaitable[Response]]] = {
            "upsert_patient": self._upsert,
            "find_patient": self._find,
            "file_document": self._file,
            "merge_patient": partial(people.merge_patient, services),
            "put_appointment": partial(people.put_appointment, services),
            "put_appointments": partial(people.put_appointments, services),
            "cancel_appointment": partial(people.cancel_appointment, services),
            "read_document": partial(filed.read_document, services),
            "add_scan": partial(scans.add_scan, services),
        }
        self._rooms = Rooms(services, rooms(services))

    async def start(self, inbox: Inbox | None = None) -> None:
        """The store is up when channels start."""
        handing = [] if inbox is None else [Handing(self._services, self._name, inbox)]
        self._rooms = Rooms(self._services, [*rooms(self._services), *handing])
        self._tell(Health(HealthState.UP))
        # Tests of routes and commands have no topics: nothing goes on in them by itself.
        if "subscribe" in self._services.extra:
            await self._rooms.start()

    async def stop(self) -> None:
        await self._rooms.stop()
        self._tell(Health(HealthState.STOPPED))

    async def call(self, request: Request) -> Response:
        try:
            response = await self._perform[request.operation](request)
        except Unavailable as failure:
            self._tell(Health(HealthState.DOWN, failure.reason))
            raise
        except Failure:
            self._tell(Health(HealthState.UP))
            raise
        self._tell(Health(HealthState.UP))
        return response

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        """See `repeat_of`."""
        return repeat_of(operation, arguments)

    async def ask(self, request: Request) -> Response | None:
        """Never asked, because a repeat is `same`."""
        return None

    async def _upsert(self, request: Request) -> Response:
        given, at = fields(request.arguments["body"], "patient"), milliseconds(request)
        number = given.pop("number", "")
        found = await self._services.store.write(lambda conn: patients.upsert(conn, number, given, at))
        return Response(found, "patient written")

    async def _find(self, request: Request) -> Response:
        number = str(request.arguments["number"])
        found = await self._services.store.read(lambda conn: patients.find(conn, number))
        return Response(found, "patient found" if found else "not known yet")

    async def _file(self, request: Request) -> Response:
        arguments = request.arguments
        blob = arguments["document"]
        if not isinstance(blob, Blob):
            raise Refused(REFUSED, "what is to be filed is no document")
        value: Value = await self._services.store.write(
            lambda conn: documents.file_document(
                conn,
                number=str(arguments["patient"]),
                kind=str(arguments["kind"]),
                title=str(arguments.get("title") or ""),
                blob=blob,
                run=request.run,
                run_id=request.run_id,
                effect=request.key,
                at=milliseconds(request),
            )
        )
        return Response(value, "document filed")

    def _tell(self, health: Health) -> None:
        if health != self._health:
            self._health = health
            self._services.health(self._name, health)
