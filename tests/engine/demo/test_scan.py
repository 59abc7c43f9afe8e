"""What the demonstration's batch is held to: each thing that does not arrive ends it, with its reason."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.demo import scan
from engine.demo.client import Browser
from engine.demo.feed import Fed
from engine.demo.places import DemoFailed
from tests.engine.demo.api import Api, stand_in

BATCH = "/api/v1/scan/batches/B7"
RUNS = "/api/v1/runs/search"
PAPER = {"patient": "42", "text": "the Physiotherapy plan", "kind": "nursing", "date": "2020-01-02"}
PAPER |= {"department": "nursing", "author": "A", "title": "T"}
FED = Fed("B7", 2, {1: [PAPER]})
LEDGER = {"images": 5, "expected": 5, "pending_files": 0, "sheets": 5, "balances": True, "why": []}
LEDGER |= {"kept": 1, "label": 1, "separator": 1, "header": 1, "blank": 1}
DRAFT = {"id": "D1", "patient": {"id": "p42"}, "pages": ["k"], "document": "doc1"}


def page(key: str, **more: Any) -> dict[str, Any]:
    return {"id": key, "state": "kept", "flags": [], "assigned_how": "label", "text": "done", **more}


def batch(**more: Any) -> dict[str, Any]:
    pages = [page("k"), page("b", flags=["blank"], assigned_how="label", text="none")]
    fields = {"state": "open", "code": "", "reason": "", "failed_files": 0, "ledger": LEDGER, "pages": pages}
    return fields | {"drafts": [DRAFT]} | more


@pytest.fixture(name="desk")
def fixture_desk(api: Api) -> Api:
    api.answers[BATCH] = (200, batch())
    for act in ("acts", "close"):
        api.answers[f"{BATCH}/{act}"] = (200, {})
    api.answers["/api/v1/scan/drafts/D1"] = (200, {})
    api.answers[f"{BATCH}/file-all"] = (200, {"filed": 1, "left": []})
    return api


def test_blank_pages_are_dropped_and_the_batch_closed(desk: Api, browser: Browser, tmp_path: Path) -> None:
    scan.checked(stand_in(tmp_path)[0], browser, FED)
    assert [(path, body) for _, path, _, body in desk.asked if path != BATCH] == [
        (f"{BATCH}/acts", {"act": "blank", "pages": ["b"]}), (f"{BATCH}/close", {}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"state": "stopped", "code": "WB-8040", "reason": "gap"}, r"^the batch stopped: WB-8040 gap$"),
        ({"ledger": LEDGER | {"images": 4}}, r"^the pages did not come$"),
        ({"ledger": LEDGER | {"balances": False, "why": ["count"]}}, r"^the ledger does not balance: count$"),
        ({"pages": [page("k")]}, r"^0 pages are taken for blank, and 1 were fed$"),
        (
            {"pages": [page("b", flags=["blank"]), page("k", assigned_how="")]},
            r"^1 pages have no patient from a label$",
        ),
    ],
)
def test_a_batch_that_is_not_in_order(
    desk: Api, browser: Browser, tmp_path: Path, more: dict[str, Any], why: str
) -> None:
    desk.answers[BATCH] = (200, batch(**more))
    with pytest.raises(DemoFailed, match=why):
        scan.checked(stand_in(tmp_path)[0], browser, FED)


def test_documents_are_said_and_filed(desk: Api, browser: Browser) -> None:
    desk.answers[BATCH] = (200, batch(state="filed"))
    assert scan.filed(browser, FED, {"42": "p42"}) == {1: "doc1"}
    said = next(body for _, path, _, body in desk.asked if path.endswith("/drafts/D1"))
    assert said == {name: PAPER[name] for name in scan.SAID}
    desk.answers[BATCH] = (200, batch(state="closed"))
    with pytest.raises(DemoFailed, match=r"and the batch is closed$"):
        scan.filed(browser, FED, {"42": "p42"})
    desk.answers[f"{BATCH}/file-all"] = (200, {"filed": 0, "left": [{"draft": "D1", "missing": ["date"]}]})
    with pytest.raises(DemoFailed, match=r"^1 documents cannot be filed: date$"):
        scan.filed(browser, FED, {"42": "p42"})
    with pytest.raises(DemoFailed, match=r"^document 1 has the wrong patient"):
        scan.filed(browser, FED, {"42": "p43"})
    with pytest.raises(DemoFailed, match=r"^1 documents were made of 0$"):
        scan.filed(browser, Fed("B7", 1, {}), {})


def test_each_document_reaches_the_his(desk: Api, browser: Browser, tmp_path: Path) -> None:
    stand, _ = stand_in(tmp_path)
    log = tmp_path / "logs" / "his.jsonl"
    log.parent.mkdir()
    log.write_text('{"document_id": "doc1", "accepted": true}\n{"document_id": "doc2", "accepted": false}\n')
    run = {"id": "r1", "state": "done", "step": None, "reason": ""}
    desk.answers[RUNS] = (200, {"items": [run]})
    assert scan.sent(stand, browser, {1: "doc1"}) == ["r1"]
    with pytest.raises(DemoFailed, match="the HIS's own log"):
        scan.sent(stand, browser, {1: "doc2"})
    desk.answers[RUNS] = (200, {"items": [run | {"state": "dead", "step": "send", "reason": "no"}]})
    with pytest.raises(DemoFailed, match=r"is dead at step send: no$"):
        scan.sent(stand, browser, {1: "doc1"})
    desk.answers[RUNS] = (200, {"items": []})
    with pytest.raises(DemoFailed, match="did not reach the HIS"):
        scan.sent(stand, browser, {1: "doc1"})


def test_the_tree_shows_every_document(desk: Api, browser: Browser) -> None:
    leaf = {"key": "nursing", "nodes": [], "documents": [{"id": "doc1"}]}
    nodes = [{"key": "medicine", "nodes": [leaf], "documents": None}]
    desk.answers["/api/v1/patients/p42/tree?by=kind"] = (200, {"nodes": nodes})
    scan.in_trees(browser, {1: "doc1"}, {"42": "p42"})
    with pytest.raises(DemoFailed, match="not in its patient's tree"):
        scan.in_trees(browser, {1: "doc1", 2: "doc2"}, {"42": "p42"})


def test_a_word_finds_its_document_once_it_is_read(desk: Api, browser: Browser, tmp_path: Path) -> None:
    stand, _ = stand_in(tmp_path)
    search = "/api/v1/records/search"
    desk.answers[search] = (200, {"items": [{"document": "doc1"}]})
    scan.found(stand, browser, FED, {1: "doc1"})
    assert next(body["text"] for _, path, _, body in desk.asked if path == search) == "Physiotherapy"
    desk.answers[search] = (200, {"items": []})
    with pytest.raises(DemoFailed, match="not found by any of its words"):
        scan.found(stand, browser, FED, {1: "doc1"})
    for text, why in (("queued", "the pages were not read"), ("failed", "1 pages could not be read")):
        desk.answers[BATCH] = (200, batch(pages=[page("k", text=text)]))
        with pytest.raises(DemoFailed, match=why):
            scan.found(stand, browser, FED, {1: "doc1"})


def test_the_runs_that_took_the_files(desk: Api, browser: Browser, tmp_path: Path) -> None:
    stand, _ = stand_in(tmp_path)
    since = datetime(2026, 11, 21, tzinfo=UTC)
    desk.answers[RUNS] = (200, {"items": [{"id": "r3", "state": "done"}, {"id": "r2", "state": "done"}]})
    assert scan.taken(stand, browser, FED, since) == ["r2", "r3"]
    with pytest.raises(DemoFailed, match=r"^3 files were fed, and 2 runs took them in$"):
        scan.taken(stand, browser, Fed("B7", 3, {}), since)
    desk.answers[RUNS] = (200, {"items": [{"id": "r2", "state": "running"}]})
    with pytest.raises(DemoFailed, match="takes files in is not done"):
        scan.taken(stand, browser, FED, since)
