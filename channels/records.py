"""The hospital's records inside Waybill: patients and their documents, in the same database as the engine.

`upsert_patient` takes `<patient><number/><name/><birth_date/><sex/>...</patient>`; other elements are kept as details.
`find_patient` answers nothing for a number that is not known, so a `wait: {for: poll}` goes on waiting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.channel import Health, HealthState, Services
from engine.message import Blob, Failure, Refused, Repeat, Request, Response, Unavailable, Value, Xml
from engine.site.paths import Template
from engine.site.settings import TransformFile, option
from engine.transform import safe_xml
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
}


def repeat_of(operation: str, arguments: object) -> Repeat:
    """Patients are merged and documents have their effect's key, so nothing is done twice."""
    return "same"


class Channel:
    """The sink; every repeat is the same."""

    def __init__(self, name: str, settings: Settings, services: Services) -> None:
        self._name = name
        self._services = services
        self._health: Health | None = None

    async def start(self, _inbox: object = None) -> None:
        """The store is up when channels start."""
        self._tell(Health(HealthState.UP))

    async def stop(self) -> None:
        self._tell(Health(HealthState.STOPPED))

    async def call(self, request: Request) -> Response:
        perform = {"upsert_patient": self._upsert, "find_patient": self._find, "file_document": self._file}
        try:
            response = await perform[request.operation](request)
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
        fields = _fields(request.arguments["body"])
        number, at = fields.pop("number", ""), _milliseconds(request)
        found = await self._services.store.write(lambda conn: patients.upsert(conn, number, fields, at))
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
                at=_milliseconds(request),
            )
        )
        return Response(value, "document filed")

    def _tell(self, health: Health) -> None:
        if health != self._health:
            self._health = health
            self._services.health(self._name, health)


def _fields(body: Value) -> dict[str, str]:
    if not isinstance(body, Xml):
        raise Refused(REFUSED, "the body of upsert_patient is no XML")
    root = safe_xml.from_value(body)
    if root.tag != "patient":
        raise Refused(REFUSED, "the body of upsert_patient is no <patient>")
    return {str(child.tag): "".join(map(str, child.itertext())).strip() for child in root}


def _milliseconds(request: Request) -> int:
    return int(request.at.timestamp() * 1000)
