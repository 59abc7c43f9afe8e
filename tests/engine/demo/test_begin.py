"""What an empty site is given; all of it at work: tests/wire."""

from __future__ import annotations

import pytest

from engine.demo import begin
from engine.demo.client import Browser
from tests.engine.demo.api import Api


@pytest.mark.parametrize(("counts", "empty"), [({}, True), ({"open": 0}, True), ({"open": 0, "filed": 3}, False)])
def test_a_site_where_nothing_was_scanned_is_empty(
    api: Api, browser: Browser, counts: dict[str, int], empty: bool
) -> None:
    api.answers["/api/v1/scan/batches/search"] = (200, {"items": [], "next": None, "counts": counts})
    assert begin.is_empty(browser) is empty


def test_the_first_batch_is_small_and_has_a_document_of_each_patient(capsys: pytest.CaptureFixture[str]) -> None:
    assert begin.BATCH.pages >= begin.BATCH.documents
    assert begin.BATCH.sheets < 25
    begin.say("fed")
    assert capsys.readouterr().out == "  fed\n"
