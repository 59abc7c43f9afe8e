"""The administrator by keyboard: the lists row by row; a person is added, led in by a link, changed and kept out."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.records_stand import V1, Desk
from tests.browser.screens import SECONDS, Screens
from tests.browser.stand import Stand

SOON = 20 * SECONDS


def chosen(page: Page) -> str:
    """The text of the row that the cursor is on."""
    return str(page.locator("tr.cursor").inner_text(timeout=SOON))


def codes(desk: Desk, name: str) -> list[str]:
    return [row["code"] for row in desk.get(f"{V1}/lists")[name]]


@pytest.mark.limit(300)
def test_lists_are_edited_row_by_row_without_the_mouse(screens: Screens, stand: Stand) -> None:
    page, desk = screens.page, Desk(stand, stand.link())
    before = codes(desk, "departments")
    screens.press("g", "i")
    expect(page.locator("tr.cursor")).to_be_visible(timeout=SOON)
    screens.press("j", "j", "j")
    assert "laboratory" in chosen(page)
    expect(page.get_by_test_id("rule")).to_contain_text("laboratory_number")
    screens.picture("lists-kinds")
    screens.press("2")
    added(screens)
    assert codes(desk, "departments") == [*before, "eye"]
    renamed(screens)
    moved_and_retired(screens, desk, before)
    overtaken(screens, desk)
    screens.press("3")
    expect(page.get_by_label("Languages of the text")).to_be_visible(timeout=SOON)
    screens.picture("lists-stations")
    assert desk.get(f"{V1}/lists")["departments"][-1]["code"] == before[-1]


def added(screens: Screens) -> None:
    """N, the code and the names; a fault stays at its field until it is mended."""
    page = screens.page
    expect(page.locator("[data-row-key=cardiology]")).to_be_visible(timeout=SOON)
    screens.press("N")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type("eye")
    screens.press("Enter")
    expect(page.get_by_test_id("row-fault").first).to_contain_text("write a name", timeout=SOON)
    screens.press("Tab")
    page.keyboard.type("Eye clinic")
    screens.press("Tab", "Tab")
    page.keyboard.insert_text("眼科")
    screens.press("Enter")
    expect(page.get_by_test_id("said")).to_contain_text("Saved", timeout=SOON)
    assert "eye" in chosen(page)


def renamed(screens: Screens) -> None:
    """Enter, another name, Enter; u takes it back."""
    page = screens.page
    screens.press("Enter")
    expect(page.get_by_label("English")).to_be_focused()
    screens.press("Control+a")
    page.keyboard.type("Eyes")
    screens.picture("lists-departments")
    screens.press("Enter")
    expect(page.locator("tr.cursor")).to_contain_text("Eyes", timeout=SOON)
    expect(page.get_by_test_id("said")).to_contain_text("Saved", timeout=SOON)
    screens.press("u")
    expect(page.get_by_test_id("said")).to_contain_text("Undone", timeout=SOON)
    expect(page.locator("tr.cursor")).to_contain_text("Eye clinic")


def moved_and_retired(screens: Screens, desk: Desk, before: list[str]) -> None:
    """K moves it up, d takes it off the offer; both are there at once."""
    page = screens.page
    screens.press("K", "K")
    expect(page.locator("tbody tr[data-row-key]").nth(-3)).to_have_attribute("data-row-key", "eye", timeout=SOON)
    screens.press("d")
    expect(page.locator("tr.cursor")).to_contain_text("no longer", timeout=SOON)
    expect(page.get_by_test_id("said")).to_contain_text("Saved", timeout=SOON)
    assert codes(desk, "departments") == [*before[:-2], "eye", *before[-2:]]
    assert not desk.get(f"{V1}/lists")["departments"][-3]["active"]


def overtaken(screens: Screens, desk: Desk) -> None:
    """What another administrator saved meanwhile is there, and what was typed here is kept."""
    page = screens.page
    screens.press("Enter")
    page.get_by_label("Español").fill("Oftalmología")
    told = desk.get(f"{V1}/lists")
    rows = [{key: value for key, value in row.items() if key != "position"} for row in told["departments"]]
    rows[-3]["names"]["en"] = "Ophthalmology"
    asked = {"version": told["versions"]["departments"], "items": rows}
    assert desk.raw("PUT", f"{V1}/lists/departments", asked)
    expect(page.get_by_text("Somebody else changed this row")).to_be_visible(timeout=SOON)
    expect(page.locator("tr.cursor")).to_contain_text("Ophthalmology")
    expect(page.get_by_label("Español")).to_have_value("Oftalmología")
    screens.picture("lists-overtaken")
    screens.press("Escape")
    expect(page.get_by_label("English")).to_have_value("Ophthalmology")


@pytest.mark.limit(300)
def test_a_person_is_added_led_in_changed_and_kept_out(screens: Screens, browser: Browser, stand: Stand) -> None:
    page = screens.page
    screens.press("g", "i")
    expect(page.locator("tr.cursor")).to_be_visible(timeout=SOON)
    screens.press("g", "p")
    expect(page.locator("tr.cursor")).to_contain_text("demo", timeout=SOON)
    link = led_in(screens)
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
    guest = Screens(context.new_page(), stand.web, screens._pictures)
    guest.sign_in(link)
    # By address: cards of TODAY have such words too.
    scan = guest.page.locator('a[href="/scan"]')
    expect(scan).to_be_visible(timeout=SOON)
    expect(guest.page.locator('a[href^="/admin"]')).to_have_count(0)
    changed(screens)
    guest.open("/today")
    expect(scan).to_have_count(0)
    kept_out(screens, guest)
    assert all("401" in one for one in guest.problems)
    context.close()


def led_in(screens: Screens) -> str:
    """A scan operator is added without the mouse; the link is shown once."""
    page = screens.page
    screens.press("N")
    expect(page.get_by_label("Login", exact=True)).to_be_focused()
    page.keyboard.type("rosa")
    screens.press("Tab")
    page.keyboard.insert_text("Rosa Ejemplo")
    screens.press("Tab", "Tab", "Tab", *["Tab"] * 4, "Space")
    expect(page.get_by_role("checkbox", name="scan operator")).to_be_checked()
    screens.press("Control+Enter")
    expect(page.get_by_test_id("said")).to_contain_text("Added", timeout=SOON)
    expect(page.locator("tr.cursor")).to_contain_text("rosa")
    screens.press("L")
    expect(page.get_by_test_id("link")).to_be_visible(timeout=SOON)
    screens.picture("people-link")
    link = page.get_by_test_id("link").input_value()
    screens.press("Escape")
    expect(page.get_by_test_id("link")).to_have_count(0)
    return link


def changed(screens: Screens) -> None:
    """Another role instead: it counts from the person's next request."""
    page = screens.page
    page.get_by_role("checkbox", name="scan operator").uncheck()
    page.get_by_role("checkbox", name="auditor").check()
    screens.picture("people")
    screens.press("Control+Enter")
    expect(page.get_by_test_id("said")).to_contain_text("counts at once", timeout=SOON)
    expect(page.locator("tr.cursor")).to_contain_text("signed in")


