"""Records of the demonstration site, made as people make them: scanned, assigned, closed, classified, filed, read."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from simulators.paper_text import Patient
from tests.browser import scan_stand
from tests.browser.stand import Stand, until

V1 = "/api/v1"
LONG = 240.0
"""Seconds in which pages are taken, read and made on a busy machine."""


class Desk:
    """A signed-in person at the API."""

    def __init__(self, stand: Stand, link: str) -> None:
        self._host = urlsplit(stand.web).netloc
        self._headers = {"content-type": "application/json"}
        token = link.split("#", 1)[1]
        _, cookie = self._send("POST", f"{V1}/session/link", {"token": token})
        self._headers["cookie"] = cookie.split(";")[0]
        self._headers["x-csrf"] = self.get(f"{V1}/session")["csrf"]

    def get(self, path: str) -> Any:
        return self._send("GET", path, None)[0]

    def post(self, path: str, body: Any = None) -> Any:
        return self._send("POST", path, {} if body is None else body)[0]

    def patch(self, path: str, body: Any) -> Any:
        return self._send("PATCH", path, body)[0]

    def raw(self, method: str, path: str, body: Any) -> tuple[bytes, Mapping[str, str]]:
        """Bytes and headers, by their names in small letters."""
        link = http.client.HTTPConnection(self._host, timeout=120)
        try:
            link.request(method, path, None if body is None else json.dumps(body), self._headers)
            answer = link.getresponse()
            found = answer.read()
        finally:
            link.close()
        assert answer.status < 300, f"{method} {path}: {answer.status} {found[:300]!r}"
        return found, {name.lower(): value for name, value in answer.getheaders()}

    def _send(self, method: str, path: str, body: Any) -> tuple[Any, str]:
        found, headers = self.raw(method, path, body)
        return json.loads(found) if found else None, headers.get("set-cookie", "")


class Clerk:
    """Puts stacks of paper through the scan desk."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self.desk = Desk(stand, stand.link())

    def patient(self, who: Patient) -> str:
        """The public id of a registered patient."""

        def known() -> Any:
            found = self.desk.post(f"{V1}/scan/patients/lookup", {"text": who.number, "limit": 5})["items"]
            return next((one["id"] for one in found if one["number"] == who.number), None)

        return str(until(known, 60, "the patient is not registered"))

    def scanned(self, station: str, who: Patient, **options: Any) -> dict[str, Any]:
        """A stack of this patient's paper behind its printed sheets: the batch, once all its pages are there.

        read: the languages of its text, as Tesseract names them.
        """
        documents, pages = int(options.pop("documents", 2)), int(options.pop("pages", 4))
        wanted = {"kind": "set", "station": station, "documents": documents, "sheets": pages, "language": "en"}
        pdf, headers = self.desk.raw("POST", f"{V1}/scan/sheets", wanted)
        folder = self.stand.logs / f"sheets-{headers['x-waybill-batch']}"
        folder.mkdir()
        (folder / "set.pdf").write_bytes(pdf)
        self.desk.patch(f"{V1}/scan/batches/{headers['x-waybill-batch']}", {"languages": options.pop("read", "eng")})
        stack = {"documents": documents, "pages": pages, "sheets": folder, "form": "tiff", "per_file": 50}
        scan_stand.scan(self.stand, station, (who,), **stack, **options)
        of = f"{V1}/scan/batches/{headers['x-waybill-batch']}"

        def whole() -> Any:
            batch = self.desk.get(of)
            return batch if len(batch["pages"]) == 1 + documents + pages and not batch["pending_files"] else None

        batch: dict[str, Any] = until(whole, LONG, "the pages are not taken")
        return batch

    def assigned(self, batch: Mapping[str, Any], who: Patient) -> None:
        """All its pages are this patient's."""
        of = f"{V1}/scan/batches/{batch['id']}"
        if not self.desk.get(of)["can"]["edit"]:
            self.desk.post(f"{of}/claim")
        self.desk.post(f"{of}/assign", {"pages": "all", "patient": self.patient(who), "how": "typed"})

    def filed(self, batch: Mapping[str, Any], attributes: Sequence[Mapping[str, str]]) -> list[str]:
        """Closed, each document described, all filed: the documents' ids."""
        of = f"{V1}/scan/batches/{batch['id']}"
        closed = self.desk.post(f"{of}/close")
        for draft, said in zip(closed["drafts"], attributes, strict=True):
            self.desk.patch(f"{V1}/scan/drafts/{draft['id']}", dict(said))
        done = self.desk.post(f"{of}/file-all")
        assert not done["left"], done
        return [str(draft["document"]) for draft in self.desk.get(of)["drafts"]]

    def read(self, batch: Mapping[str, Any]) -> None:
        """Wait until every page that is kept is read: FIND opens the first one that it knows a word of."""

        def done() -> bool:
            kept = [
                page for page in self.desk.get(f"{V1}/scan/batches/{batch['id']}")["pages"] if page["state"] == "kept"
            ]
            return bool(kept) and all(page["text"] == "done" for page in kept)

        until(done, LONG, "the pages are not read")


def announce(stand: Stand, day: str, rows: Sequence[tuple[str, str, str, str, str, str]]) -> None:
    """Appointments as the HIS's file: (id, number, name, department, time, paper)."""
    folder = stand.site / "var" / "demo" / "appointments"
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["id,number,name,department,day,time,reason,paper,state"]
    for key, number, name, department, time, paper in rows:
        lines.append(f'{key},{number},"{name}",{department},{day},{time},Control,{paper},planned')
    (folder / f"appointments-{day}.csv").write_text("\n".join(lines) + "\n", "utf-8")
