"""100 pages of 20 documents, from the scanner's folder to the patients' trees, by one person without a mouse."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from engine.demo.client import Browser
from simulators.paper_text import Patient
from tests.browser import scan_stand
from tests.browser.screens import SECONDS, Screens
from tests.browser.stand import Stand

STATION, TITLE = "hundred", "Box 17"
DOCUMENTS, PAGES, BLANKS = 20, 100, 2
UNLABELLED = (4, 7, 11, 18)
"""Documents without a label sheet: a person says whose they are."""
SHEETS = 1 + DOCUMENTS + (DOCUMENTS - len(UNLABELLED)) + PAGES + BLANKS
DPI = 150
KINDS = ("discharge", "laboratory", "operation")
PEOPLE = (
    Patient("30030017", "示例乙", "1949-10-01", "M"),
    Patient("30030025", "Inés Ejemplo Peña", "1970-02-28", "F"),
    Patient("30030033", "Kim Specimen", "1932-07-19", "F"),
    Patient("30030041", "示例丙", "2001-12-24", "F"),
)
SLOW = 120 * SECONDS

Sheet = dict[str, Any]


class Clock:
    """How long each part took."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.parts[name] = time.monotonic() - begun

    def say(self) -> str:
        """All parts, and what of it a person spent at the screen."""
        at_work = sum(seconds for name, seconds in self.parts.items() if not name.startswith("("))
        lines = [f"  {seconds:6.1f} s  {name}" for name, seconds in self.parts.items()]
        whole = sum(self.parts.values())
        return "\n".join([*lines, f"  {at_work:6.1f} s  at the screen", f"  {whole:6.1f} s  in all"])


@pytest.fixture(name="api")
def fixture_api(stand: Stand) -> Browser:
    api = Browser(stand.web)
    api.sign_in(stand.link().partition("#")[2])
    return api


@pytest.fixture(name="ids")
def fixture_ids(stand: Stand, api: Browser) -> dict[str, str]:
    """The patients' ids by their numbers."""
    scan_stand.register(stand, PEOPLE)
    found: dict[str, str] = {}
    limit = time.monotonic() + 30
    while len(found) < len(PEOPLE) and time.monotonic() < limit:
        for who in PEOPLE:
            items = api.post("/api/v1/scan/patients/lookup", {"text": who.number, "limit": 2})["items"]
            found |= {one["number"]: one["id"] for one in items if one["number"] == who.number}
    assert len(found) == len(PEOPLE)
    return found


@pytest.mark.limit(240)
def test_a_hundred_pages_go_from_the_folder_to_the_trees(
    stand: Stand, screens: Screens, api: Browser, ids: dict[str, str], tmp_path: Path
) -> None:
    clock = Clock()
    batch = printed(api, ids, tmp_path)
    with clock.part("(the scanner draws and feeds 139 sheets)"):
        fed = scanned(stand, tmp_path)
    person = Person(screens, fed)
    with clock.part("(all of them are on the screen)"):
        person.opens(batch)
    with clock.part("check"):
        person.checks()
    with clock.part("assign"):
        person.assigns()
    with clock.part("close"):
        person.closes()
    with clock.part("classify and file"):
        person.classifies()
    with clock.part("read"):
        person.reads()
    print(f"\n{clock.say()}")
    accounted(api, batch, ids, fed)
    screens.keeps_patients_out_of_sight(*(who.name for who in PEOPLE))


def printed(api: Browser, ids: dict[str, str], folder: Path) -> str:
    """The sheets of a new batch and a label for each patient; the batch. How much paper there is nobody says yet."""
    asked = {"kind": "set", "station": STATION, "title": TITLE, "documents": DOCUMENTS}
    pdf, headers = api.file("/api/v1/scan/sheets", asked)
    (folder / "set.pdf").write_bytes(pdf)
    for number, who in enumerate(PEOPLE):
        label = {"kind": "labels", "patient": ids[who.number], "count": 1}
        (folder / f"label-{number}.pdf").write_bytes(api.file("/api/v1/scan/sheets", label)[0])
    return str(headers["X-Waybill-Batch"])


