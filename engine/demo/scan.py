"""One scanned batch from the scanner to the HIS, through the same doors that people and systems use."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.demo import feed, people
from engine.demo.begin import say
from engine.demo.feed import Fed, Stack
from engine.demo.places import DemoFailed
from engine.demo.runs import ENDED, waybill

if TYPE_CHECKING:
    from engine.demo.client import Browser
    from engine.demo.stand import Stand

PAGES_WITHIN, SENT_WITHIN, READ_WITHIN = 120.0, 120.0, 240.0
STACK = Stack("Demonstration", pages=4, blanks=1, form="mix")
SAID = ("kind", "date", "department", "author", "title")
"""What a clerk reads off a paper; the scanner's log knows it."""
WORD = re.compile(r"[^\W\d_]{6,}")
WORDS = 8


def drive(stand: Stand, browser: Browser) -> None:
    """`DemoFailed` as soon as it is clear that something does not arrive."""
    since = datetime.now(UTC) - timedelta(seconds=1)
    people.register(stand)
    ids = people.known(stand, browser)
    fed = feed.feed(stand, browser, STACK, ids)
    say(f"the scanner fed {STACK.sheets} sheets of batch {fed.batch} as {fed.files} files")
    checked(stand, browser, fed)
    documents = filed(browser, fed, ids)
    runs = sent(stand, browser, documents)
    in_trees(browser, documents, ids)
    found(stand, browser, fed, documents)
    captured = taken(stand, browser, fed, since)
    for run in (*captured, *runs):
        sys.stdout.write(waybill(browser.get(f"/api/v1/runs/{run}")))


def checked(stand: Stand, browser: Browser, fed: Fed) -> None:
    """All pages are there and everybody's are theirs; blank ones are dropped; the ledger balances; closed."""
    address = f"/api/v1/scan/batches/{fed.batch}"
    batch = stand.until(lambda: arrived(browser.get(address)), PAGES_WITHIN, "the pages did not come")
    blank = [page["id"] for page in batch["pages"] if page["state"] == "kept" and "blank" in page["flags"]]
    if len(blank) != STACK.blanks:
        raise DemoFailed(f"{len(blank)} pages are taken for blank, and {STACK.blanks} were fed")
    if blank:
        browser.post(f"{address}/acts", {"act": "blank", "pages": blank})
    batch = browser.get(address)
    ledger = batch["ledger"]
    if not ledger["balances"]:
        raise DemoFailed(f"the ledger does not balance: {', '.join(ledger['why'])}")
    parts = [f"{name} {ledger[name]}" for name in ("kept", "label", "separator", "header", "blank")]
    say(f"{ledger['sheets']} sheets said, {ledger['images']} images: {', '.join(parts)}; the ledger balances")
    nobody = [page for page in batch["pages"] if page["state"] == "kept" and page["assigned_how"] != "label"]
    if nobody:
        raise DemoFailed(f"{len(nobody)} pages have no patient from a label")
    browser.post(f"{address}/close")
    say("each page has its patient from a label; the batch is closed")


