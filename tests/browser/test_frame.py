"""Signing in, languages, keys, the live dashboard, and a browser that stays open while the engine restarts."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.browser.screens import SECONDS, Screens
from tests.browser.stand import Stand


def test_a_link_works_once_and_leaves_no_token_behind(stand: Stand, screens: Screens, browser: Browser) -> None:
    link = stand.link()
    screens.page.goto(link)
    expect(screens.page).to_have_url(f"{stand.web}/today", timeout=20 * SECONDS)
    other = browser.new_context(locale="en-GB")
    page = other.new_page()
    page.goto(link)
    expect(page.get_by_text("This link does not work")).to_be_visible(timeout=20 * SECONDS)
    assert "#" not in page.url
    page.screenshot(path=screens._pictures / "login.png")
    page.goto(f"{stand.web}/worklist")
    expect(page).to_have_url(re.compile(r"/login\?next=%2Fworklist$"))
    other.close()


def test_the_screens_speak_three_languages(screens: Screens) -> None:
    screens.open("/worklist")
    for name, title in (("中文", "工作列表"), ("Español", "Trabajo"), ("English", "Worklist")):
        screens.language(name)
        expect(screens.page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        screens.picture(f"language-{title}")


def test_keys_lead_everywhere_and_rest_in_fields(screens: Screens) -> None:
    screens.open("/today")
    for key, path in (("w", "/worklist"), ("s", "/sign"), ("e", "/engine"), ("t", "/today")):
        screens.press("g", key)
        expect(screens.page).to_have_url(f"{screens.web}{path}")
        expect(screens.page.get_by_role("heading", level=1)).to_be_visible()
    screens.press("?")
    expect(screens.page.get_by_role("dialog")).to_contain_text("go to the signing queue")
    screens.press("Escape")
    expect(screens.page.get_by_role("dialog")).to_have_count(0)
    screens.press("/")
    screens.page.keyboard.type("gw")
    expect(screens.page).to_have_url(f"{screens.web}/today")


def test_the_dashboard_lives(stand: Stand, screens: Screens) -> None:
    screens.open("/engine")
    cell = screens.page.locator("[data-row-key='connection:his_in'] td").nth(2)
    expect(cell).to_be_visible(timeout=20 * SECONDS)
    before = int((cell.get_attribute("title") or "").split()[0])
    stand.push("patient")
    expect(cell).to_have_attribute("title", f"{before + 1} since the start", timeout=20 * SECONDS)
    expect(cell).not_to_have_text("0")
    screens.picture("dashboard")


def test_a_browser_stays_while_the_engine_restarts(stand: Stand, screens: Screens) -> None:
    screens.open("/worklist")
    # The screen is a file of its own, which must have come before nobody gives it any more.
    expect(screens.page.get_by_role("tab", name=re.compile("Pending"))).to_be_visible(timeout=20 * SECONDS)
    screens.engine_goes_away = True
    assert stand.stop_daemon() < 15
    expect(screens.page.get_by_text(re.compile(r"Live lost \d\d:\d\d:\d\d"))).to_be_visible(timeout=20 * SECONDS)
    screens.picture("live-lost")
    stand.start_daemon()
    expect(screens.page.get_by_text("Live lost")).to_have_count(0, timeout=30 * SECONDS)
    order = stand.push("order")["order_id"]
    screens.await_order(order, "Processed")
