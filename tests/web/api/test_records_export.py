"""What leaves the record is whole, recorded, and leaves nothing behind here."""

from __future__ import annotations

import io
import json
import zipfile

import pikepdf
import pytest

from tests.records.pdf_pages import master, page
from tests.web.api.records_world import Records
from tests.web.api.world import World

API = "/api/v1"


@pytest.fixture(name="records")
def fixture_records(world: World) -> Records:
    from records import pdf

    records = Records(world)
    path = world.folder / "real.pdf"
    pdf.make([page(master(world.folder))], str(path), {})
    records.pdf = world.blobs.put_file(path, "application/pdf")
    return records


def test_one_pdf_of_all_images(world: World, records: Records) -> None:
    records.scanned(pages=records.pages(2))
    records.pages(1, state="open")
    browser = world.sign_in("PH")
    answer = browser.get(f"{API}/patients/{records.patient(records.one)}/all.pdf")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    with pikepdf.open(io.BytesIO(answer.body)) as found, found.open_outline() as outline:
        assert len(outline.root) == 3
    assert records.left == []
    assert world.audit()[-1]["act"] == "record.whole"
    assert browser.get(f"{API}/patients/{records.patient(records.two)}/all.pdf").code == "WB-8302"
    assert browser.get(f"{API}/patients/NONE/all.pdf").status == 404


def test_documents_as_pdf_and_zip(world: World, records: Records) -> None:
    one, two = records.scanned(), records.routed()
    browser = world.sign_in("CL")
    answer = browser.post(f"{API}/records/export", {"documents": [two, one], "form": "pdf"})
    assert answer.headers["content-disposition"] == 'inline; filename="documents.pdf"'
    with pikepdf.open(io.BytesIO(answer.body)) as found:
        assert len(found.pages) == 2
    packed = browser.post(f"{API}/records/export", {"patient": records.patient(records.one), "form": "zip"})
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert {one["id"] for one in manifest["documents"]} == {one, two}
    assert manifest["by"] == "demo"
    rows = [row for row in world.audit() if row["act"] == "document.export"]
    assert [row["subject"] for row in rows] == [two, one, one, two]
    assert records.left == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"form": "pdf"}, 422),
        ({"documents": ["A"], "patient": "P", "form": "pdf"}, 422),
        ({"documents": ["NONE"], "form": "zip"}, 404),
        ({"patient": "NONE", "form": "zip"}, 404),
    ],
)
def test_what_cannot_be_exported(world: World, asked: dict[str, object], status: int) -> None:
    assert world.sign_in("CL").post(f"{API}/records/export", asked).status == status


def test_a_job_that_fails_leaves_nothing(world: World, records: Records) -> None:
    records.pdf = world.blobs.put(b"%PDF-1.7 broken", "application/pdf")
    document = records.scanned()
    answer = world.sign_in("CL").post(f"{API}/records/export", {"documents": [document], "form": "pdf"})
    assert (answer.status, answer.code) == (409, "WB-8311")
    assert records.left == []


def test_a_withdrawn_document_is_not_exported(world: World, records: Records) -> None:
    document = records.scanned(state="withdrawn")
    asked = {"documents": [document], "form": "zip"}
    assert world.sign_in("PH").post(f"{API}/records/export", asked).status == 410
