"""A mismatch that a second person confirms: two people, two browsers, the daemon."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from engine.demo import client
from tests.browser import scan_stand
from tests.browser.screens import SECONDS, STEP, Screens
from tests.browser.stand import Stand, until

STATION, TITLE = "persons", "Two persons"
SAM, MARIA = scan_stand.PEOPLE[2], scan_stand.PEOPLE[1]


@pytest.fixture(name="api")
def fixture_api(stand: Stand) -> client.Browser:
    api = client.Browser(stand.web)
    api.sign_in(stand.link().partition("#")[2])
    return api


@pytest.fixture(name="second")
def fixture_second(join: Callable[..., Screens]) -> Screens:
    return join("second", "Luz Segunda", "CL")


@pytest.fixture(name="batch")
def fixture_batch(stand: Stand, api: client.Browser, tmp_path: Path) -> str:
    """Two documents of Sam Sample, read: their pages name him."""
    scan_stand.register(stand)
    batch = scan_stand.printed(api, tmp_path, STATION, TITLE, documents=2, sheets=5)
    scan_stand.scan(stand, STATION, (SAM,), documents=2, pages=2, sheets=tmp_path, language="en", form="jpeg")
    address = f"/api/v1/scan/batches/{batch}"

    def read() -> bool:
        kept = [page for page in api.get(address)["pages"] if page["state"] == "kept"]
        return len(kept) == 2 and all(page["text"] == "done" for page in kept)

    until(read, 120, "the pages are not read")
    return batch


def saved(screens: Screens, text: str) -> None:
    expect(screens.page.get_by_test_id("saving")).to_contain_text(text, timeout=20 * SECONDS)


@pytest.mark.limit(240)
def test_a_mismatch_is_confirmed_by_a_second_person_and_by_nobody_else(
    stand: Stand, screens: Screens, second: Screens, api: client.Browser, batch: str
) -> None:
    first = screens.page
    screens.is_refused = True  # the mismatch
    screens.open(f"/scan/{batch}/assign")
    wished(screens, "maiden name")
    expect(first.get_by_test_id("proposals")).to_contain_text("Somebody else must confirm it.")
    screens.press("ArrowUp", "F8")
    saved(screens, "Somebody else must confirm it.")
    screens.picture("scan-proposed")

    confirmed(second, batch)

    # the first one's screen hears of it by itself
    expect(first.get_by_test_id("proposals")).to_have_count(0, timeout=20 * SECONDS)
    shown = api.get(f"/api/v1/scan/batches/{batch}")
    given = [(page["patient"] and page["patient"]["number"], page["assigned_how"]) for page in shown["pages"]]
    assert given[2] == (MARIA.number, "confirmed")
    assert given[4] == (None, "")
    screens.keeps_patients_out_of_sight(SAM.name, MARIA.name)
    second.keeps_patients_out_of_sight(SAM.name, MARIA.name)

    # the other document: proposed, and refused
    wished(screens, "not sure")
    second.press("F4")
    expect(second.page.get_by_test_id("proposals")).to_contain_text("not sure", timeout=20 * SECONDS)
    second.press("F4", "F9")
    saved(second, "Refused; nothing was assigned.")
    expect(first.get_by_test_id("proposals")).to_have_count(0, timeout=20 * SECONDS)
    assert api.get(f"/api/v1/scan/batches/{batch}")["pages"][4]["patient"] is None


def wished(screens: Screens, note: str) -> None:
    """María is chosen for a page that says Sam: stopped, and kept with a word for a second person."""
    page = screens.page
    expect(page.get_by_test_id("scan-field")).to_be_focused(timeout=20 * SECONDS)
    expect(page.get_by_test_id("candidate-1")).to_contain_text(SAM.number, timeout=20 * SECONDS)
    page.keyboard.type(MARIA.number)
    expect(page.get_by_test_id("echo")).to_contain_text(MARIA.name, timeout=20 * SECONDS)
    screens.press("Enter")
    red = page.get_by_test_id("mismatch")
    expect(red).to_contain_text("does not fit", timeout=20 * SECONDS)
    expect(red).to_contain_text("number")
    screens.picture("scan-mismatch")
    screens.press("2")
    expect(page.get_by_label("Reason")).to_be_focused(timeout=20 * SECONDS)
    page.keyboard.type(note)
    screens.press("Control+Enter")
    expect(page.get_by_test_id("proposals")).to_contain_text(note, timeout=20 * SECONDS)


def confirmed(second: Screens, batch: str) -> None:
    """The other one sees whom and which page it is about, looks, and confirms: by keys, without holding the batch."""
    page = second.page
    second.open("/scan")
    page.get_by_role("link", name="For a second person: 1").click()
    expect(page).to_have_url(re.compile(f"/scan/{batch}/assign$"))
    expect(page.get_by_test_id("lock")).to_be_visible(timeout=STEP)
    kept = page.get_by_test_id("proposals")
    expect(kept).to_contain_text(MARIA.name)
    expect(kept).to_contain_text("maiden name")
    second.press("ArrowDown", "F8")
    expect(kept.get_by_test_id("echo")).to_contain_text("30 Nov 1951")
    second.picture("scan-confirm")
    second.press("F8")
    saved(second, "Confirmed and assigned.")
    expect(kept).to_have_count(0, timeout=20 * SECONDS)
