"""Paper for the scan desk: what is printed, and what the simulated scanner says that it fed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.demo import feed
from engine.demo.client import Browser
from engine.demo.people import PEOPLE
from engine.demo.places import DemoFailed
from tests.engine.demo.api import Api, stand_in
from tests.engine.demo.copy_site import ROOT

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 60 80]>>endobj\ntrailer<</Root 1 0 R>>"
)
IDS = {who.number: f"id{who.number}" for who in PEOPLE}


@pytest.fixture(name="desk")
def fixture_desk(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.chdir(ROOT)
    api.headers["X-Waybill-Batch"] = "B7"
    api.answers["/api/v1/scan/batches/search"] = (200, {"items": [], "counts": {"open": 1, "filed": 2}})
    api.answers["/api/v1/scan/sheets"] = (200, PDF)
    api.answers["/api/v1/scan/batches/B7"] = (200, {})
    return api


def test_sheets_are_printed_and_all_of_the_stack_is_fed(desk: Api, browser: Browser, tmp_path: Path) -> None:
    stand, _ = stand_in(tmp_path)
    stack = feed.Stack("Post", pages=4, blanks=1, dpi=50, bare=(2,))
    fed = feed.feed(stand, browser, stack, IDS)
    assert stack.sheets == 11
    printed = [body for _, path, _, body in desk.asked if path.endswith("/sheets")]
    assert (printed[0]["sheets"], printed[0]["documents"]) == (7, 3)  # ours are counted by the API itself
    assert [body["patient"] for body in printed[1:]] == list(IDS.values())
    # one file a page; the header and separators of a PDF with a single page: no separator can be cut from it
    assert (fed.batch, fed.files) == ("B7", 8)
    assert [len(papers) for _, papers in sorted(fed.papers.items())] == [2, 1, 1]
    assert [papers[0]["patient"] for papers in fed.papers.values()] == list(IDS)
    dropped = sorted((tmp_path / "scans" / feed.STATION).iterdir())
    assert {path.name.split("-")[1] for path in dropped} == {"0004"}, "the seed follows the batches that there were"


def test_a_scanner_that_fails_is_named(desk: Api, browser: Browser, tmp_path: Path) -> None:
    stand, _ = stand_in(tmp_path)
    with pytest.raises(DemoFailed, match=r"^the simulated scanner ended with status 2: a document has a page"):
        feed.feed(stand, browser, feed.Stack("Post", pages=1), IDS)
