"""Uploads through the API: in pieces, cut off anywhere, whole or refused."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from engine import points
from records import uploads
from tests.channels._folder.pictures import jpeg, pdf, png
from tests.web.api.world import Answer, Browser, World

UPLOADS = "/api/v1/scan/uploads"


def asked(data: bytes, **more: Any) -> dict[str, Any]:
    about = {"name": "page.jpg", "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "station": "admission"}
    return {**about, **more}


def put(browser: Browser, upload: str, offset: int, data: bytes) -> Answer:
    return browser.send(
        "PUT", f"{UPLOADS}/{upload}?offset={offset}", data, {"content_type": "application/octet-stream"}
    )


def parts(world: World) -> list[Path]:
    return list((world.folder / "uploads").glob("*"))


def test_a_file_in_three_pieces(world: World) -> None:
    data = jpeg(b"x" * 3000)
    browser = world.sign_in("SC")
    begun = browser.post(UPLOADS, asked(data))
    assert begun.json() == {"id": begun.json()["id"], "received": 0, "state": "open"}
    upload = begun.json()["id"]
    for at in (0, 1000, 2000):
        assert put(browser, upload, at, data[at : at + 1000]).json()["received"] == at + 1000
    assert put(browser, upload, 3000, data[3000:]).json()["state"] == "done"
    assert parts(world) == []
    (file,) = world.rows("SELECT station, name, blob, content_type, state FROM scan_file")
    assert file == {
        "station": "admission", "name": "page.jpg", "blob": hashlib.sha256(data).hexdigest(),
        "content_type": "image/jpeg", "state": "taken",
    }  # fmt: skip
    assert [row["act"] for row in world.audit() if row["act"].startswith("upload")] == ["upload.begin", "upload.done"]


def test_cut_off_and_gone_on(world: World) -> None:
    data = png(b"x" * 500)
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(data)).json()["id"]
    put(browser, upload, 0, data[:100])
    # A crash between the disk and the book: more is on the disk than the book knows.
    (part,) = parts(world)
    part.write_bytes(data[:300])
    again = browser.post(UPLOADS, asked(data)).json()
    assert again == {"id": upload, "received": 100, "state": "open"}
    assert put(browser, upload, 300, data[300:]).code == "WB-8605"
    assert put(browser, upload, 100, data[100:]).json()["state"] == "done"
    # The answer was lost: asked again, said again.
    assert browser.post(UPLOADS, asked(data)).json()["state"] == "done"
    assert browser.get(f"{UPLOADS}/{upload}").json()["state"] == "done"
    assert put(browser, upload, len(data), b"").json()["state"] == "done"
    assert len(world.rows("SELECT id FROM scan_file")) == 1


def test_an_end_that_was_cut_off_is_ended_by_an_empty_piece(world: World) -> None:
    data = pdf()
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(data, name="a.pdf")).json()["id"]
    folder = world.folder / "uploads"
    folder.mkdir()
    (folder / f"{upload}.part").write_bytes(data)
    world.write(lambda conn: uploads.advance(conn, upload, 0, len(data), 1))
    assert put(browser, upload, len(data), b"").json()["state"] == "done"
    assert world.rows("SELECT content_type FROM scan_file") == [{"content_type": "application/pdf"}]


def test_what_is_not_what_was_announced(world: World) -> None:
    data = jpeg()
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(data)).json()["id"]
    answer = put(browser, upload, 0, data[:-1] + b"?")
    assert (answer.status, answer.code) == (409, "WB-8603")
    assert parts(world) == []
    assert browser.get(f"{UPLOADS}/{upload}").json() == {"id": upload, "received": 0, "state": "refused"}
    assert put(browser, upload, 0, data).code == "WB-8602"
    assert browser.post(UPLOADS, asked(data)).json()["state"] == "open"
    assert put(browser, upload, 0, data).json()["state"] == "done"


def test_too_large_too_long_and_unknown(world: World) -> None:
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(b"x" * 10)).json()["id"]
    assert put(browser, upload, 0, b"x" * 11).code == "WB-8601"
    assert put(browser, upload, 0, bytes(uploads.PIECE + 1)).status == 413
    assert put(browser, "none", 0, b"x").code == "WB-8602"
    assert browser.post(UPLOADS, asked(b"x", size=(2 << 30) + 1)).status == 422
    assert browser.post(UPLOADS, asked(b"x", station="a/b")).code == "WB-8601"
    world.bridge.pieces = 8
    assert put(browser, upload, 0, b"x").status == 503
    world.bridge.pieces = 0
    assert put(browser, upload, 0, b"x" * 10).json()["state"] == "done"


def test_a_piece_may_be_larger_than_other_requests(world: World) -> None:
    data = bytes(2 << 20)
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(data)).json()["id"]
    assert put(browser, upload, 0, data).json()["state"] == "done"
    assert browser.post(UPLOADS, b"x" * (2 << 20)).status == 413


def test_the_pieces_of_forgotten_uploads_go(world: World) -> None:
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(b"x" * 10)).json()["id"]
    put(browser, upload, 0, b"x")
    assert len(parts(world)) == 1
    world.time += uploads.OLD / 1000 + 60
    browser = world.sign_in("SC", login="later")
    assert browser.post(UPLOADS, asked(b"y" * 10)).status == 200
    assert parts(world) == []
    assert browser.get(f"{UPLOADS}/{upload}").json()["state"] == "refused"


@pytest.mark.parametrize("name", ["capture.piece_written", "capture.upload_kept", "capture.upload_done"])
def test_a_crash_at_each_step_loses_nothing_and_doubles_nothing(world: World, name: str) -> None:
    data = jpeg(b"x" * 100)
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(data)).json()["id"]

    def crash(passed: str) -> None:
        if passed == name:
            raise RuntimeError("the power went")

    points.watch(crash)
    try:
        assert put(browser, upload, 0, data).status == 500
    finally:
        points.watch(None)
    again = browser.post(UPLOADS, asked(data)).json()
    if again["state"] == "open":
        assert put(browser, upload, again["received"], data[again["received"] :]).json()["state"] == "done"
    assert len(world.rows("SELECT id FROM scan_file WHERE state = 'taken'")) == 1
    assert browser.post(UPLOADS, asked(data)).json()["state"] == "done"


def test_pieces_that_no_open_upload_needs_are_removed(world: World) -> None:
    data = jpeg(b"x" * 500)
    browser = world.sign_in("SC")
    upload = browser.post(UPLOADS, asked(data)).json()["id"]
    put(browser, upload, 0, data[:100])
    folder = world.folder / "uploads"
    (folder / "0123456789abcdef.part").write_bytes(b"of a row that is gone")
    over = browser.post(UPLOADS, asked(png())).json()["id"]
    put(browser, over, 0, png())
    (folder / f"{over}.part").write_bytes(b"a crash came before it was removed")
    browser.post(UPLOADS, asked(pdf(), name="a.pdf"))
    assert [part.stem for part in parts(world)] == [upload]
    assert put(browser, upload, 100, data[100:]).json()["state"] == "done"
