"""Chromium on a demonstration site of its own. Plain synchronous tests: Playwright drives its own loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.screens import Screens
from tests.browser.stand import ROOT, Stand

CHROMIUM = os.environ.get("WAYBILL_CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """The running site; its screens must be built (`npm run build` in web/ui)."""
    assert (ROOT / "web/ui/dist/index.html").is_file(), "the screens are not built: npm run build in web/ui"
    place = Stand(tmp_path_factory.mktemp("stand"))
    try:
        place.start()
        yield place
    finally:
        place.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go: WAYBILL_PICTURES, or a temporary folder."""
    chosen = os.environ.get("WAYBILL_PICTURES")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def signed_in(stand: Stand, browser: Browser, pictures: Path) -> Any:
    """The cookies of one sign-in by a one-time link: the server slows down whoever tries many."""
    context = browser.new_context(locale="en-GB")
    Screens(context.new_page(), stand.web, pictures).sign_in(stand.link())
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def screens(stand: Stand, browser: Browser, pictures: Path, signed_in: Any) -> Iterator[Screens]:
    """A fresh browser profile with a session, in English."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB", storage_state=signed_in)
    found = Screens(context.new_page(), stand.web, pictures)
    found.open("/today")
    found.language("English")
    yield found
    context.close()
    assert found.problems == []


@pytest.fixture
def join(stand: Stand, browser: Browser, pictures: Path) -> Iterator[Callable[..., Screens]]:
    """Somebody else, signed in beside the first: `join(login, name, *roles)`."""
    joined = []

    def signed_in(login: str, name: str, *roles: str) -> Screens:
        stand.person(login=login, name=name, roles=list(roles))
        context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-GB")
        found = Screens(context.new_page(), stand.web, pictures)
        joined.append((context, found))
        found.sign_in(stand.link(login))
        return found

    yield signed_in
    for context, _ in joined:
        context.close()
    assert [found.problems for _, found in joined] == [[] for _ in joined]
