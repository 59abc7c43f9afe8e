"""The records by keyboard: one Chinese character finds a page, the reader opens it, an attribute is edited, undone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import scan_stand
from tests.browser.records_stand import LONG, Clerk
from tests.browser.screens import SECONDS, Screens
from tests.browser.stand import Stand

WORD = "院"
"""It stands on every page of the invented Chinese hospitals' letters."""
FLIP = """() => new Promise((done) => {
  const times = [];
  const shown = () => document.querySelector("[data-testid=large-page] img");
  const flip = (left, key) => {
    if (!left) return done(times);
    const before = shown()?.src;
    const begun = performance.now();
    window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    const look = () => requestAnimationFrame(() => {
      const image = shown();
      if (image && image.src !== before && image.complete && image.naturalWidth > 0) {
        times.push(performance.now() - begun);
        setTimeout(() => flip(left - 1, key === "ArrowRight" ? "ArrowLeft" : "ArrowRight"), 300);
      } else look();
    });
    look();
  };
  flip(6, "ArrowRight");
})"""
"""Milliseconds from the key to the frame in which the other page stands there, six times."""


@pytest.fixture(scope="module")
def documents(stand: Stand) -> list[str]:
    """Two documents of one patient, scanned, filed and read."""
    scan_stand.register(stand)
    clerk = Clerk(stand)
    who = scan_stand.PEOPLE[0]
    stack = {"documents": 2, "pages": 4, "language": "zh", "kinds": "discharge,admission", "seed": 3}
    batch = clerk.scanned("scan-3", who, read="chi_sim", **stack)
    clerk.assigned(batch, who)
    said = [
        {"kind": "discharge", "date": "2025-03-04", "department": "medicine", "author": "Dr. Muestra"},
        {"kind": "admission", "date": "2024-11-20", "department": "surgery"},
    ]
    made = clerk.filed(batch, said)
    clerk.read(WORD, 2)
    return made


@pytest.mark.limit(600)
def test_one_character_finds_the_page_and_the_reader_flips_edits_and_undoes(
    screens: Screens, documents: list[str]
) -> None:
    page = screens.page
    screens.press("g", "r")
    expect(page.get_by_test_id("find-field")).to_be_focused(timeout=20 * SECONDS)
    page.keyboard.insert_text(WORD)
    expect(page.get_by_test_id("hit")).to_have_count(2, timeout=20 * SECONDS)
    expect(page.locator("mark", has_text=WORD).first).to_be_visible()
    screens.picture("records-find")
    screens.press("Enter", "Enter")
    read(screens)
    edited(screens)
    screens.keeps_patients_out_of_sight(scan_stand.PEOPLE[0].name, WORD)


def read(screens: Screens) -> None:
    """The hits are on the page; a flip takes less than 50 ms; the tree is arranged anew."""
    page = screens.page
    expect(page.get_by_test_id("whose")).to_contain_text("12 Apr 1988", timeout=20 * SECONDS)
    expect(page.locator(".mark-hit-on")).to_be_visible(timeout=20 * SECONDS)
    expect(page.get_by_test_id("hits-of")).to_contain_text("Hit 1 of")
    screens.picture("records-reader")
    page.wait_for_timeout(500)
    screens.press("Home")
    whole(page)
    times = sorted(page.evaluate(FLIP))
    assert times[2] < 50, f"a page flip takes {times} ms"
    screens.press("o")
    expect(page.get_by_role("dialog")).to_be_visible(timeout=20 * SECONDS)
    screens.press("4", "3", "Enter")
    expect(page.get_by_test_id("arrange")).to_contain_text("Date › Kind", timeout=20 * SECONDS)
    screens.press("p")
    screens.document_is_drawn()
    screens.picture("records-pdf")
    screens.press("p", "b")
    expect(page.get_by_test_id("page-of")).to_have_count(2, timeout=20 * SECONDS)
    whole(page)
    screens.picture("records-compare")
    screens.press("Escape")
    expect(page.get_by_test_id("page-of")).to_have_count(1)


def whole(page: Page) -> None:
    """All pictures that are meant to be there have come."""
    page.wait_for_function(
        "() => [...document.querySelectorAll('.view-page img')].every((one) => one.complete && one.naturalWidth)",
        timeout=LONG * SECONDS,
    )


def edited(screens: Screens) -> None:
    """The author is changed with a reason, shown with what was there before, and undone."""
    page = screens.page
    screens.press("e")
    author = page.get_by_label("Author")
    expect(author).to_be_visible(timeout=20 * SECONDS)
    before = author.input_value()
    author.fill("Dra. Prueba")
    page.get_by_label("Reason").fill("a slip")
    screens.press("Control+Enter")
    expect(page.get_by_test_id("said")).to_contain_text("Saved", timeout=20 * SECONDS)
    expect(page.get_by_test_id("history-entry").first).to_contain_text("Dra. Prueba")
    expect(page.get_by_test_id("history-entry").first).to_contain_text("a slip")
    screens.picture("records-edit")
    author.press("Escape")
    page.evaluate("() => document.activeElement.blur()")
    screens.press("u")
    expect(page.get_by_test_id("said")).to_contain_text("Undone", timeout=20 * SECONDS)
    expect(author).to_have_value(before)
