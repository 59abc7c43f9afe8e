"""The operation by which scanned files come in: from a folder, or whatever else a route receives."""

from __future__ import annotations

from dataclasses import dataclass

from channels._records.people import milliseconds
from engine.channel import Services
from engine.message import Blob, Refused, Request, Response
from engine.site.paths import Template
from engine.site.settings import option
from records import files

REFUSED = "WB-3014"  # what is to be added is no file
DEVICE = 200


@dataclass(frozen=True, slots=True)
class AddScan:
    """Add a scanned file: its pages join the batch of its header sheet, else the station's open one, else a new one."""

    document: Template = option("the file's bytes, for example `$(body)`")
    station: Template = option("the station's code, for example `$(meta/folder|default:scanner)`")
    name: Template = option("the file's name, as the station knows it")
    batch: Template | None = option("the batch that it is meant for; left out, its header sheet says", default=None)
    device: Template | None = option("what it was scanned with, which is kept with the pages", default=None)
    written: Template | None = option("when the file was written, by the sender's clock", default=None)


async def add_scan(services: Services, request: Request) -> Response:
    """Its value: `{id, state, new}`. Nothing is opened here: the file's bytes are durable, and that is enough."""
    arguments, at = request.arguments, milliseconds(request)
    document, name = arguments["document"], str(arguments["name"])
    if isinstance(document, bytes):  # a small one, which lies in its message
        document = await services.threads.run("blobs", services.blobs.put, document, "application/octet-stream", name)
    if not isinstance(document, Blob):
        raise Refused(REFUSED, "what is to be added is no file")
    blob, batch = document, str(arguments.get("batch") or "") or None
    meta = {word: str(arguments[word])[:DEVICE] for word in ("device", "written") if arguments.get(word)}
    station = str(arguments["station"])
    added = await services.store.write(
        lambda conn: files.add(
            conn, key=request.key, station=station, name=name, blob=blob, meta=meta, at=at, batch=batch
        )
    )
    services.notify({"work:take", "scan"})
    return Response(added, "file added" if added["new"] else "file known")
