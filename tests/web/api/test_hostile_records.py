"""Whoever means harm, or slips: what is not his, what is no number, what is a bomb."""

from __future__ import annotations

import hashlib
import logging
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.ops import tokens
from engine.store.schema_records import batch, page
from records import appointments, patients
from tests.records import seed
from tests.web.api.records_world import Records
from tests.web.api.test_scan_batches import Desk
from tests.web.api.world import Browser, World

SCAN = "/api/v1/scan"
NAME = "示例甲"


@pytest.fixture(name="desk")
def fixture_desk(world: World) -> Desk:
    return Desk(world)


@pytest.fixture(autouse=True)
def fixture_quiet(caplog: pytest.LogCaptureFixture) -> Any:
    """Nothing of it is logged as a fault, and no name of a patient at all."""
    caplog.set_level(logging.DEBUG)
    yield
    assert NAME not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR], caplog.text


def another(desk: Desk) -> tuple[str, list[str], int]:
    """A batch of somebody else: its id, its pages, a file."""

    def rows(conn: Connection) -> tuple[str, list[str], int]:
        key = seed.batch(conn, locked_by=seed.user(conn, "eva"), locked_at=desk.world.bridge.now())
        pages = seed.public(conn, page, *seed.pages(conn, key, 2))
        return seed.public(conn, batch, key)[0], pages, seed.file(conn, key, state="failed")

    found: tuple[str, list[str], int] = desk.write(rows)
    return found


def test_pages_of_another_batch_are_not_touched_from_this_one(desk: Desk) -> None:
    other, pages, file = another(desk)
    before = desk.world.rows("SELECT * FROM page ORDER BY id")
    acts: list[dict[str, Any]] = [
        {"act": kind, "pages": pages}
        for kind in ("rotate", "crop", "deskew", "contrast", "move", "blank", "keep", "flag", "split", "join", "draft")
    ]
    acts += [{"act": kind, "pages": pages, "reason": "x"} for kind in ("drop", "rescan")]
    acts += [{"act": kind, "pages": [desk.pages[0]], "before": pages[0]} for kind in ("move", "insert")]
    acts += [{"act": "replace", "pages": [desk.pages[0]], "page": pages[0]}]
    acts += [{"act": "interleave", "pages": [desk.pages[0], pages[0]]}]
    for asked in acts:
        answer = desk.post("acts", asked)
        assert (answer.status, answer.code) == (409, "WB-8107"), (asked, answer.body)
    assert desk.post("candidates", {"page": pages[0]}).status == 404
    assigned = desk.post("assign", {"pages": pages, "patient": None, "how": "typed"})
    assert assigned.status in (404, 409), assigned.body
    assert desk.post(f"files/{file}/dismiss", {"reason": "x"}).status == 404
    assert desk.post(f"files/{file}/retry").status == 404
    assert desk.browser.post(f"{SCAN}/batches/{other}/acts", {"act": "keep", "pages": pages}).code == "WB-8102"
    assert desk.world.rows("SELECT * FROM page ORDER BY id") == before


def test_acts_of_another_batch_are_not_undone_or_confirmed_from_this_one(desk: Desk) -> None:
    desk.act("rotate", 0)
    (act,) = desk.world.rows("SELECT id FROM act WHERE kind = 'rotate'")
    key = desk.write(lambda conn: seed.batch(conn))
    (other,) = desk.write(lambda conn: seed.public(conn, batch, key))
    for path, body in (("undo", {"act": act["id"]}), ("assign/confirm", {"act": act["id"]})):
        answer = desk.browser.post(f"{SCAN}/batches/{other}/{path}", body)
        assert answer.status in (404, 409), answer.body
    assert desk.get()["acts"][0]["undone"] is False


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1", "2"])
def test_what_is_no_part_of_a_page_is_none(desk: Desk, number: str) -> None:
    for field, value in (("box", f"[0, 0, {number}, 1]"), ("box", f"[{number}, 0, 1, 1]")):
        body = f'{{"act": "crop", "pages": ["{desk.pages[0]}"], "{field}": {value}}}'
        answer = raw(desk, "acts", body)
        assert answer.status in (409, 422), answer.body
    if number not in ("-1", "2"):
        answer = raw(desk, "acts", f'{{"act": "deskew", "pages": ["{desk.pages[0]}"], "angle": {number}}}')
        assert answer.status in (409, 422), answer.body
    assert {row["recipe"] for row in desk.world.rows("SELECT recipe FROM page")} == {"{}"}


def raw(desk: Desk, path: str, body: str) -> Any:
    return desk.browser.send(
        "POST", f"{SCAN}/batches/{desk.id}/{path}", body.encode(), {"content_type": "application/json"}
    )


