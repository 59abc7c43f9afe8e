"""Scanned documents for other applications: the fragments beside the demonstration site, switched on as they say.

The viewers are the HL7 neighbour that the product brings, and a server that keeps what is put there.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from engine.store.schema import document
from records import outbox
from simulators import hl7
from tests.records import seed
from tests.records.filed import scanned
from tests.routes.site import ROOT, Site, running

FRAGMENTS = ("viewer-hl7.yaml", "viewer-fhir.yaml")
CHANGES = (outbox.FILED, outbox.REPLACED, outbox.WITHDRAWN)


@dataclass
class Viewers:
    """What they got, and how often the next one is to be away."""

    neighbour: hl7.Neighbour = field(default_factory=lambda: hl7.Neighbour(hl7.Options(0)))
    put: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    away: int = 0

    def messages(self) -> list[list[str]]:
        """The segments of each MDM message."""
        return [message["text"].rstrip("\r").split("\r") for message in self.neighbour.messages]


@contextmanager
def viewers() -> Iterator[tuple[Viewers, dict[str, str]]]:
    """And the addresses to be put in the place of those that the fragments name."""
    made = Viewers()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if made.away:
                made.away -= 1
                self.send_response(503)
            else:
                made.put.append((self.path, self.headers["Content-Type"], json.loads(body)))
                self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    listener, web = hl7.Listener(made.neighbour), ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    servers = (listener, web)
    for server in servers:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield made, {"port: 2577": f"port: {listener.server_address[1]}", ":8093/": f":{web.server_address[1]}/"}
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


@asynccontextmanager
async def onward(folder: Path) -> AsyncIterator[tuple[Site, Viewers]]:
    with viewers() as (made, ports):
        (folder / "fragments").mkdir()
        for name in FRAGMENTS:
            text = (ROOT / "fragments" / name).read_text("utf-8")
            for old, new in ports.items():
                text = text.replace(old, new)
            (folder / "fragments" / name).write_text(text, "utf-8")
        include = ", ".join(f"fragments/{name}" for name in FRAGMENTS)
        async with running(folder, {"\nconnections:\n": f"\ninclude: [{include}]\nconnections:\n"}) as site:
            yield site, made


async def told(site: Site, *changes: str) -> str:
    """The id of a document that these became of."""

    def write(conn: Any) -> str:
        key = scanned(conn, seed.patient(conn), title="同意书 | A&B")
        for change in changes:
            outbox.put(conn, operation=change, document_id=key, at=seed.NOW)
        return str(seed.public(conn, document, key)[0])

    return str(await site.write(write))


async def test_a_viewer_hears_of_each_change_in_order_as_mdm(tmp_path: Path) -> None:
    async with onward(tmp_path) as (site, made):
        document = await told(site, *CHANGES)
        await site.until(lambda: len(made.neighbour.messages) == len(CHANGES))
        filed, replaced, withdrawn = made.messages()
        assert [one[0].split("|")[8] for one in (filed, replaced, withdrawn)] == [
            "MDM^T02^MDM_T02", "MDM^T10^MDM_T02", "MDM^T11^MDM_T01",
        ]  # fmt: skip
        assert [line[:3] for line in filed] == ["MSH", "EVN", "PID", "PV1", "TXA", "OBX"]
        assert [line[:3] for line in withdrawn] == ["MSH", "EVN", "PID", "PV1", "TXA"]
        pid, txa, obx = (line.split("|") for line in (filed[2], filed[4], filed[5]))
        assert (pid[3], pid[5], pid[8]) == ("0009000001^^^^MR", "示例甲", "F")
        assert (txa[2], txa[4], txa[12], txa[16], txa[19]) == (
            "consent", "20260301", f"{document}^WAYBILL", f"{document}.pdf", "AV",
        )  # fmt: skip
        assert obx[3].split("^")[1:3] == [r"同意书 \F\ A\T\B", "L"]
        assert obx[5] == f"http://127.0.0.1:8080/d/{document}^WAYBILL^AP^PDF"
        assert withdrawn[4].split("|")[19] == "CA"
        controls = [one["control_id"] for one in made.neighbour.messages]
        assert len(set(controls)) == len(CHANGES)
        assert all(len(control) == 20 for control in controls)


async def test_a_fhir_server_has_the_last_state_though_it_was_away(tmp_path: Path) -> None:
    async with onward(tmp_path) as (site, made):
        made.away = 2
        document = await told(site, *CHANGES)
        await site.until(lambda: len(made.put) == len(CHANGES))
        assert [reference["status"] for _, _, reference in made.put] == ["current", "current", "entered-in-error"]
        path, kind, reference = made.put[0]
        assert (path, kind) == (f"/fhir/DocumentReference/{document}", "application/fhir+json")
        attachment = reference["content"][0]["attachment"]
        assert attachment == {
            "contentType": "application/pdf", "url": f"http://127.0.0.1:8080/d/{document}", "title": "同意书 | A&B",
            "creation": "2026-03-01",
        }  # fmt: skip
        assert reference["subject"] == {"identifier": {"value": "0009000001"}, "display": "示例甲"}
        assert reference["masterIdentifier"]["value"] == document
