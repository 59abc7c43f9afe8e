"""One small batch from the scanner to the HIS, with the people at the desk, and the count of everything at its end.

What a person does next is decided by what the screen shows, so whoever's answer was lost looks and goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any

from PIL import Image

from tests.crash import scan_paper
from tests.crash.children import until
from tests.crash.office import Away, Problem
from tests.crash.scan_plant import STATION, ScanPlant
from tests.crash.scan_points import Case, Way

SECONDS = 90.0
"""For one batch, on a busy machine."""
STATES = ["header", "separator", "kept", "kept", "separator", "kept"]


class Scan:
    """One batch of six sheets: `send` it, then `look` until it says that everything is done, then `check`."""

    def __init__(self, plant: ScanPlant, way: Way = "folder", station: str = STATION) -> None:
        self.plant, self.way, self.station = plant, way, station
        self.name = f"s{next(plant.numbers)}"
        self.number = "0009000001"
        if way == "merge":
            self.number = f"00091{next(plant.numbers):0>5}"
            plant.patient(self.number)
        self.batch, header = plant.new_batch(6, 2, station)
        self.pages: list[Image.Image] = scan_paper.stack(header, f"{plant.kind} {self.name}")
        first = scan_paper.tiff(self.pages[:4])
        self.files = {f"{self.name}-1.tif": first}
        self.files |= {f"{self.name}-{n}.png": scan_paper.png(self.pages[n + 2]) for n in (2, 3)}
        self._upload = self.files.pop(f"{self.name}-3.png") if way == "upload" else b""
        self.ended = False

    # --- what comes

    def send(self) -> None:
        """By the folder; the last file by the upload door, or with one beside it that cannot be read."""
        if self.way == "bad":
            self.plant.put(self.station, f"{self.name}-0.png", scan_paper.damaged(scan_paper.paper(self.name)))
        if self.way == "refused":
            self.plant.put(self.station, f"{self.name}-0.txt", f"this is no picture at all: {self.name}".encode())
        for name, data in self.files.items():
            self.plant.put(self.station, name, data)

    def _upload_last(self) -> None:
        """As `waybill scan-upload` does it: from where the server is."""
        clerk, data = self.plant.clerk, self._upload
        name, digest = f"{self.name}-3.png", hashlib.sha256(data).hexdigest()
        about = {"name": name, "size": len(data), "sha256": digest, "station": self.station, "batch": self.batch}
        begun = clerk.post("/api/v1/scan/uploads", about)
        half = len(data) // 2
        while begun["state"] == "open":
            at = begun["received"]
            piece = data[at : half if at < half else len(data)]
            begun = clerk.send("PUT", f"/api/v1/scan/uploads/{begun['id']}?offset={at}", piece)
        self._upload = b""

    # --- who works at it

    def look(self) -> bool:
        """Do what there is to do; whether nothing is."""
        self.plant.revive()
        self.plant.people()
        try:
            if not self.ended:
                self.ended = self._work() and self._after()
            return self.ended and self._is_told()
        except (Away, Problem):
            return False

    def _work(self) -> bool:
        """One act; whether the batch is filed."""
        found = self.plant.batch(self.batch)
        if found is None:
            return False
        if found["state"] == "filed":
            return True
        if found["state"] == "closed":
            self._post("/file-all", {})
        elif len(found["pages"]) == 6 and not found["pending_files"]:
            self._edit(found)
        elif len(found["pages"]) == 5 and self._upload:
            self._upload_last()
        return False

    def _edit(self, found: dict[str, Any]) -> None:
        kept = [page for page in found["pages"] if page["state"] == "kept"]
        draft = next((one for one in found["drafts"] if not (one["kind"] and one["date"])), None)
        failed = [file["id"] for file in found["files"] if file["state"] == "failed"]
        if failed:
            self._post(f"/files/{failed[0]}/dismiss", {"reason": "nothing is on it"})
        elif found["state"] == "stopped":
            assert self.way == "bad", f"the batch is stopped: {found['code']} {found['reason']}"
            self._post("/resolve", {"note": "looked at it"})
        elif not kept[0]["recipe"]["rotate"]:
            self._post("/acts", {"act": "rotate", "pages": [kept[0]["id"]], "by": 90})
        elif any(page["patient"] is None for page in kept):
            [(owner,)] = self.plant.rows("SELECT public_id FROM patient WHERE number = ?", self.number)
            self._post("/assign", {"pages": "all", "patient": owner})
        elif draft is not None:
            said = {"kind": "consent", "date": "2026-03-01", "title": self.name}
            self.plant.clerk.send("PATCH", f"/api/v1/scan/drafts/{draft['id']}", said)
        else:
            self._post("/close", {})

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self.plant.clerk.post(f"/api/v1/scan/batches/{self.batch}{path}", body)

    def _after(self) -> bool:
        """What is done with the documents besides."""
        document, number = self.documents()[0]
        if self.way == "version" and len(self._versions(document)) == 1:
            pages = [row[0] for row in self.plant.rows(PAGES_OF, document)]
            body = {"pages": pages[::-1], "reason": "the other way round"}
            self.plant.clerk.post(f"/api/v1/documents/{document}/pages", body)
        elif self.way == "repair" and number == self.number:
            [(other,)] = self.plant.rows("SELECT public_id FROM patient WHERE number = '0009000002'")
            self.plant.clerk.post(
                "/api/v1/records/repair/apply", {"documents": [document], "to": other, "note": "the other's"}
            )
        elif self.way == "merge" and number == self.number:
            self.plant.merge("0009000001", self.number)
        else:
            return True
        return False

    def documents(self) -> list[tuple[str, str]]:
        """Public id and patient's number of each document of the batch."""
        rows = self.plant.rows(DOCUMENTS, self.batch)
        return [(str(name), str(number)) for name, number in rows]

    def _versions(self, document: str) -> list[tuple[Any, ...]]:
        return self.plant.rows(VERSIONS, document)

    def _is_told(self) -> bool:
        """What is told of its documents is handed over, and no run of these is under way."""
        return not self.plant.rows(UNTOLD, self.batch) and not self.plant.rows(UNDER_WAY, self.batch)

    # --- what must be there at the end

    def check(self) -> None:
        """No page lost or doubled or mixed; each document filed once, and told once."""
        self._check_pages()
        self._check_folder()
        found = self.plant.shown(self.batch)
        assert found["ledger"]["balances"], found["ledger"]
        assert (found["ledger"]["images"], found["ledger"]["kept"], found["filed"]) == (6, 3, 2)
        acts = [row[0] for row in self.plant.rows(ACTS, self.batch)]
        more = ["file.dismiss", "resolve"] if self.way == "bad" else []
        assert acts == [*more, "rotate", "assign", "classify", "classify", "close", "file", "file"]
        self._check_documents()

    def _check_pages(self) -> None:
        rows = self.plant.rows(PAGES, self.batch)
        assert [row[2] for row in rows] == STATES, rows
        masters = [blob(self.plant, row[1]) for row in rows]
        assert [scan_paper.seen(path) for path in masters] == [scan_paper.seen(page) for page in self.pages]
        whole = {hashlib.sha256(data).hexdigest() for name, data in self.files.items() if name.endswith(".png")}
        assert whole <= {row[1] for row in rows}, "one page of one file is its bytes"
        files = self.plant.rows("SELECT name, state FROM scan_file WHERE name LIKE ?", f"{self.name}-%")
        wanted = 4 if self.way == "bad" else 3
        assert len(files) == len({name for name, _ in files}) == wanted, files
        strays = self.plant.rows(STRAYS, f"{self.name}-%", self.batch)
        assert strays == [], "a page of this batch is in another"

    def _check_folder(self) -> None:
        place = self.plant.drop / self.station
        until(lambda: not [*place.glob(f"{self.name}-*")], 30, lambda: f"left: {[*place.iterdir()]}")
        until(lambda: not [*(place / ".work").glob(f"{self.name}-*")], 30, "a file is still in .work")
        done = {path.name: path.read_bytes() for path in (place / ".done").glob(f"{self.name}-*")}
        damaged = {f"{self.name}-0.png"} if self.way == "bad" else set()
        assert done.keys() == self.files.keys() | damaged
        assert all(done[name] == data for name, data in self.files.items())
        refused = sorted(path.name for path in (place / ".error").glob(f"{self.name}-*"))
        assert refused == ([f"{self.name}-0.txt", f"{self.name}-0.txt.txt"] if self.way == "refused" else [])

    def _check_documents(self) -> None:
        documents = self.documents()
        assert len(documents) == 2, documents
        owners = {"merge": ["0009000001"] * 2, "repair": ["0009000002", "0009000001"]}.get(self.way)
        assert [number for _, number in documents] == (owners or [self.number] * 2)
        more = {"version": ["document_replaced"], "repair": ["document_withdrawn", "document_filed"]}.get(self.way, [])
        for place, (name, _) in enumerate(documents):
            written = self.plant.rows(OUTBOX, name)
            wanted = ["document_filed", *(more if place == 0 else [])]
            assert [row[0] for row in written] == wanted, written
            assert all(code == "" for _, code in written)
            told = sum(1 for word in wanted if word != "document_withdrawn")
            assert self.plant.told(name) == (told if self.plant.kind == "person" else 1), self.plant.his.calls
            versions = self._versions(name)
            assert len(versions) == (2 if self.way == "version" and place == 0 else 1)
            for (pdf,) in versions:
                assert blob(self.plant, pdf).read_bytes().startswith(b"%PDF-")

    def story(self) -> str:
        """For a test that fails."""
        with contextlib.suppress(Problem):
            found = self.plant.batch(self.batch) or {}
            words = ("state", "code", "reason", "files", "ledger")
            open_ = self.plant.rows("SELECT route, state, code, reason FROM run WHERE ended_at IS NULL LIMIT 5")
            return f"{[(word, found.get(word)) for word in words]} {open_} {self.plant.daemon.tail()}"
        return self.plant.daemon.tail()


