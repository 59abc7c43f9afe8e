"""The records by keyboard: one Chinese character finds a page, the reader opens it, an attribute is edited, undone; a
physician marks a page as wrong, a clerk answers."""

from __future__ import annotations

import re
from collections.abc import Callable

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
    clerk.read(batch)
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


@pytest.mark.limit(600)
def test_a_physicians_mark_is_answered_by_a_clerk_and_the_answer_comes_by_itself(
    documents: list[str], join: Callable[..., Screens]
) -> None:
    doctor, clerk = join("marker", "Dra. Lectora", "PH"), join("answerer", "Eva Archivo", "CL")
    marked(doctor)
    answered(clerk)
    # her page is still open, and nobody has touched it
    said = doctor.page.get_by_test_id("flag-answer")
    expect(said).to_contain_text("nothing is wrong", timeout=20 * SECONDS)
    expect(said).to_contain_text("both are right")
    expect(said).to_contain_text("Eva Archivo")
    expect(doctor.page.get_by_test_id("thumbs").get_by_text("!", exact=True)).to_have_count(0)
    expect(doctor.page.get_by_test_id("tree").get_by_text("!", exact=True)).to_have_count(0, timeout=20 * SECONDS)
    doctor.picture("mark-answer-seen")
    for screens in (doctor, clerk):
        screens.keeps_patients_out_of_sight(scan_stand.PEOPLE[0].name, "示例乙", "both are right")


def marked(screens: Screens) -> None:
    """The second page of the document that was found is another patient's, she says."""
    page = screens.page
    screens.press("g", "r")
    expect(page.get_by_test_id("find-field")).to_be_focused(timeout=20 * SECONDS)
    page.keyboard.insert_text(WORD)
    expect(page.get_by_test_id("hit")).to_have_count(2, timeout=20 * SECONDS)
    screens.press("Enter", "Enter")
    expect(page.get_by_test_id("hits-of")).to_contain_text("Hit 1 of", timeout=20 * SECONDS)
    screens.press("End")
    expect(page.get_by_test_id("page-of")).to_contain_text("2 of 2")
    whole(page)
    screens.press("!")
    expect(page.get_by_role("dialog")).to_contain_text("What is wrong with page 2?", timeout=20 * SECONDS)
    screens.press("1")
    expect(page.get_by_role("dialog").get_by_label("Note")).to_be_focused(timeout=20 * SECONDS)
    page.keyboard.insert_text("is of 示例乙")
    screens.picture("mark-made")
    screens.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=20 * SECONDS)
    mark = page.get_by_test_id("flag")
    for text in ("of another patient", "Page 2", "is of 示例乙", "Dra. Lectora"):
        expect(mark).to_contain_text(text, timeout=20 * SECONDS)
    expect(page.get_by_test_id("answer-flag")).to_have_count(0)
    expect(page.get_by_test_id("thumbs").get_by_role("listitem").nth(1)).to_contain_text("!")
    expect(page.get_by_test_id("tree").get_by_text("!", exact=True)).to_have_count(1, timeout=20 * SECONDS)
    screens.picture("mark-shown")


def answered(screens: Screens) -> None:
    """PROBLEMS lists it by the kind's name, without a word of hers; it is read and answered in READER."""
    page = screens.page
    screens.press("g", "b")
    page.get_by_test_id("nav-problems").click()
    mark = page.locator("tr[data-row-key]", has_text="marked by a reader")
    expect(mark).to_contain_text("of another patient", timeout=20 * SECONDS)
    expect(mark).to_contain_text(re.compile("(Discharge summary|Admission note), Page 2"), timeout=20 * SECONDS)
    expect(mark).not_to_contain_text("示例乙")
    screens.go_to(mark)
    screens.picture("mark-listed")
    screens.press("Enter")
    expect(page.get_by_test_id("flag")).to_contain_text("is of 示例乙", timeout=20 * SECONDS)
    expect(page.get_by_test_id("page-of")).to_contain_text("2 of 2")
    whole(page)
    screens.picture("mark-opened")
    screens.press("y", "2")
    expect(page.get_by_role("dialog").get_by_label("Note")).to_be_focused(timeout=20 * SECONDS)
    page.keyboard.type("both are right")
    screens.picture("mark-answering")
    screens.press("Control+Enter")
    expect(page.get_by_test_id("flag-answer")).to_contain_text("both are right", timeout=20 * SECONDS)
    expect(page.get_by_role("dialog")).to_have_count(0, timeout=20 * SECONDS)
    expect(page.get_by_test_id("answer-flag")).to_have_count(0)
    screens.picture("mark-answered")
    screens.press("Escape")
    expect(page).to_have_url(re.compile("/scan/problems$"))
    expect(page.get_by_test_id("nav-problems")).to_have_class("on")
    expect(mark).to_have_count(0, timeout=20 * SECONDS)
