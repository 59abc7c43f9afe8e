"""Operations about filed documents: the bytes of one, for whoever is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.channel import Services
from engine.message import Refused, Request, Response
from engine.site.paths import Template
from engine.site.settings import option
from records import documents

NOTHING = "WB-8309"  # a route asks for a document, or a version of it, that is not there


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """The PDF of a filed document; its value is the bytes, for `<wb:blob>`."""

    id: Template = option("the document's id, for example `$(body/id)`")
    version: Template | None = option("which version; the newest when left out", default=None)


async def read_document(services: Services, request: Request) -> Response:
    """Its value: a blob."""
    number = str(request.arguments.get("version") or "0").strip()
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise Refused(NOTHING, "the version is no number")
    public_id = str(request.arguments["id"]).strip()
    found = await services.store.read(lambda conn: documents.read(conn, public_id, int(number)))
    if found is None:
        raise Refused(NOTHING, "there is no such document, or no such version")
    return Response(found, "document read")
