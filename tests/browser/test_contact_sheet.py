"""The contact sheet of 5,000 pages in the built screens: what a person who rolls and walks through it waits for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from engine.demo import client
from tests.browser import scan_stand
from tests.browser.screens import SECONDS, STEP, Screens
from tests.browser.stand import Stand, until

PAGES, ROLLS, KEYS = 5000, 300, 200
WATCH = """() => {
  window.seen = { frames: [], tasks: [] };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) window.seen.tasks.push(one.duration);
  }).observe({ entryTypes: ["longtask"] });
  let last = performance.now();
  const frame = (now) => {
    window.seen.frames.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""
"""Every frame's length, and every task of more than 50 ms."""
TOLD = """() => {
  const { frames, tasks } = window.seen;
  window.seen.frames = [];
  window.seen.tasks = [];
  const sorted = [...frames].sort((a, b) => a - b);
  return {
    frames: frames.length,
    p95: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
    longest: sorted.at(-1) ?? 0,
    late: frames.filter((one) => one > 25).length,
    tasks: tasks.length,
    task: Math.max(0, ...tasks),
  };
}"""
ROLL = """() => new Promise((done) => {
  const sheet = document.querySelector("[data-testid=contact-sheet]");
  const step = (left) => {
    sheet.scrollTop += 160;
    if (left) requestAnimationFrame(() => step(left - 1));
    else done(sheet.scrollTop);
  };
  step(300);
})"""
"""As a wheel does, as fast as there are frames."""
WALK = """(key) => new Promise((done) => {
  const times = [];
  const step = (left) => {
    if (!left) return done(times.sort((a, b) => a - b));
    const begun = performance.now();
    window.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    requestAnimationFrame(() => setTimeout(() => { times.push(performance.now() - begun); step(left - 1); }, 0));
  };
  step(200);
})"""
"""A key held down: milliseconds until the frame that shows what it did is drawn, each."""


@pytest.fixture(name="api")
def fixture_api(stand: Stand) -> client.Browser:
    api = client.Browser(stand.web)
    api.sign_in(stand.link().partition("#")[2])
    return api


@pytest.fixture(name="batch")
def fixture_batch(stand: Stand, api: client.Browser) -> dict[str, Any]:
    """A batch that holds one real page many times, each with an address of its own."""
    made = api.post("/api/v1/scan/batches", {"station": "thick", "title": "Thick", "sheets": PAGES})
    address = f"/api/v1/scan/batches/{made['id']}"
    folder = stand.logs / "no-sheets"
    folder.mkdir(exist_ok=True)
    scan_stand.scan(stand, "thick", documents=1, pages=1, sheets=folder, form="jpeg", language="en")
    until(lambda: any(page["ready"] for page in api.get(address)["pages"]), 60, "no page came")
    batch: dict[str, Any] = api.get(address)
    (one,) = batch["pages"]
    batch["pages"] = [
        one | {"id": f"P{n:05}", "number": n + 1, "position": n, "flags": ["skewed"] if n % 97 == 5 else []}
        for n in range(PAGES)
    ]
    batch["real"] = one["id"]
    return batch


@pytest.mark.limit(240)
def test_five_thousand_pages_roll_and_walk_like_ten(screens: Screens, batch: dict[str, Any]) -> None:
    page, real = screens.page, batch.pop("real")
    body = json.dumps(batch)
    picture = page.request.get(f"{screens.web}/api/v1/scan/pages/{real}/thumb").body()

    def pictures(route: Route) -> None:
        route.fulfill(body=picture, content_type="image/jpeg", headers={"Cache-Control": "private, immutable"})

    page.route("**/api/v1/scan/pages/P*/*", pictures)
    page.route(f"**/api/v1/scan/batches/{batch['id']}", lambda route: route.fulfill(body=body))
    screens.open(f"/scan/{batch['id']}")
    expect(page.get_by_test_id("page-facts")).to_contain_text(f"of {PAGES}", timeout=STEP)
    page.evaluate(WATCH)
    chromium = page.context.new_cdp_session(page)
    chromium.send("Performance.enable", {"timeDomain": "threadTicks"})

    def figures() -> dict[str, float]:
        return {one["name"]: one["value"] for one in chromium.send("Performance.getMetrics")["metrics"]}

    def work(script: str, key: str = "") -> tuple[Any, float]:
        """What a script answers, and the seconds of the processor that the page had for it: other loads don't count."""
        before = figures()["TaskDuration"]
        return page.evaluate(script, key), figures()["TaskDuration"] - before

    said = {}
    top, rolled = work(ROLL)
    assert top > 30_000
    said["rolled"] = page.evaluate(TOLD)
    screens.press("Home")
    walked = {key: work(WALK, key) for key in ("ArrowDown", "ArrowRight", "n", "PageDown")}
    said["walked"] = page.evaluate(TOLD)
    screens.press("End")
    expect(page.get_by_test_id("page-facts")).to_contain_text(f"Page {PAGES} of {PAGES}", timeout=20 * SECONDS)
    screens.press("Control+a")
    expect(page.get_by_test_id("page-facts")).to_contain_text(f"{PAGES} ticked", timeout=20 * SECONDS)
    said["end and all"] = page.evaluate(TOLD)
    screens.picture("contact-sheet-5000")
    chromium.send("HeapProfiler.collectGarbage")
    heap = figures()["JSHeapUsedSize"] / 2**20
    nodes = page.evaluate("document.querySelectorAll('*').length")
    for what, found in said.items():
        print(f"\n{what}: {json.dumps({name: round(value, 1) for name, value in found.items()})}", end="")
    print(f"\nrolled: {rolled * 1000 / ROLLS:.1f} ms of the processor a frame", end="")
    for key, (times, spent) in walked.items():
        walls = f"median {times[100]:.1f} ms, p95 {times[190]:.1f} ms, longest {times[-1]:.1f} ms"
        print(f"\n{key}: {spent * 1000 / KEYS:.1f} ms of the processor a key; {walls}", end="")
    print(f"\n{nodes} elements, {heap:.1f} MiB of script memory")

    assert page.get_by_test_id("cell").count() < 80
    assert nodes < 2500
    assert heap < 120
    # of the processor, because a machine that does other things beside drops frames that are nobody's fault
    assert rolled / ROLLS < 0.016
    for key, (_, spent) in walked.items():
        assert spent / KEYS < 0.033, f"{key}: {spent * 1000 / KEYS:.0f} ms"


CUT = """() => {
  const inside = ".doc-mark, .cell-here, .cell-state, .cell-foot b, .whole-name, .ant-segmented-item-label, .small";
  const cut = [...document.querySelectorAll(inside)].filter((one) => one.scrollWidth > one.clientWidth + 1
    && one.clientWidth > 0 && getComputedStyle(one).display !== "inline").map((one) => one.textContent);
  const field = document.getElementById("scan-field");
  const pen = document.createElement("canvas").getContext("2d");
  pen.font = getComputedStyle(field).font;
  return pen.measureText(field.placeholder).width > field.clientWidth ? [...cut, field.placeholder] : cut;
}"""
"""Texts of ASSIGN that have not the room that they need."""


@pytest.mark.limit(180)
def test_no_label_of_assign_is_cut(screens: Screens, batch: dict[str, Any]) -> None:
    """Late in a thick batch, with all the signs that a page can have, in each language."""
    page = screens.page
    batch.pop("real")
    late = batch["pages"][PAGES - 4 :]
    who = {"id": "x", "number": "30010035-7", "name": "María del Carmen Muestra López de Ejemplo"}
    who |= {"birth_date": "1951-11-30", "sex": "F"}
    for nth, one in enumerate(late):
        one |= {"draft": f"D{nth}", "patient": who, "flags": ["flag", "skewed", "insert"]}
        one["state"] = "rescan" if nth % 2 else "kept"
    for one in batch["pages"][: PAGES - 4]:
        one["state"] = "dropped"
    draft = {"position": 1, "state": "open", "patient": None, "details": {}, "suggested": {}, "document": None}
    draft |= dict.fromkeys(("kind", "date", "department", "author", "title", "episode"), "") | {"missing": []}
    batch["drafts"] = [draft | {"id": f"E{n}", "pages": []} for n in range(996)]
    batch["drafts"] += [draft | {"id": f"D{nth}", "pages": [one["id"]]} for nth, one in enumerate(late)]
    offered = [{"patient": who | {"id": f"x{n}"}, "page": late[0]["id"], "place": None} for n in range(5)]
    whys = ("label", "text", "file", "appointment", "previous")
    items = [one | {"why": why} for one, why in zip(offered, whys, strict=True)]
    page.route("**/api/v1/scan/pages/P*/*", lambda route: route.fulfill(status=404))
    page.route("**/candidates", lambda route: route.fulfill(body=json.dumps({"items": items})))
    page.route(f"**/api/v1/scan/batches/{batch['id']}", lambda route: route.fulfill(body=json.dumps(batch)))
    screens.engine_goes_away = True  # the pictures, of which there are none
    screens.open(f"/scan/{batch['id']}/assign")
    for language in ("English", "Español", "中文"):
        screens.language(language)
        expect(page.get_by_test_id("candidate-5")).to_be_visible(timeout=STEP)
        page.get_by_test_id("scan-field").press("Shift+ArrowRight")
        expect(page.locator(".doc-mark").first).to_contain_text("997")
        screens.picture(f"scan-assign-late-{language}")
        assert page.evaluate(CUT) == [], language
    screens.language("English")
