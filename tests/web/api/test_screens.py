"""The built screens."""

from __future__ import annotations

import pytest

from tests.web.api.world import Browser, World


@pytest.fixture(name="built")
def fixture_built(world: World) -> World:
    dist = world.folder / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>start")
    (dist / "assets" / "app-12ab.js").write_text("1")
    (dist / "icon.svg").write_text("<svg/>")
    (world.folder / "secret").write_text("secret")
    return world


def test_files_and_the_start_page(built: World) -> None:
    browser = Browser(built.app)
    for path in ("/", "/worklist", "/engine/runs/x", "/login", "/sign/a.b"):
        answer = browser.get(path)
        assert answer.body == b"<!doctype html>start", path
        assert answer.headers["cache-control"] == "no-cache"
    script = browser.get("/assets/app-12ab.js")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "javascript" in script.headers["content-type"]
    assert browser.get("/icon.svg").body == b"<svg/>"
    assert browser.get("/assets/old-1.js").status == 404


@pytest.mark.parametrize("path", ["/../secret", "/assets/../../secret", "/%2e%2e/secret", "//etc/passwd", "/a\0b"])
def test_nothing_outside_is_sent(built: World, path: str) -> None:
    answer = Browser(built.app).get(path)
    assert b"secret" not in answer.body
    assert b"root:" not in answer.body


def test_not_built(world: World) -> None:
    answer = Browser(world.app).get("/")
    assert answer.status == 503
    assert b"make run" in answer.body