def arrived(batch: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The batch when it is whole; `DemoFailed` when it stopped."""
    if batch["state"] == "stopped" or batch["failed_files"]:
        raise DemoFailed(f"the batch stopped: {batch['code']} {batch['reason']}")
    ledger = batch["ledger"]
    whole = ledger["images"] == ledger["expected"] and not ledger["pending_files"]
    return batch if whole else None


def filed(browser: Browser, fed: Fed, ids: Mapping[str, str]) -> dict[int, str]:
    """Say what each document is, as a clerk would, and file them; their ids by their number."""
    address = f"/api/v1/scan/batches/{fed.batch}"
    drafts = browser.get(address)["drafts"]
    if len(drafts) != len(fed.papers):
        raise DemoFailed(f"{len(drafts)} documents were made of {len(fed.papers)}")
    for draft, (number, papers) in zip(drafts, sorted(fed.papers.items()), strict=True):
        if draft["patient"]["id"] != ids[papers[0]["patient"]] or len(draft["pages"]) != len(papers):
            raise DemoFailed(f"document {number} has the wrong patient or the wrong pages")
        browser.patch(f"/api/v1/scan/drafts/{draft['id']}", {name: papers[0][name] for name in SAID})
    left = browser.post(f"{address}/file-all")["left"]
    if left:
        raise DemoFailed(f"{len(left)} documents cannot be filed: {', '.join(left[0]['missing'])}")
    batch = browser.get(address)
    if batch["state"] != "filed":
        raise DemoFailed(f"all documents are filed, and the batch is {batch['state']}")
    say(f"{len(drafts)} documents are classified and filed")
    return {number: draft["document"] for number, draft in enumerate(batch["drafts"], 1)}


def sent(stand: Stand, browser: Browser, documents: Mapping[int, str]) -> list[str]:
    """The run of each document, once the HIS has accepted it."""
    reach = "a filed document did not reach the HIS"
    runs = [stand.until(partial(_sent, browser, name), SENT_WITHIN, reach) for name in documents.values()]
    calls = [json.loads(line) for line in (stand.folder / "logs" / "his.jsonl").read_text("utf-8").splitlines()]
    got = {call.get("document_id") for call in calls if call.get("accepted")}
    if not got >= set(documents.values()):
        raise DemoFailed("the HIS's own log does not have every document as accepted")
    say(f"the HIS accepted {len(runs)} scanned documents")
    return runs


def _sent(browser: Browser, document: str) -> str | None:
    asked = {"route": ["scanned_document"], "labels": {"document_id": document}, "limit": 5}
    for run in browser.post("/api/v1/runs/search", asked)["items"]:
        if run["state"] in ENDED:
            raise DemoFailed(f"the run of a filed document is {run['state']} at step {run['step']}: {run['reason']}")
        if run["state"] == "done":
            return str(run["id"])
    return None


def in_trees(browser: Browser, documents: Mapping[int, str], ids: Mapping[str, str]) -> None:
    """Every document is in a tree of these patients."""
    seen: set[str] = set()
    for key in ids.values():
        seen |= set(_leaves(browser.get(f"/api/v1/patients/{key}/tree?by=kind")["nodes"]))
    if not seen >= set(documents.values()):
        raise DemoFailed("a filed document is not in its patient's tree")
    say("each patient's tree shows the document")


def _leaves(nodes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for node in nodes:
        yield from (one["id"] for one in node["documents"] or ())
        yield from _leaves(node["nodes"])


def found(stand: Stand, browser: Browser, fed: Fed, documents: Mapping[int, str]) -> None:
    """Each document is found by a word that stands on it, once it is read."""
    address = f"/api/v1/scan/batches/{fed.batch}"
    batch = stand.until(lambda: read(browser.get(address)), READ_WITHIN, "the pages were not read")
    failed = sum(page["state"] == "kept" and page["text"] == "failed" for page in batch["pages"])
    if failed:
        raise DemoFailed(f"{failed} pages could not be read")
    words = {number: _finds(browser, fed.papers[number][0]["text"], name) for number, name in documents.items()}
    if not all(words.values()):
        raise DemoFailed("a document is not found by any of its words")
    say(f"the pages are read, and the documents found by {', '.join(map(str, words.values()))}")


def read(batch: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The batch once no page waits to be read."""
    waiting = any(page["state"] == "kept" and page["text"] == "queued" for page in batch["pages"])
    return None if waiting else batch


def _finds(browser: Browser, text: str, document: str) -> str | None:
    """One of the longest words of this text by which the search finds the document: not each is read rightly."""
    words: list[str] = sorted(set(WORD.findall(text)), key=len, reverse=True)
    for word in words[:WORDS]:
        for wanted in (word, word[:4]) if not word.isascii() else (word,):
            items = browser.post("/api/v1/records/search", {"text": wanted, "limit": 50})["items"]
            if any(hit["document"] == document for hit in items):
                return wanted
    return None


def taken(stand: Stand, browser: Browser, fed: Fed, since: datetime) -> list[str]:
    """The runs that took the batch's files in, all done."""
    asked = {"route": ["scan_capture"], "labels": {"station": feed.STATION}, "since": since.isoformat(), "limit": 100}

    def done() -> list[str] | None:
        runs = browser.post("/api/v1/runs/search", asked)["items"]
        return [run["id"] for run in reversed(runs)] if all(run["state"] == "done" for run in runs) else None

    runs: list[str] = stand.until(done, SENT_WITHIN, "a run that takes files in is not done")
    if len(runs) < fed.files:
        raise DemoFailed(f"{fed.files} files were fed, and {len(runs)} runs took them in")
    return runs[-fed.files :]
