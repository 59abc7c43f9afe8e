"""The engine's screens: pause and start, the diagram and the way back, searching, acting on many, edit and resend."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.screens import SECONDS, STEP, Screens
from tests.browser.stand import Stand


def row_of(screens: Screens, key: str) -> Locator:
    return screens.page.locator(f"[data-row-key='{key}']")


def confirm(screens: Screens, name: str) -> None:
    """The dialog's own button."""
    screens.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()
    expect(screens.page.get_by_role("dialog")).to_have_count(0, timeout=20 * SECONDS)


def test_a_connection_is_paused_and_goes_on_from_the_dashboard(stand: Stand, screens: Screens) -> None:
    screens.open("/engine")
    row = row_of(screens, "connection:his_out")
    expect(row).to_be_visible(timeout=20 * SECONDS)
    row.locator("td").nth(9).click()
    screens.press("p")
    screens.page.get_by_label("Note").fill("their upgrade")
    screens.picture("engine-pause")
    confirm(screens, "Pause")
    expect(row).to_contain_text("paused by demo: their upgrade", timeout=20 * SECONDS)
    screens.press("Enter")
    expect(screens.page.get_by_role("heading", level=1)).to_have_text("his_out")
    expect(screens.page.get_by_text("their upgrade")).to_be_visible(timeout=20 * SECONDS)
    screens.picture("engine-connection")
    screens.press("t")
    expect(screens.page.get_by_role("alert").first).to_be_visible(timeout=30 * SECONDS)
    screens.press("p")
    confirm(screens, "Resume")
    screens.open("/engine")
    expect(row_of(screens, "connection:his_out")).not_to_contain_text("paused", timeout=20 * SECONDS)


def test_the_rows_are_filtered_by_name(screens: Screens) -> None:
    screens.open("/engine")
    expect(row_of(screens, "route:exam_report")).to_be_visible(timeout=20 * SECONDS)
    screens.press("/")
    expect(screens.page.get_by_label("Filter by name, type or error")).to_be_focused()
    screens.page.keyboard.type("his_o")
    expect(row_of(screens, "route:exam_report")).to_have_count(0)
    expect(row_of(screens, "connection:his_out")).to_be_visible()


@pytest.mark.limit(240)
def test_an_edited_route_is_deployed_and_taken_back(stand: Stand, screens: Screens) -> None:
    text = stand.site / "routes.yaml"
    before = text.read_text("utf-8")
    edited = before.replace("complete: pdf, until: 72h", "complete: pdf, until: 71h")
    assert edited != before
    text.write_text(edited, "utf-8")
    screens.open("/engine/routes")
    expect(screens.page.get_by_text("edited, not deployed")).to_be_visible(timeout=20 * SECONDS)
    screens.picture("engine-routes")
    screens.page.get_by_test_id("deploy").click()
    confirm(screens, "Deploy")
    expect(screens.page.get_by_test_id("plan")).to_have_count(0, timeout=20 * SECONDS)
    screens.page.get_by_role("link", name="exam_report").click()
    expect(screens.page.get_by_test_id("diff")).to_contain_text("71h", timeout=20 * SECONDS)
    expect(screens.page.locator(".revisions li")).to_have_count(2)
    expect(screens.page.locator(".revisions li").first).to_contain_text("demo")
    screens.picture("engine-route")
    first = screens.page.locator(".revisions li", has_text="at a start").locator("button").inner_text()
    screens.press("b")
    confirm(screens, "Roll back")
    current = screens.page.locator(".revisions li", has_text="runs now")
    expect(current).to_contain_text(first, timeout=20 * SECONDS)
    expect(current).to_contain_text("demo")
    text.write_text(before, "utf-8")
    screens.open("/engine/routes")
    expect(row_of(screens, "exam_report")).to_be_visible(timeout=20 * SECONDS)
    expect(screens.page.get_by_test_id("plan")).to_have_count(0)


