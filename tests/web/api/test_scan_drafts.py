"""CLASSIFY: drafts are described and filed; everything is written once."""

from __future__ import annotations

import pikepdf
import pytest
from sqlalchemy import Connection

from engine.message import Blob
from engine.store.schema_records import batch, draft
from tests.records import seed
from tests.records.test_drafts import lists
from tests.web.api.records_world import Records
from tests.web.api.world import Browser, World

URL = "/api/v1/scan"


class Desk:
    """A closed batch with two drafts of two pages, the first of them complete."""

    def __init__(self, world: World) -> None:
        self.world, self.records = world, Records(world)
        self.keys = self.records.pages(4)
        self.drafts, self.batch = world.write(self.seed)
        self.browser: Browser = world.sign_in("SC")

    def seed(self, conn: Connection) -> tuple[list[str], str]:
        lists(conn)
        within = conn.exec_driver_sql("SELECT batch FROM page LIMIT 1").scalar_one()
        said = {"kind": "consent", "date": "2026-03-01"}
        keys = [seed.draft(conn, within, self.keys[:2], **said), seed.draft(conn, within, self.keys[2:])]
        return seed.public(conn, draft, *keys), seed.public(conn, batch, within)[0]


@pytest.fixture(name="desk")
def fixture_desk(world: World) -> Desk:
    return Desk(world)


def test_a_draft_is_described(desk: Desk) -> None:
    url = f"{URL}/drafts/{desk.drafts[1]}"
    answer = desk.browser.send("PATCH", url, {"kind": "blood", "date": "2026-02-01"})
    assert answer.status == 200, answer.body
    shown = answer.json()
    assert (shown["kind"], shown["department"], shown["missing"]) == ("blood", "lab", [])
    assert shown["patient"]["number"] == "0009000001"
    assert desk.records.topics >= {"scan", f"batch:{desk.batch}"}
    assert desk.browser.post(f"{url}/same").json()["kind"] == "consent"
    assert desk.browser.post(f"{url}/suggest").status == 200
    assert "work:sort" in desk.records.topics
    assert "scan.open" in desk.world.acts_audited()


@pytest.mark.parametrize("said", [{"kind": "none"}, {"date": "2026-13-01"}, {"department": "none"}])
def test_what_cannot_be_is_refused(desk: Desk, said: dict[str, str]) -> None:
    answer = desk.browser.send("PATCH", f"{URL}/drafts/{desk.drafts[0]}", said)
    assert (answer.status, answer.code) == (409, "WB-8305")
    assert next(iter(said.values())) not in answer.json()["detail"]


def test_a_draft_is_filed_once_with_its_pdf(desk: Desk) -> None:
    url = f"{URL}/drafts/{desk.drafts[0]}/file"
    first = desk.browser.post(url).json()
    assert (first["state"], first["missing"]) == ("filed", [])
    assert desk.browser.post(url).json()["document"] == first["document"]
    rows = desk.world.rows("SELECT blob, pages FROM document")
    assert [row["pages"] for row in rows] == [2]
    with pikepdf.open(desk.world.blobs.path(Blob(rows[0]["blob"], 0))) as pdf:
        assert len(pdf.pages) == 2
    assert desk.records.jobs.done == ["records.archive:make"]
    assert desk.records.topics >= {"work:hand", "work:make", "records"}
    assert desk.records.left == []
    assert desk.world.acts_audited().count("document.file") == 1
    assert desk.world.runtime.poked


def test_an_incomplete_draft_says_what_is_missing(desk: Desk) -> None:
    answer = desk.browser.post(f"{URL}/drafts/{desk.drafts[1]}/file")
    assert (answer.status, answer.code) == (409, "WB-8303")
    assert answer.json()["detail"].endswith("kind, date")


def test_all_that_is_complete_is_filed(desk: Desk) -> None:
    url = f"{URL}/batches/{desk.batch}/file-all"
    assert desk.browser.post(url).json() == {
        "filed": 1, "left": [{"draft": desk.drafts[1], "missing": ["kind", "date"]}],
    }  # fmt: skip
    desk.browser.post(f"{URL}/drafts/{desk.drafts[1]}/same")
    assert desk.browser.post(url).json() == {"filed": 1, "left": []}
    assert [row["state"] for row in desk.world.rows("SELECT state FROM batch")] == ["filed"]


def test_an_open_batch_is_not_filed(desk: Desk) -> None:
    desk.world.write(lambda conn: conn.exec_driver_sql("UPDATE batch SET state = 'open'"))
    left = desk.browser.post(f"{URL}/batches/{desk.batch}/file-all").json()["left"]
    assert [one["missing"][0] for one in left] == ["closed", "closed"]


def test_what_is_not_there_and_who_may_not(desk: Desk) -> None:
    assert desk.browser.post(f"{URL}/drafts/NONE/file").status == 404
    assert desk.browser.send("PATCH", f"{URL}/drafts/NONE", {"title": "x"}).status == 404
    assert desk.browser.post(f"{URL}/batches/NONE/file-all").status == 404
    assert desk.world.sign_in("PH", login="phy").post(f"{URL}/drafts/{desk.drafts[0]}/file").status == 403


def test_somebody_elses_batch_is_left_alone(desk: Desk) -> None:
    other = desk.world.sign_in("SC", login="bea")
    assert desk.browser.send("PATCH", f"{URL}/drafts/{desk.drafts[1]}", {"title": "x"}).status == 200
    for answer in (
        other.send("PATCH", f"{URL}/drafts/{desk.drafts[1]}", {"title": "y"}),
        other.post(f"{URL}/drafts/{desk.drafts[0]}/file"),
        other.post(f"{URL}/batches/{desk.batch}/file-all"),
    ):
        assert (answer.status, answer.code) == (409, "WB-8102")
