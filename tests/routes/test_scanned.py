"""A scanned document is filed and told to the HIS once, wherever the daemon is killed on the way."""

from __future__ import annotations

import contextlib
import urllib.error
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, update

from engine.demo.client import Browser
from engine.message import Blob
from engine.store.blobs import Blobs
from engine.store.schema_records import draft, page
from tests.records import seed
from tests.records.pdf_pages import master
from tests.routes.process import Process, daemon, until

POINTS = ("file.durable", "file.before_commit", "file.committed", "file.handed", "file.searchable_durable")
"""One of each kind; tests/crash kills at all."""


class Desk:
    """A closed batch with as many complete drafts as there are points, and one more."""

    def __init__(self, process: Process) -> None:
        self.process = process
        process.kill()
        blob = Blobs(process.state / "blobs").put_file(master(process.folder, size=(120, 80)), "image/png")
        engine = create_engine(f"sqlite:///{process.state / 'waybill.sqlite'}")
        with engine.begin() as conn:
            self.drafts = self._seed(conn, blob)
        engine.dispose()
        process.start()

    def _seed(self, conn: Connection, blob: Blob) -> list[str]:
        owner = seed.patient(conn)
        batch = seed.batch(conn, state="closed")
        keys = []
        for _ in range(len(POINTS) + 1):
            pages = seed.pages(conn, batch, 2, patient=owner)
            keys.append(seed.draft(conn, batch, pages, kind="consent", date="2026-03-01"))
        look = {"master": blob.sha256, "width": 120, "height": 80, "dpi": 72}
        conn.execute(update(page).values(look))
        return seed.public(conn, draft, *keys)

    @property
    def browser(self) -> Browser:
        return self.process.browser

    def file(self, name: str) -> str:
        """Its document; filing again is the same."""
        answer: dict[str, Any] = self.browser.post(f"/api/v1/scan/drafts/{name}/file", {})
        return str(answer["document"])

    def try_to_file(self, name: str) -> None:
        """The daemon may die of it."""
        with contextlib.suppress(urllib.error.URLError, OSError, ConnectionError):
            self.file(name)

    def taken(self, document: str) -> list[dict[str, Any]]:
        """What the HIS took as this document."""
        calls = self.process.peers.his.calls
        return [call for call in calls if call.get("document_id") == document and call["accepted"]]


@pytest.fixture(name="desk", scope="module")
def fixture_desk(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with daemon(tmp_path_factory.mktemp("scanned")) as process:
        yield Desk(process)


@pytest.mark.parametrize(("place", "point"), list(enumerate(POINTS)))
def test_killed_on_the_way_it_is_filed_and_told_once(desk: Desk, place: int, point: str) -> None:
    desk.process.kill_at(point)
    desk.try_to_file(desk.drafts[place])
    desk.process.wait_for_death()
    desk.process.start()
    document = desk.file(desk.drafts[place])
    until(lambda: desk.taken(document), 30, f"the HIS has the document: {desk.process.log[-2000:]}")
    versions = f"/api/v1/documents/{document}/reader"
    until(lambda: desk.browser.get(versions)["versions"][0]["form"] == "searchable", 30, "the searchable form")
    assert len(desk.taken(document)) == 1


def test_at_the_end_nothing_is_left_over(desk: Desk) -> None:
    documents = {desk.file(name) for name in desk.drafts}
    assert len(documents) == len(POINTS) + 1
    until(lambda: all(len(desk.taken(one)) == 1 for one in documents), 30, "the HIS has all")
    patient = desk.browser.post("/api/v1/patients/search", {"text": "0009000001"})["items"][0]["id"]
    tree = desk.browser.get(f"/api/v1/patients/{patient}/tree?by=kind")
    assert (tree["total"], tree["in_work"]) == (len(documents), None)