def scanned(stand: Stand, folder: Path) -> list[Sheet]:
    """Feed it all; what truly stands on each sheet, in order."""
    scan_stand.scan(
        stand, STATION, PEOPLE, documents=DOCUMENTS, pages=PAGES, blanks=BLANKS, sheets=folder, dpi=DPI,
        kinds=",".join(KINDS), language="zh,es,en,zh", no_label=UNLABELLED, form="mix", log=folder / "fed.jsonl",
    )  # fmt: skip
    fed = [json.loads(line) for line in (folder / "fed.jsonl").read_text("utf-8").splitlines()]
    assert len(fed) == SHEETS
    return fed


class Person:
    """Somebody at the scan desk: every act is a key."""

    def __init__(self, screens: Screens, fed: Sequence[Sheet]) -> None:
        self.screens, self.page, self.fed = screens, screens.page, fed
        self.at = 1
        """The page under the cursor, by its place in the batch."""

    @property
    def documents(self) -> list[Sheet]:
        """The first page of each document."""
        return [one for one in self.fed if one["sheet"] == "page" and one["page"] == 1]

    def press(self, *keys: str) -> None:
        self.screens.press(*keys)

    def types(self, text: str) -> None:
        self.page.keyboard.type(text)

    def saved(self, text: str) -> None:
        expect(self.page.get_by_test_id("saving")).to_contain_text(text, timeout=SLOW)

    def opens(self, batch: str) -> None:
        """BATCHES, down to the batch, which fills while one looks."""
        self.press("g", "b")
        expect(self.page.locator("tr", has_text=TITLE)).to_be_visible(timeout=SLOW)
        expect(self.page.locator("tr", has_text=TITLE)).to_contain_text(f"{SHEETS} / ?", timeout=SLOW)
        rows = self.page.locator("tr[data-row-key]")
        place = [rows.nth(at).get_attribute("data-row-key") for at in range(rows.count())].index(batch)
        self.press(*["j"] * (place + 1))
        expect(self.page.locator("tr.cursor")).to_contain_text(TITLE)
        self.screens.picture("hundred-batches")
        self.press("Enter")
        expect(self.page.get_by_test_id("ledger")).to_contain_text(f"kept {PAGES + BLANKS}", timeout=SLOW)
        expect(self.page.get_by_test_id("ledger")).to_contain_text(f"separator {DOCUMENTS}")

    def goes(self, place: int) -> None:
        """To the page of this place."""
        self.press(*(["ArrowRight"] * (place - self.at) or ["ArrowLeft"] * (self.at - place)))
        self.at = place

    def checks(self) -> None:
        """Empty sheets away, one page turned, and how many sheets were fed."""
        for place, one in enumerate(self.fed, 1):
            if one["sheet"] == "blank":
                self.goes(place)
                expect(self.page.locator("[data-testid=cell][aria-current=true] b")).to_have_text(str(place))
                self.press("b")
        self.goes(self.turned)
        self.press("r")
        self.saved("Rotated")
        expect(self.page.get_by_test_id("ledger")).to_contain_text(f"blank {BLANKS}", timeout=SLOW)
        self.press("C")  # nobody has said how many sheets there were: the key asks for it
        expect(self.page.locator("#sheets")).to_be_focused()
        self.types(str(SHEETS))
        self.press("Enter")
        expect(self.page.get_by_test_id("ledger-say")).to_contain_text("Balances", timeout=SLOW)
        self.screens.picture("hundred-checked")

    @property
    def turned(self) -> int:
        """The place of the page that is turned: the second of document 3."""
        return next(place for place, one in enumerate(self.fed, 1) if (one.get("document"), one.get("page")) == (3, 2))

    def assigns(self) -> None:
        """What has no label: by the hand scanner, by number, by name and by birth date."""
        self.press("]")
        expect(self.page.get_by_test_id("scan-field")).to_be_focused(timeout=SLOW)
        for nth, number in enumerate(UNLABELLED):
            who = PEOPLE[(number - 1) % len(PEOPLE)]
            first = next(at for at, one in enumerate(self.fed, 1) if one.get("document") == number and "page" in one)
            expect(self.page.get_by_test_id("assign-range")).to_contain_text(f"{first}", timeout=SLOW)
            self.types((scan_stand.label(who), who.number, who.name.split(" ")[0], who.birth_date)[nth])
            expect(self.page.get_by_test_id("echo")).to_contain_text(who.name, timeout=SLOW)
            self.press("Enter")
            self.saved(who.name if number != UNLABELLED[-1] else "")
        expect(self.page.get_by_text("Every page has a patient.").first).to_be_visible(timeout=SLOW)
        self.screens.picture("hundred-assigned")

    def closes(self) -> None:
        """Back to the pages, and closed."""
        self.press("[")
        expect(self.page.get_by_test_id("close")).to_be_enabled(timeout=SLOW)
        self.press("C")
        expect(self.page.get_by_test_id("group")).to_have_count(DOCUMENTS, timeout=SLOW)

    def classifies(self) -> None:
        """Each as a clerk reads it: the kind by name, or all as the one before; then its date; then the next."""
        before = ""
        for number, one in enumerate(self.documents, 1):
            same = one["kind"] == before
            before = one["kind"]
            if same:
                self.press("=")
                self.saved("Document saved.")
                self.press("t", "Tab", "Control+a")
            else:
                self.press("t")
                expect(self.page.locator("#kind")).to_be_focused()
                self.types(one["kind"])
                expect(self.page.locator(".ant-select-item-option-active")).to_be_visible()
                self.press("Enter")
                self.saved("Document saved.")
                self.press("e")
            expect(self.page.locator("#date")).to_be_focused()
            self.types(one["date"].replace("-", ""))
            if number == 2:
                self.screens.picture("hundred-classify")
            self.press("Control+Enter")
            self.saved(f"Document {number} is filed.")
        expect(self.page.get_by_test_id("closed")).to_contain_text("Filed", timeout=SLOW)

    def reads(self) -> None:
        """FIND, the patient by number, and the tree: every document of his."""
        self.press("g", "r")
        expect(self.page.get_by_test_id("find-field")).to_be_focused(timeout=SLOW)
        self.types(PEOPLE[2].number)
        expect(self.page.get_by_test_id("people")).to_contain_text(PEOPLE[2].name, timeout=SLOW)
        self.press("Enter", "1")
        expect(self.page.get_by_test_id("whose")).to_contain_text(PEOPLE[2].name, timeout=SLOW)
        expect(self.page.get_by_test_id("whose")).to_contain_text("Documents: 5")
        self.press("]")
        expect(self.page.get_by_test_id("page-of")).to_be_visible(timeout=SLOW)
        self.screens.picture("hundred-read")