def act_on_ticked(screens: Screens, key: str, count: int) -> None:
    """Preview, go, and the end of the progress."""
    dialog = screens.page.get_by_role("dialog")
    screens.press(key)
    expect(dialog.get_by_test_id("bulk-preview")).to_contain_text(f"done to: {count}", timeout=20 * SECONDS)
    screens.picture(f"engine-bulk-{key}")
    dialog.get_by_test_id("bulk-go").click()
    expect(dialog.get_by_test_id("bulk-job")).to_contain_text(f"Done: {count} of {count}", timeout=STEP)
    dialog.get_by_test_id("bulk-close").click()
    expect(dialog).to_have_count(0, timeout=20 * SECONDS)


@pytest.mark.limit(240)
def test_runs_are_found_ticked_and_acted_on_together_then_edited(stand: Stand, screens: Screens) -> None:
    order = stand.push("order")["order_id"]
    screens.open("/worklist")
    screens.await_order(order, "Processing")
    screens.open("/engine/messages")
    expect(screens.page.get_by_test_id("search")).to_be_visible(timeout=20 * SECONDS)
    screens.press("/")
    screens.page.keyboard.type(order)
    screens.press("Enter")
    rows = screens.page.locator("tr[data-row-key]", has_text=order)
    expect(rows).to_have_count(1, timeout=20 * SECONDS)
    screens.keeps_patients_out_of_sight(order)
    screens.press("Escape", "j", " ")
    expect(screens.page.get_by_text("1 ticked")).to_be_visible()
    screens.picture("engine-messages")
    act_on_ticked(screens, "c", 1)
    expect(rows.first).to_contain_text("cancelled", timeout=20 * SECONDS)

    # its folder belongs to the cancelled run: the new one is refused there, and is the dead letter of this test
    rows.first.get_by_role("checkbox").check()
    act_on_ticked(screens, "R", 1)
    dead = rows.filter(has_text="dead")
    expect(dead).to_have_count(1, timeout=STEP)
    dead.get_by_role("checkbox").check()
    act_on_ticked(screens, "r", 1)
    expect(dead).to_have_count(1, timeout=STEP)

    dead.get_by_role("link").first.click()
    expect(screens.page.get_by_test_id("origin")).to_be_visible(timeout=20 * SECONDS)
    screens.picture("engine-waybill-dead")
    screens.press("R")
    expect(screens.page.get_by_test_id("step-order")).to_be_visible(timeout=20 * SECONDS)
    expect(screens.page.get_by_test_id("step-send_back")).to_have_count(0)
    screens.page.get_by_test_id("step-order").click()
    screens.picture("engine-retry-from")
    screens.press("Escape")

    screens.press("e")
    editor = screens.page.get_by_test_id("editor")
    expect(editor).to_be_visible(timeout=20 * SECONDS)
    body = editor.input_value()
    changed = body.replace("<RISRDesc>", "<RISRDesc>Repeat ", 1)
    assert changed != body
    editor.fill(changed)
    screens.page.get_by_test_id("compare").click()
    expect(screens.page.get_by_test_id("edit-diff")).to_contain_text("Repeat", timeout=20 * SECONDS)
    screens.picture("engine-edit")
    old = screens.page.url
    screens.page.get_by_test_id("edit-send").click()
    expect(screens.page).not_to_have_url(old, timeout=20 * SECONDS)
    expect(screens.page.get_by_test_id("origin")).to_be_visible(timeout=20 * SECONDS)


def test_every_screen_in_three_languages(stand: Stand, screens: Screens) -> None:
    pages = [f"/engine{part}" for part in ("", "/connections/his_out", "/routes", "/routes/exam_report", "/messages")]
    for name in ("中文", "Español", "English"):
        for path in pages:
            screens.open(path)
            expect(screens.page.get_by_role("heading", level=1)).to_be_visible(timeout=20 * SECONDS)
            screens.language(name)
            expect(screens.page.locator(".skeleton")).to_have_count(0, timeout=20 * SECONDS)
            width = screens.page.evaluate("document.documentElement.scrollWidth")
            assert width <= 1366, f"{path} in {name} is {width} wide"
            screens.picture(f"engine{path.replace('/', '-')}-{name}")
