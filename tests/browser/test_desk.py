"""What only a person can decide: files that nothing claims, and entries of Attention."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.screens import SECONDS, STEP, Screens
from tests.browser.stand import Stand


def test_a_foreign_report_is_listed_shown_and_discarded_with_a_reason(stand: Stand, screens: Screens) -> None:
    stand.push("order")
    screens.open("/engine/unmatched")
    first = screens.page.locator(".files li").first
    expect(first).to_be_visible(timeout=STEP)
    expect(screens.page.get_by_text("Choose a file")).to_be_visible()
    screens.press("j")
    screens.document_is_drawn()
    screens.picture("unmatched")
    count = screens.page.locator(".files li").count()
    screens.press("d")
    button = screens.page.get_by_role("dialog").get_by_role("button", name="Discard")
    expect(button).to_be_disabled()
    screens.page.get_by_label("Reason").fill("a test of the browser")
    button.click()
    expect(screens.page.get_by_role("dialog")).to_have_count(0, timeout=20 * SECONDS)
    expect(screens.page.locator(".files li")).to_have_count(count - 1, timeout=20 * SECONDS)


def test_the_same_identity_with_other_content_is_found_in_attention(stand: Stand, screens: Screens) -> None:
    first = stand.push("order", "--message-id", "770001")
    second = stand.push("order", "--message-id", "770001")
    assert first["result"] != second["result"]
    screens.open("/engine/attention")
    cause = screens.page.locator(".causes button", has_text="conflict").first
    expect(cause).to_be_visible(timeout=20 * SECONDS)
    cause.click()
    screens.picture("attention")
    screens.press("a")
    expect(screens.page.get_by_text("looked after by demo").first).to_be_visible(timeout=20 * SECONDS)
    screens.page.locator(".entries a").first.click()
    expect(screens.page.get_by_test_id("line")).to_contain_text("same identity", timeout=20 * SECONDS)
    screens.picture("message-conflict")