def accounted(api: Browser, batch: str, ids: dict[str, str], fed: Sequence[Sheet]) -> None:
    """Every sheet is in the ledger, and every paper in its document in its patient's tree."""
    shown = api.get(f"/api/v1/scan/batches/{batch}")
    ledger = shown["ledger"]
    assert shown["state"] == "filed"
    assert (ledger["sheets"], ledger["images"], ledger["kept"]) == (SHEETS, SHEETS, PAGES)
    assert (ledger["blank"], ledger["separator"], ledger["header"]) == (BLANKS, DOCUMENTS, 1)
    wanted: dict[tuple[str, int], tuple[str, str]] = {}
    for number in range(1, DOCUMENTS + 1):
        papers = [one for one in fed if one["sheet"] == "page" and one["document"] == number]
        wanted[ids[papers[0]["patient"]], number] = (papers[0]["kind"], papers[0]["date"])
        draft = shown["drafts"][number - 1]
        assert (draft["patient"]["number"], len(draft["pages"])) == (papers[0]["patient"], len(papers))
    for key in ids.values():
        leaves = list(documents(api.get(f"/api/v1/patients/{key}/tree?by=kind")["nodes"]))
        mine = sorted(said for (owner, _), said in wanted.items() if owner == key)
        assert sorted((leaf["kind"], leaf["date"]) for leaf in leaves) == mine
        assert sum(leaf["pages"] for leaf in leaves) == sum(
            one["sheet"] == "page" and ids[one["patient"]] == key for one in fed
        )
    reader = api.get(f"/api/v1/documents/{shown['drafts'][2]['document']}/reader")
    assert [page["width"] > page["height"] for page in reader["pages"]][:3] == [False, True, False]


def documents(nodes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in nodes:
        yield from node["documents"] or ()
        yield from documents(node["nodes"])