def blob(plant: ScanPlant, name: str) -> Path:
    """Where it lies; its bytes are what its name says."""
    path = plant.state / "blobs" / name[:2] / name[2:4] / name
    assert hashlib.sha256(path.read_bytes()).hexdigest() == name
    return path


def run(case: Case, plant: ScanPlant) -> Scan:
    """One batch, killed at the case's point; then everything is counted."""
    scan = Scan(plant, case.way)
    kills = plant.kills
    plant.arming.write_text(case.point)
    scan.send()
    until(scan.look, SECONDS, scan.story)
    # What is read and made in the background, last of all, is not waited for by anybody but by this kill.
    until(
        lambda: plant.kills > kills or plant.revive(),
        2 * SECONDS,
        lambda: f"{case.point} was never reached: {scan.story()}",
    )
    until(scan.look, SECONDS, scan.story)
    assert plant.kills == kills + 1
    scan.check()
    return scan


PAGES = """SELECT page.public_id, page.master, page.state FROM page JOIN batch ON batch.id = page.batch
    WHERE batch.public_id = ? ORDER BY page.position, page.id"""
STRAYS = """SELECT page.public_id FROM page JOIN scan_file ON scan_file.id = page.file
    JOIN batch ON batch.id = page.batch WHERE scan_file.name LIKE ? AND batch.public_id != ?"""
