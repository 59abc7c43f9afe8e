"""The screens as a person meets them: what the tests click, press and read, in one place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

SECONDS = 1000
STEP = 60 * SECONDS
"""How long an order may take from one status to the next, on a busy machine."""


class Screens:
    """A signed-in browser page; `problems` collects what the browser's console complained about."""

    def __init__(self, page: Page, web: str, pictures: Path) -> None:
        self.page = page
        self.web = web
        self.problems: list[str] = []
        self.engine_goes_away = False
        """Then the browser's own complaints about requests that reached nobody are expected."""
        self.is_refused = False
        """Then the server says no (409) to what the test does, and the browser complains of that."""
        self._pictures = pictures
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._console)

    def _console(self, message: Any) -> None:
        unreached = "ERR_" in message.text or "Failed to load resource" in message.text
        nobody_yet = "401" in message.text  # the first question of a page: who is signed in?
        refused = self.is_refused and "409" in message.text
        if message.type == "error" and not nobody_yet and not refused and not (unreached and self.engine_goes_away):
            self.problems.append(message.text)

    def sign_in(self, link: str) -> None:
        self.page.goto(link)
        expect(self.page.get_by_test_id("user-menu")).to_be_visible(timeout=20 * SECONDS)

    def open(self, path: str) -> None:
        self.page.goto(self.web + path)
        expect(self.page.get_by_test_id("user-menu")).to_be_visible(timeout=20 * SECONDS)

    def picture(self, name: str) -> None:
        """Keep what is seen: a person looks at it."""
        self.page.screenshot(path=self._pictures / f"{name}.png")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def tab(self, status: str) -> None:
        tab = self.page.get_by_test_id(f"tab-{status}")
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")

    def go_to(self, row: Locator) -> None:
        """The cursor of a list, by j, to this row."""
        key = row.get_attribute("data-row-key")
        rows = self.page.locator("tr[data-row-key]")
        keys = [rows.nth(at).get_attribute("data-row-key") for at in range(rows.count())]
        self.press(*["k"] * len(keys), *["j"] * keys.index(key))
        expect(self.page.locator("tr.cursor")).to_have_attribute("data-row-key", key or "")

    def row(self, order: str) -> Locator:
        """The worklist's row of an order."""
        return self.page.locator("[data-row-key]", has_text=order)

    def await_order(self, order: str, status: str) -> Locator:
        """Stay on the tab of a status until the order is there: the live stream must bring it."""
        self.tab(status)
        row = self.row(order)
        expect(row).to_be_visible(timeout=STEP)
        return row

    def run_of(self, order: str) -> str:
        """The opaque id of the order's run, from the row's own link."""
        address = self.row(order).locator("a[href^='/engine/runs/']").first.get_attribute("href")
        assert address is not None
        return address.rsplit("/", 1)[1]

    def language(self, name: str) -> None:
        self.page.get_by_test_id("language").click()
        self.page.get_by_role("menuitem", name=name).click()

    def document_is_drawn(self) -> None:
        """pdf.js has put ink on the first page."""
        canvas = self.page.locator(".pdf-page canvas[data-drawn=yes]").first
        expect(canvas).to_be_visible(timeout=20 * SECONDS)
        ink = canvas.evaluate(
            "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
            " let n = 0; for (let i = 0; i < d.length; i += 4) if (d[i] < 128) n += 1; return n; }"
        )
        assert ink > 500, f"{ink} dark pixels: the page is empty"

    def sign(self) -> None:
        """Sign the open report and wait until the phone has approved and the gate has let it through."""
        self.document_is_drawn()
        expect(self.page.get_by_test_id("sign")).to_be_enabled(timeout=20 * SECONDS)
        self.press("s")
        expect(self.page.locator(".asking")).to_be_visible(timeout=20 * SECONDS)
        self.picture("signing")
        expect(self.page.get_by_test_id("sign-result")).to_contain_text("Signed", timeout=STEP)

    def keeps_patients_out_of_sight(self, *words: str) -> None:
        """Neither the address nor the title holds anything of a patient."""
        seen = f"{self.page.url} {self.page.title()}"
        for word in words:
            assert not re.search(re.escape(word), seen), "a patient's data is in the address or the title"
