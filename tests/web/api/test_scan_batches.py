"""The scan desk over the API: every act, its commit, who is told and what is in the audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.store.schema_records import batch, page
from records import locks
from tests.contracts.base import until
from tests.records import seed
from tests.web.api.world import Answer, Browser, World

API = "/api/v1/scan/batches"


class Desk:
    """A batch of three kept pages, and a browser of an operator."""

    def __init__(self, world: World, **changes: Any) -> None:
        self.world = world

        def rows(conn: Connection) -> None:
            key = seed.batch(conn, **changes)
            self.key = key
            self.pages = seed.public(conn, page, *seed.pages(conn, key, 3))
            (self.id,) = seed.public(conn, batch, key)

        world.write(rows)
        self.browser = world.sign_in("SC", login="ana")

    def post(self, path: str, body: Any = None, browser: Browser | None = None) -> Answer:
        return (browser or self.browser).post(f"{API}/{self.id}/{path}", body)

    def act(self, act: str, *places: int, **more: Any) -> Any:
        answer = self.post("acts", {"act": act, "pages": [self.pages[place] for place in places]} | more)
        assert answer.status == 200, answer.body
        return answer.json()

    def get(self, browser: Browser | None = None) -> Any:
        return (browser or self.browser).get(f"{API}/{self.id}").json()

    def write(self, operation: Callable[[Connection], Any]) -> Any:
        return self.world.write(operation)


@pytest.fixture(name="desk")
def fixture_desk(world: World) -> Desk:
    return Desk(world)


def test_a_batch_is_made_described_and_found(world: World) -> None:
    browser = world.sign_in("SC", login="ana")
    made = browser.post(API, {"station": "desk-1", "sheets": 3, "sides": "both"})
    assert made.status == 200, made.body
    found = made.json()
    assert (found["state"], found["expected"], found["operator"]["me"], found["pages"]) == ("open", 6, True, [])
    path = f"{API}/{found['id']}"
    changed = browser.send("PATCH", path, {"sheets": 4, "title": "Monday"}).json()
    assert (changed["expected"], changed["title"], changed["sides"], changed["version"]) == (8, "Monday", "both", 2)
    assert browser.send("PATCH", path, {"box": "nowhere"}).code == "WB-8106"
    assert browser.send("PATCH", path, {"state": "filed"}).status == 422
    listed = browser.post(f"{API}/search", {"states": ["open"], "mine": True}).json()
    assert ([row["id"] for row in listed["items"]], listed["counts"], listed["next"]) == (
        [found["id"]],
        {"open": 1},
        None,
    )
    assert browser.post(f"{API}/search", {"station": "desk-9"}).json()["items"] == []


def test_the_list_goes_on(world: World) -> None:
    world.write(lambda conn: [seed.batch(conn) for _ in range(3)])
    browser = world.sign_in("CL", login="eva")
    first = browser.post(f"{API}/search", {"limit": 2}).json()
    rest = browser.post(f"{API}/search", {"limit": 2, "after": first["next"]}).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


def test_only_those_with_the_right(desk: Desk) -> None:
    browser = desk.world.sign_in("PH", login="dr")
    for answer in (
        browser.get(f"{API}/{desk.id}"),
        browser.post(f"{API}/search", {}),
        desk.post("claim", None, browser),
    ):
        assert answer.status == 403
    assert desk.browser.get(f"{API}/nobody").code == "WB-7006"
    assert desk.browser.post(f"{API}/nobody/claim").code == "WB-7006"


def test_opening_is_recorded_once_for_each_patient(desk: Desk) -> None:
    desk.get()
    desk.get()
    assert desk.world.acts_audited() == ["scan.open"]
    owner = desk.write(seed.patient)
    desk.write(lambda conn: conn.execute(page.update().values(patient=owner)))
    desk.get()
    desk.get()
    rows = [row for row in desk.world.audit() if row["act"] == "scan.open"]
    assert [(row["user"], row["patient"], row["subject"]) for row in rows] == [
        ("ana", None, desk.id),
        ("ana", owner, desk.id),
    ]
    desk.world.time += 16 * 60
    desk.get()
    assert desk.world.acts_audited() == ["scan.open"] * 3


def test_acts_and_undo(desk: Desk) -> None:
    desk.browser.send("PATCH", f"{API}/{desk.id}", {"sheets": 3})
    done = desk.act("rotate", 0, 2, by=90)
    assert [row["id"] for row in done["pages"]] == [desk.pages[0], desk.pages[2]]
    assert all(row["recipe"]["rotate"] == 90 and len(row["r"]) == 16 for row in done["pages"])
    assert done["ledger"]["balances"] is True
    assert (done["version"], done["act"]["kind"], done["act"]["can_undo"]) == (3, "rotate", True)
    dropped = desk.act("drop", 1, reason="torn")
    assert (dropped["ledger"]["dropped"], dropped["ledger"]["balances"]) == (1, True)
    split = desk.act("draft", 0, 2)
    assert split["drafts"][0]["pages"] == [desk.pages[0], desk.pages[2]]
    undone = desk.post("undo", {}).json()
    assert (undone["drafts"], undone["act"]["undone"]) == ([], True)
    assert [row["draft"] for row in undone["pages"]] == [None, None]
    first = done["act"]["id"]
    assert desk.post("undo", {"act": first}).json()["pages"][0]["r"] == ""
    assert desk.post("undo", {"act": first}).code == "WB-8103"
    shown = desk.get()
    assert [(row["kind"], row["undone"]) for row in shown["acts"]] == [
        ("draft", True), ("drop", False), ("rotate", True), ("describe", False),
    ]  # fmt: skip
    assert desk.world.acts_audited().count("scan.undo.draft") == 1


def test_what_cannot_be_done_is_refused_in_words(desk: Desk) -> None:
    assert desk.post("acts", {"act": "drop", "pages": desk.pages[:1]}).code == "WB-8107"
    assert desk.post("acts", {"act": "keep", "pages": ["NOTMINE"]}).code == "WB-8107"
    assert desk.post("acts", {"act": "interleave"}).code == "WB-8107"
    assert desk.post("undo", {}).code == "WB-8103"
    assert desk.get()["version"] == 1


def test_one_works_and_another_takes_over(desk: Desk) -> None:
    eva = desk.world.sign_in("CL", login="eva")
    assert desk.post("claim").json()["lock"]["by"] == {"login": "ana", "name": "Ana", "me": True}
    assert desk.get(eva)["can"] == {
        "edit": False, "close": False, "claim": False, "take_over": True, "reopen": False, "file": False,
    }  # fmt: skip
    assert desk.post("claim", None, eva).code == locks.LOCKED
    refused = desk.post("acts", {"act": "keep", "pages": desk.pages}, eva)
    assert (refused.status, refused.code) == (409, locks.LOCKED)
    assert "ana" not in refused.body.decode()
    assert desk.post("take-over", {"note": ""}, eva).status == 422
    taken = desk.post("take-over", {"note": "her shift ended"}, eva).json()
    assert (taken["lock"]["by"]["me"], taken["can"]["edit"]) == (True, True)
    assert desk.post("acts", {"act": "flag", "pages": desk.pages}).code == locks.LOCKED
    assert next(row for row in desk.world.audit() if row["act"] == "scan.take_over")["user"] == "eva"
    assert desk.post("release", None, eva).json()["lock"] is None
    assert desk.act("flag", 0)["pages"][0]["flags"] == ["flag"]  # who acts on a free one has it


def test_closed_and_open_again(desk: Desk) -> None:
    refused = desk.post("close")
    assert (refused.code, refused.json()["detail"]) == ("WB-8105", "the page ledger does not balance: unknown")
    desk.browser.send("PATCH", f"{API}/{desk.id}", {"sheets": 3})
    closed = desk.post("close").json()
    assert (closed["state"], closed["can"]["reopen"], closed["can"]["edit"]) == ("closed", True, False)
    assert desk.post("acts", {"act": "flag", "pages": desk.pages}).code == "WB-8104"
    assert desk.post("reopen", {"reason": "one more"}).json()["state"] == "open"
    desk.act("drop", 0, 1, 2, reason="a test")
    assert desk.post("cancel", {"reason": "a test"}).json()["state"] == "cancelled"


def test_a_stopped_batch_and_its_files(world: World) -> None:
    desk = Desk(world, state="stopped", code="WB-8020", reason="a separator is missing", sheets=3)
    failed = desk.write(lambda conn: seed.file(conn, desk.key, state="failed", reason="it ends too early"))
    elsewhere = desk.write(lambda conn: seed.file(conn, seed.batch(conn), state="failed"))
    assert desk.get()["ledger"]["why"] == ["failed", "stopped"]
    assert desk.post("resolve", {"note": "looked"}).json()["state"] == "open"
    assert desk.post(f"files/{elsewhere}/retry").code == "WB-7006"
    retried = desk.post(f"files/{failed}/retry").json()
    assert ([one["state"] for one in retried["files"]], retried["pending_files"]) == (["joined", "taken"], 1)
    assert desk.post(f"files/{failed}/dismiss", {"reason": "no use"}).status == 409
    desk.write(lambda conn: conn.exec_driver_sql("UPDATE scan_file SET state = 'failed' WHERE id = ?", (failed,)))
    dismissed = desk.post(f"files/{failed}/dismiss", {"reason": "no use"}).json()
    assert ([one["state"] for one in dismissed["files"]], dismissed["ledger"]["balances"]) == (
        ["joined", "dismissed"],
        True,
    )


async def test_screens_and_rooms_are_told(world: World, reactor: Any) -> None:
    desk = Desk(world)
    desk.act("rotate", 0)
    await until(reactor, lambda: world.runtime.notified)
    assert world.runtime.notified[0] >= {"scan", f"batch:{desk.id}", "work:read", "work:take"}