def kept_out(screens: Screens, guest: Screens) -> None:
    """D and one question: the other browser is out at once."""
    page = screens.page
    screens.press("D")
    expect(page.get_by_role("dialog")).to_contain_text("signed out at once", timeout=SOON)
    screens.press("Enter")
    expect(page.get_by_test_id("said")).to_contain_text("disabled", timeout=SOON)
    guest.page.goto(guest.web + "/today")
    expect(guest.page).to_have_url(re.compile("/login"), timeout=SOON)
    screens.press("]")
    expect(page.locator("tr.cursor")).to_contain_text("rosa", timeout=SOON)


@pytest.mark.limit(300)
def test_a_person_ends_other_sessions_and_swaps_two_keys(screens: Screens, stand: Stand) -> None:
    page, other = screens.page, Desk(stand, stand.link())
    screens.press("g", "y")
    expect(page.get_by_text("this one")).to_be_visible(timeout=SOON)
    page.get_by_label("key", exact=True).fill("g")
    page.get_by_label("with", exact=True).fill("q")
    screens.press("Enter")
    expect(page.get_by_test_id("own-key")).to_be_visible(timeout=SOON)
    assert other.get(f"{V1}/session")["user"]["keys"] == {"g": "q", "q": "g"}
    screens.picture("me")
    page.evaluate("() => document.activeElement.blur()")
    screens.press("q", "t", "q", "y")
    expect(page.get_by_test_id("own-key")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="as it was").click()
    expect(page.get_by_test_id("own-key")).to_have_count(0, timeout=SOON)
    page.evaluate("() => document.activeElement.blur()")
    screens.press("X")
    expect(page.get_by_test_id("said")).to_contain_text("Sessions ended", timeout=SOON)
    expect(page.get_by_test_id("end-others")).to_be_disabled()
    with pytest.raises(AssertionError, match="401"):
        other.get(f"{V1}/session")
