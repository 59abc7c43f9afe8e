"""TODAY's scan cards and PROBLEMS on the daemon: a stopped batch, bad files, text that failed; tried again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from engine.demo import client
from tests.browser import scan_stand
from tests.browser.screens import SECONDS, STEP, Screens
from tests.browser.stand import Stand, until

NO_LANGUAGE, LOCKED, STOPPED, WAITS = "WB-8403", "WB-8024", "WB-8046", "WB-8607"
STATION, FILE = "troubled", "locked.pdf"


@pytest.fixture(name="api")
def fixture_api(stand: Stand) -> client.Browser:
    api = client.Browser(stand.web)
    api.sign_in(stand.link().partition("#")[2])
    return api


def row(screens: Screens, code: str, subject: str = "") -> Locator:
    return screens.page.locator("tr[data-row-key]", has_text=code).filter(has_text=subject)


def locked_pdf(folder: Path) -> bytes:
    """A PDF that asks for a password."""
    import pikepdf

    made = folder / "locked.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(made, encryption=pikepdf.Encryption(owner="owner", user="user"))
    return made.read_bytes()


@pytest.mark.limit(300)
def test_problems_are_counted_listed_and_tried_again(
    stand: Stand, screens: Screens, api: client.Browser, tmp_path: Path
) -> None:
    page = screens.page
    # text that cannot be read: the batch is said to be in a language that is not installed
    unread = api.post("/api/v1/scan/batches", {"station": STATION, "title": "No such language", "languages": "tlh"})
    scan_stand.register(stand)
    folder = stand.scans / STATION
    scan_stand.scan(stand, "stopping", documents=1, pages=1)
    sheets = tmp_path / "sheets"
    sheets.mkdir()
    scan_stand.scan(stand, STATION, documents=1, pages=1, sheets=sheets, form="jpeg", language="en")
    until(lambda: api.get(f"/api/v1/scan/batches/{unread['id']}")["pages"], 60, "no page came")
    (folder / FILE).write_bytes(locked_pdf(tmp_path))
    (folder / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"\0" * 200)

    screens.open("/today")
    card = page.locator("[data-row-key=problems]")
    expect(card).to_contain_text("Scan problems", timeout=STEP)
    expect(card.locator(".n")).not_to_have_text("0", timeout=STEP)
    expect(page.locator("[data-row-key=batches]")).to_contain_text("My batches")
    screens.picture("today-scan")
    card.locator("a").click()

    for code in (NO_LANGUAGE, LOCKED, STOPPED, WAITS):
        expect(row(screens, code).first).to_be_visible(timeout=STEP)
    expect(row(screens, WAITS, "half.jpg")).to_contain_text("waits by itself")
    screens.picture("scan-problems")
    screens.language("Español")
    expect(row(screens, LOCKED, FILE)).to_contain_text("El PDF pide una contraseña", timeout=20 * SECONDS)
    screens.picture("scan-problems-es")
    screens.language("中文")
    expect(row(screens, NO_LANGUAGE).first).to_contain_text("扫描站所需的语言未安装", timeout=20 * SECONDS)
    screens.picture("scan-problems-zh")
    screens.language("English")

    # what nothing was done about fails again, and stays listed
    screens.go_to(row(screens, LOCKED, FILE))
    screens.press("r")
    expect(page.get_by_text("Being tried again: 1")).to_be_visible(timeout=20 * SECONDS)
    expect(row(screens, LOCKED, FILE)).to_be_visible(timeout=STEP)

    # what was put right goes through, and leaves the list by itself
    api.patch(f"/api/v1/scan/batches/{unread['id']}", {"languages": "eng"})
    screens.go_to(row(screens, NO_LANGUAGE))
    screens.press("r")
    expect(row(screens, NO_LANGUAGE)).to_have_count(0, timeout=STEP)

    # Enter leads to the batch, which says the same of its file; left out with a reason, it is no problem any more
    screens.go_to(row(screens, LOCKED, FILE))
    screens.press("Enter")
    failed = page.get_by_test_id("failed-files")
    expect(failed).to_contain_text("asks for a password", timeout=20 * SECONDS)
    screens.picture("scan-failed-file")
    failed.get_by_role("button", name="Leave out").click()
    page.keyboard.type("sent again without")
    screens.press("Control+Enter")
    expect(failed).to_have_count(0, timeout=20 * SECONDS)
    (folder / "half.jpg").unlink()
    screens.open("/scan/problems")
    expect(row(screens, STOPPED).first).to_be_visible(timeout=STEP)
    expect(row(screens, LOCKED, FILE)).to_have_count(0)
    expect(row(screens, WAITS, "half.jpg")).to_have_count(0, timeout=STEP)


@pytest.mark.limit(120)
def test_todays_card_leads_to_ones_own_batches(stand: Stand, screens: Screens, api: client.Browser) -> None:
    mine = api.post("/api/v1/scan/batches", {"station": STATION, "title": "Mine alone"})
    screens.open("/today")
    card = screens.page.locator("[data-row-key=batches]")
    expect(card.locator(".n")).not_to_have_text("0", timeout=STEP)
    card.locator("a").click()
    expect(screens.page.get_by_label("Only mine")).to_be_checked(timeout=20 * SECONDS)
    expect(screens.page.locator(f"tr[data-row-key='{mine['id']}']")).to_be_visible(timeout=20 * SECONDS)