DOCUMENTS = """SELECT document.public_id, patient.number FROM document JOIN batch ON batch.id = document.batch
    JOIN patient ON patient.id = document.patient WHERE batch.public_id = ? ORDER BY document.id"""
VERSIONS = """SELECT document_version.blob FROM document_version JOIN document
    ON document.id = document_version.document WHERE document.public_id = ?"""
PAGES_OF = """SELECT page.public_id FROM document_page JOIN document ON document.id = document_page.document
    JOIN page ON page.id = document_page.page WHERE document.public_id = ? ORDER BY document_page.position"""
UNTOLD = """SELECT 1 FROM outbox JOIN document ON document.id = outbox.document JOIN batch ON batch.id = document.batch
    WHERE outbox.handed_at IS NULL AND batch.public_id = ?"""
UNDER_WAY = """SELECT 1 FROM run JOIN label ON label.run = run.seq AND label.name = 'id'
    JOIN document ON document.public_id = label.value JOIN batch ON batch.id = document.batch
    WHERE run.ended_at IS NULL AND batch.public_id = ?"""
OUTBOX = """SELECT outbox.operation, outbox.code FROM outbox JOIN document ON document.id = outbox.document
    WHERE document.public_id = ? ORDER BY outbox.id"""
ACTS = "SELECT act.kind FROM act JOIN batch ON batch.id = act.batch WHERE batch.public_id = ? ORDER BY act.id"
