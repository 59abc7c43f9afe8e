"""The scan desk by keyboard alone: sheets printed, a stack scanned, checked, assigned, closed, classified, filed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser import scan_stand
from tests.browser.screens import SECONDS, STEP, Screens
from tests.browser.stand import Stand

STATION = "scan-1"
FLIP = """() => new Promise((done) => {
  const times = [];
  const flip = (left) => {
    if (!left) return done(times);
    const begun = performance.now();
    const key = new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true, cancelable: true });
    window.dispatchEvent(key);
    const look = () => requestAnimationFrame(() => {
      const image = document.querySelector("[data-testid=large-page] img");
      if (image && image.complete && image.naturalWidth > 0) {
        times.push(performance.now() - begun);
        setTimeout(() => rest(left - 1), 100);
      } else look();
    });
    look();
  };
  const rest = (left) => {
    const near = [...document.querySelectorAll(".view-page img")];
    if (near.every((image) => image.complete)) flip(left);
    else setTimeout(() => rest(left), 50);
  };
  rest(4);
})"""
"""Milliseconds from the key to the frame in which the next page stands there, four times, its neighbours loaded."""


def cell(screens: Screens, number: int) -> Locator:
    return screens.page.get_by_test_id("cell").nth(number - 1)


def saved(screens: Screens, text: str) -> None:
    expect(screens.page.get_by_test_id("saving")).to_contain_text(text, timeout=20 * SECONDS)


@pytest.fixture(scope="module")
def people(stand: Stand) -> None:
    scan_stand.register(stand)


def printed(screens: Screens, folder: Path) -> Path:
    """The sheets of a new batch of 2 documents, printed by the screen."""
    page = screens.page

    def keep(route: Route) -> None:
        answer = route.fetch()
        (folder / "set.pdf").write_bytes(answer.body())
        route.fulfill(response=answer)

    screens.open("/scan/sheets")
    page.get_by_label("Station").fill(STATION)
    page.get_by_label("Title").fill("Ward 3")
    page.get_by_label("Documents said to be in it").fill("2")
    page.get_by_label("Sheets of paper").fill("4")
    page.route("**/api/v1/scan/sheets", keep)
    with page.expect_popup() as opened:
        screens.press("Control+Enter")
    expect(page.get_by_test_id("printed")).to_be_visible(timeout=STEP)
    opened.value.close()
    page.bring_to_front()
    screens.picture("scan-sheets")
    return folder


@pytest.mark.limit(300)
def test_a_stack_goes_from_the_scanner_to_the_record_by_keyboard(
    stand: Stand, screens: Screens, people: None, tmp_path: Path
) -> None:
    page = screens.page
    scan_stand.let_go(stand)
    scan_stand.scan(stand, STATION, documents=2, pages=4, sheets=printed(screens, tmp_path))

    screens.press("g", "b")
    expect(page.get_by_text("Ward 3")).to_be_visible(timeout=20 * SECONDS)
    expect(page.locator("tr", has_text="Ward 3")).to_contain_text("7 / 7", timeout=STEP)
    screens.picture("scan-batches")
    screens.press("n")
    expect(page.get_by_test_id("cell")).to_have_count(7, timeout=STEP)
    expect(page.get_by_test_id("ledger-say")).to_contain_text("Balances")
    expect(cell(screens, 1)).to_have_attribute("data-state", "header")
    expect(cell(screens, 3)).to_contain_text("Doc 1")
    expect(cell(screens, 6)).to_contain_text("Doc 2")
    screens.picture("scan-batch")
    edited(screens)
    assigned(screens)

    screens.press("Control+Home")  # nothing of ours: the browser's own key does no harm
    page.get_by_test_id("scan-field").press("[")
    expect(page.get_by_test_id("close")).to_be_enabled(timeout=20 * SECONDS)
    screens.press("C")
    expect(page.get_by_test_id("group")).to_have_count(2, timeout=20 * SECONDS)
    classified(screens)
    screens.keeps_patients_out_of_sight(*(who.name for who in scan_stand.PEOPLE))


def edited(screens: Screens) -> None:
    """Turned, dropped, taken back, cropped, split and joined; the ledger says what it means."""
    page = screens.page
    screens.press("ArrowRight", "ArrowRight", "r")
    saved(screens, "Rotated. Pages: 1.")
    screens.press("u")
    saved(screens, "Undone.")
    screens.press("d", "2")
    expect(cell(screens, 3)).to_have_attribute("data-state", "dropped")
    saved(screens, "Dropped.")
    expect(page.get_by_test_id("ledger")).to_contain_text("dropped 1")
    expect(page.get_by_test_id("ledger-say")).to_contain_text("Balances")
    expect(page.get_by_role("dialog")).to_have_count(0)
    screens.press("e")
    saved(screens, "Kept again.")
    screens.press("w")
    expect(page.get_by_test_id("ledger-say")).to_contain_text("wait to be scanned again")
    expect(page.get_by_test_id("close")).to_be_disabled()
    screens.picture("scan-ledger")
    screens.press("u")
    expect(page.get_by_test_id("ledger-say")).to_contain_text("Balances", timeout=20 * SECONDS)
    screens.press("x", "ArrowRight", "ArrowDown", "Shift+ArrowLeft")
    expect(page.get_by_test_id("crop-box")).to_be_visible()
    screens.picture("scan-crop")
    screens.press("Enter")
    saved(screens, "Cropped.")
    screens.press("ArrowRight", "s")
    expect(cell(screens, 4)).to_contain_text("Doc 2", timeout=20 * SECONDS)
    screens.press("m")
    expect(cell(screens, 4)).not_to_contain_text("Doc", timeout=20 * SECONDS)
    screens.press("Home", "Enter")
    times = sorted(screens.page.evaluate(FLIP))
    assert times[1] < 50, f"a page flip takes {times} ms"
    screens.picture("scan-large")
    screens.press("Enter")


def assigned(screens: Screens) -> None:
    """The first document by its label from the hand scanner, the second by name; the wrong one is stopped."""
    page = screens.page
    first, second, other = scan_stand.PEOPLE
    screens.press("]")
    field = page.get_by_test_id("scan-field")
    expect(field).to_be_focused(timeout=20 * SECONDS)
    page.keyboard.type(scan_stand.label(first))
    screens.press("Enter")
    expect(page.get_by_test_id("echo")).to_contain_text(first.name, timeout=20 * SECONDS)
    expect(page.get_by_test_id("echo")).to_contain_text("12 Apr 1988")
    screens.picture("scan-assign")
    screens.press("Enter")
    saved(screens, "2 pages belong to")
    expect(page.get_by_test_id("assign-range")).to_contain_text("Pages 6 to 7", timeout=20 * SECONDS)
    page.keyboard.type("maria")
    expect(page.get_by_test_id("echo")).to_contain_text(second.name, timeout=20 * SECONDS)
    screens.press("Enter")
    expect(page.get_by_text("Every page has a patient.").first).to_be_visible(timeout=20 * SECONDS)
    assert other.name not in page.locator("main").inner_text()


def classified(screens: Screens) -> None:
    """Kind by its name, date typed; the second as the first; each filed by Ctrl+Enter."""
    page = screens.page
    screens.press("t")
    expect(page.locator("#kind")).to_be_focused()
    page.keyboard.type("discharge")
    expect(page.locator(".ant-select-item-option-active")).to_contain_text("ischarge")
    screens.press("Enter")
    saved(screens, "Document saved.")
    page.get_by_label("Date", exact=True).fill("20260503")
    screens.picture("scan-classify")
    screens.press("Control+Enter")
    saved(screens, "Document 1 is filed.")
    screens.press("=")
    expect(page.get_by_test_id("missing")).to_contain_text("Complete", timeout=20 * SECONDS)
    screens.press("Control+Enter")
    expect(page.get_by_test_id("closed")).to_contain_text("Filed", timeout=STEP)
    screens.picture("scan-filed")


@pytest.mark.limit(120)
def test_a_missing_separator_stops_the_batch_and_says_so(stand: Stand, screens: Screens, people: None) -> None:
    scan_stand.scan(stand, "scan-2", documents=2, pages=2, seed=7)
    screens.open("/scan")
    row = screens.page.locator("tr", has_text="scan-2").or_(screens.page.locator("tr", has_text="stopped")).first
    expect(row).to_contain_text("stopped", timeout=STEP)
    row.locator("a").first.click()
    expect(screens.page.get_by_test_id("stopped")).to_be_visible(timeout=20 * SECONDS)
    expect(screens.page.get_by_test_id("close")).to_be_disabled()
    screens.picture("scan-stopped")