def test_a_page_before_itself_and_the_first_draft_to_the_one_before(desk: Desk) -> None:
    assert desk.post("acts", {"act": "move", "pages": desk.pages[:1], "before": desk.pages[0]}).code == "WB-8107"
    assert desk.post("acts", {"act": "replace", "pages": desk.pages[:1], "page": desk.pages[0]}).code == "WB-8107"
    assert desk.post("acts", {"act": "join", "pages": desk.pages[:1]}).code == "WB-8107"
    desk.act("draft", 0, 1)
    assert desk.post("acts", {"act": "join", "pages": desk.pages[:1]}).code == "WB-8107"
    assert desk.post("acts", {"act": "move", "pages": []}).code == "WB-8107"


def test_a_draft_under_anothers_lock(desk: Desk) -> None:
    desk.act("draft", 0, 1)
    (row,) = desk.world.rows("SELECT public_id FROM draft")
    eva = desk.world.sign_in("CL", login="eva")
    for method, path, body in (
        ("PATCH", "", {"kind": "letter"}), ("POST", "/same", None), ("POST", "/file", None),
    ):  # fmt: skip
        answer = eva.send(method, f"{SCAN}/drafts/{row['public_id']}{path}", body)
        assert answer.status == 409, (path, answer.body)
    assert eva.post(f"{SCAN}/batches/{desk.id}/close").code == "WB-8102"
    assert eva.post(f"{SCAN}/batches/{desk.id}/undo", {}).code == "WB-8102"
    assert desk.world.rows("SELECT kind FROM draft") == [{"kind": ""}]


@pytest.mark.parametrize(
    "text",
    ['"', '" OR 1 --', "a* OR NOT b NEAR(c)", "text: x", "{text}: ^x", "(", "a\x00b", "\ud800",
     "'; DROP TABLE page; --", "出" * 200, "* * *", "-x", "AND", "%_%"],
)  # fmt: skip
def test_whatever_is_searched_is_only_looked_for(world: World, text: str) -> None:
    Records(world).scanned()
    browser = world.sign_in("CL")
    for path, body in (
        ("/api/v1/records/search", {"text": text}), (f"{SCAN}/patients/lookup", {"text": text[:100]}),
    ):  # fmt: skip
        answer = browser.post(path, body)
        assert answer.status in (200, 422), (path, answer.body)
        assert browser.post(path, {"text": "x" * 10_000}).status == 422


def test_bombs_in_lists(world: World) -> None:
    browser = world.sign_in("AD")
    before = world.rows("SELECT * FROM doc_kind")
    laughs = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    for yaml in (
        laughs, "kinds: " + "[" * 20_000, "kinds: " + "{a: " * 5_000, "kinds: !!python/object/apply:os.system [x]",
        "kinds: &k [*k]", "\x00", "x" * (1 << 20), "kinds:\n" + "- {code: a}\n" * 60_000,
        "kinds:\n- {code: bad, names: {en: x}, values: [{name: n, pattern: '(a+)+$'}]}",
    ):  # fmt: skip
        answer = browser.post("/api/v1/lists/import", {"yaml": yaml, "apply": True})
        assert answer.status in (200, 400, 409, 413, 422), (yaml[:60], answer.status, answer.body[:200])
        assert answer.status != 200 or answer.json()["faults"], yaml[:60]
    assert world.rows("SELECT * FROM doc_kind") == before


def test_absurd_attributes(desk: Desk) -> None:
    desk.act("draft", 0, 1)
    (row,) = desk.world.rows("SELECT public_id FROM draft")
    path = f"{SCAN}/drafts/{row['public_id']}"
    absurd: tuple[dict[str, Any], ...] = (
        {"details": {f"n{n}": "x" for n in range(10_000)}}, {"details": {"x": "y" * 100_000}},
        {"details": {"x" * 10_000: "y"}}, {"details": {"x": [[[]]]}}, {"title": "x" * 1000}, {"date": "2026-99-99"},
        {"date": "0000-00-00"}, {"kind": "no such kind"},
    )  # fmt: skip
    for body in absurd:
        answer = desk.browser.send("PATCH", path, body)
        assert answer.status in (409, 413, 422), (str(body)[:80], answer.body)


