"""Sheets over the API: what is printed, the batch that is made for it, and who may."""

from __future__ import annotations

import io
from typing import Any

import pypdf
import pypdfium2
import pytest
from sqlalchemy import select

from engine.store.schema_records import batch
from records import codes, inspect
from records.codes import Header, Label, Separator
from tests.records import seed
from tests.web.api.records_world import Jobs
from tests.web.api.world import Answer, Browser, World

API = "/api/v1/scan/sheets"


@pytest.fixture(name="browser")
def fixture_browser(world: World) -> Browser:
    world.bridge.workers = Jobs()
    return world.sign_in("SC", login="ana")


def printed(answer: Answer) -> list[Any]:
    """What the codes of each sheet say."""
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf"), answer.body
    document = pypdfium2.PdfDocument(answer.body)
    scans = [page.render(scale=2).to_pil().convert("L") for page in document]
    return [codes.parse(inspect.barcodes(scan)[0]["text"]) for scan in scans]


def test_a_set_makes_its_batch(world: World, browser: Browser) -> None:
    answer = browser.post(API, {"kind": "set", "station": "desk-1", "documents": 2, "sheets": 10, "title": "Monday"})
    row = world.store.read_now(lambda conn: conn.execute(select(batch)).one())
    assert printed(answer) == [Header(row.header, 2, 13), Separator(row.header, 1), Separator(row.header, 2)]
    assert answer.headers["x-waybill-batch"] == row.public_id
    assert (row.state, row.station, row.title, row.documents, row.sheets) == ("open", "desk-1", "Monday", 2, 13)
    assert "no-store" in answer.headers["cache-control"]


def test_a_header_alone_says_what_is_known(world: World, browser: Browser) -> None:
    answer = browser.post(API, {"kind": "header", "station": "desk-1", "language": "zh"})
    row = world.store.read_now(lambda conn: conn.execute(select(batch)).one())
    assert printed(answer) == [Header(row.header, None, None)]
    assert (row.documents, row.sheets) == (None, None)


def test_separators_of_a_batch_or_loose(world: World, browser: Browser) -> None:
    key = world.write(lambda conn: seed.batch(conn, header="ABCDEFGH", documents=3))
    (public,) = world.write(lambda conn: seed.public(conn, batch, key))
    more = browser.post(API, {"kind": "separators", "count": 1, "first": 4, "batch": public})
    assert printed(more) == [Separator("ABCDEFGH", 4)]
    assert "x-waybill-batch" not in more.headers
    assert printed(browser.post(API, {"kind": "separators", "count": 2})) == [Separator(codes.LOOSE, 0)] * 2


def test_labels_name_a_patient_and_are_recorded(world: World, browser: Browser) -> None:
    world.write(lambda conn: seed.patient(conn, "0009000001", "示例甲", public_id="PATIENT1"))
    answer = browser.post(API, {"kind": "labels", "patient": "PATIENT1", "count": 2, "language": "es"})
    assert printed(answer) == [Label("0009000001")] * 2
    assert pypdf.PdfReader(io.BytesIO(answer.body)).metadata.title == "Waybill"  # type: ignore[union-attr]
    assert "scan.label" in world.acts_audited()


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"kind": "set", "station": "desk-1"}, 409, "WB-8031"),
        ({"kind": "header", "documents": 2}, 409, "WB-8031"),
        ({"kind": "separators"}, 409, "WB-8031"),
        ({"kind": "separators", "count": 1, "batch": "NOWHERE"}, 404, None),
        ({"kind": "labels", "patient": "NOBODY"}, 404, None),
        ({"kind": "labels"}, 404, None),
        ({"kind": "posters"}, 422, None),
        ({"kind": "header", "station": "desk/1"}, 409, "WB-8106"),
    ],
)
def test_what_cannot_be_printed(
    world: World, browser: Browser, asked: dict[str, Any], status: int, code: str | None
) -> None:
    answer = browser.post(API, asked)
    assert answer.status == status, answer.body
    assert code is None or answer.code == code
    assert world.store.read_now(lambda conn: conn.execute(select(batch)).all()) == []


def test_a_number_that_no_label_holds(world: World, browser: Browser) -> None:
    world.write(lambda conn: seed.patient(conn, "12 34", public_id="PATIENT1"))
    assert browser.post(API, {"kind": "labels", "patient": "PATIENT1"}).code == "WB-8010"


def test_only_who_scans_prints(world: World) -> None:
    assert world.sign_in("PH", login="eva").post(API, {"kind": "separators", "count": 1}).status == 403