def test_a_token_opens_uploads_only(world: World) -> None:
    made = world.write(lambda conn: tokens.add(conn, "scanner", "scan-upload", "desk-1"))
    stranger = Browser(world.app)
    stranger.headers["authorization"] = f"Bearer {made['token']}"
    about = {"name": "../../etc/passwd", "size": 3, "sha256": hashlib.sha256(b"abc").hexdigest(), "station": "desk-1"}
    assert stranger.post(f"{SCAN}/uploads", about).status == 200
    assert stranger.post(f"{SCAN}/uploads", about | {"station": "desk-2"}).status == 403
    mine, other = (world.write(partial(seed.batch, station=code)) for code in ("desk-1", "desk-2"))
    (mine_id, other_id) = world.write(lambda conn: seed.public(conn, batch, mine, other))
    assert stranger.post(f"{SCAN}/uploads", about | {"batch": other_id}).status == 403
    assert stranger.post(f"{SCAN}/uploads", about | {"batch": mine_id}).status == 200
    for method, path in (
        ("POST", f"{SCAN}/batches/search"), ("GET", "/api/v1/session"), ("POST", "/api/v1/records/search"),
        ("POST", f"{SCAN}/sheets"), ("GET", "/api/v1/lists"), ("POST", f"{SCAN}/patients/lookup"),
    ):  # fmt: skip
        assert stranger.send(method, path, {} if method == "POST" else None).status == 401, path
    assert [row["name"] for row in world.rows("SELECT name FROM upload")] == ["passwd"]
    world.write(lambda conn: tokens.revoke(conn, made["id"]))
    assert stranger.post(f"{SCAN}/uploads", about).status in (401, 429)


def test_names_and_places_of_uploads(world: World) -> None:
    browser = world.sign_in("SC")
    data = b"\xff\xd8\xff" + b"x" * 97
    about = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "station": "desk-1"}
    for name in ("a\x00b.jpg", "", "  ", "x" * 300 + "\n"):
        assert browser.post(f"{SCAN}/uploads", about | {"name": name}).status in (409, 422), name
    for station in ("..", "../x", "a/b", "a\x00", ""):
        answer = browser.post(f"{SCAN}/uploads", about | {"name": "a.jpg", "station": station})
        assert answer.status in (409, 422), (station, answer.body)
    found = browser.post(f"{SCAN}/uploads", about | {"name": "a.jpg"}).json()["id"]
    for offset in ("-1", "1", "99999999999999999999", "x", str(2**31)):
        put = browser.send("PUT", f"{SCAN}/uploads/{found}?offset={offset}", data, {"content_type": "x/y"})
        assert put.status in (409, 422), (offset, put.body)
    for name in ("..%2F..%2Fetc%2Fpasswd", "%00", "x" * 300):
        assert browser.send("PUT", f"{SCAN}/uploads/{name}?offset=0", data).status in (404, 409, 422)
    assert not list((world.folder / "uploads").glob("*")) if (world.folder / "uploads").exists() else True


def test_every_look_at_a_patient_is_written(world: World) -> None:
    records = Records(world)
    document = records.scanned()
    world.write(lambda conn: patients.index(conn, 0, 100))
    coming = {"id": "A1", "number": "0009000001", "day": "2026-11-22"}
    world.write(lambda conn: appointments.put(conn, coming, 1))
    patient = records.patient(records.one)
    (page_id,) = records.ids(records.pages(1))
    browser = world.sign_in("CL")
    looks = [
        ("GET", f"{SCAN}/pages/{page_id}/thumb", None), ("GET", f"{SCAN}/pages/{page_id}/master", None),
        ("GET", f"/api/v1/patients/{patient}/tree", None), ("GET", f"/api/v1/documents/{document}/reader", None),
        ("GET", f"/api/v1/documents/{document}/history", None),
        ("GET", f"/api/v1/documents/{document}/versions/1", None),
        ("GET", f"/d/{document}", None),
        ("POST", f"{SCAN}/patients/lookup", {"text": "0009000001"}),
        ("POST", "/api/v1/records/search", {"patient": patient}),
        ("POST", "/api/v1/records/repair/preview", {"documents": [document], "to": records.patient(records.two)}),
        ("POST", "/api/v1/records/bulk/preview", {"documents": [document], "set": {"title": "x"}}),
        ("POST", f"/api/v1/documents/{document}/find", {"text": "zz"}),
        ("POST", "/api/v1/records/tomorrow", {"day": "2026-11-22"}),
        ("POST", "/api/v1/records/export", {"documents": [document], "form": "zip"}),
        ("GET", f"/api/v1/patients/{patient}/all.pdf", None),
    ]  # fmt: skip
    for method, path, body in looks:
        world.bridge.looks = None
        before = len(world.audit())
        answer = browser.send(method, path, body)
        assert answer.status == 200, (path, answer.body[:200])
        rows = world.audit()[before:]
        assert any(row["patient"] == records.one for row in rows), (path, rows)
