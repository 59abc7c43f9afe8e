"""ASSIGN over the API: rights, echo, audit, what stops, who confirms, and what is in no log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from engine.store.schema_records import batch, page
from records import codes, patients
from tests.records import seed
from tests.web.api.world import Answer, Browser, World

NAME = "Plantada Ejemplo, Ana"
API = "/api/v1/scan"


class Desk:
    """A batch of three pages, two patients, an operator."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.write(self.rows)
        self.browser = world.sign_in("SC", login="one")

    def rows(self, conn: Connection) -> None:
        self.ana = patients.upsert(conn, "1000001", {"name": NAME, "birth_date": "1980-01-02", "sex": "F"}, 1)
        self.eva = patients.upsert(conn, "1000002", {"name": "王小华"}, 1)
        key = seed.batch(conn)
        self.keys = seed.pages(conn, key, 3)
        self.pages = seed.public(conn, page, *self.keys)
        (self.id,) = seed.public(conn, batch, key)

    def label(self, place: int, number: str) -> None:
        found = [{"format": "QR", "text": codes.label(number), "box": [0.1, 0.2, 0.3, 0.1]}]
        change = update(page).where(page.c.id == self.keys[place]).values(codes=found)
        self.world.write(lambda conn: conn.execute(change))

    def post(self, path: str, body: Any, browser: Browser | None = None) -> Answer:
        return (browser or self.browser).post(f"{API}/batches/{self.id}/{path}", body)

    def assign(self, pages: Any, patient: Any, **more: Any) -> Answer:
        return self.post("assign", {"pages": pages, "patient": patient and patient["public_id"], **more})

    def owners(self) -> list[Any]:
        query = select(page.c.patient).order_by(page.c.id)
        return list(self.world.store.read_now(lambda conn: conn.execute(query).scalars().all()))


@pytest.fixture(name="desk")
def fixture_desk(world: World) -> Desk:
    return Desk(world)


def test_lookup_echoes_and_is_recorded(desk: Desk) -> None:
    found = desk.browser.post(f"{API}/patients/lookup", {"text": "plantada"}).json()["items"]
    assert found == [
        {
            "id": desk.ana["public_id"], "number": "1000001", "name": NAME, "birth_date": "1980-01-02", "sex": "F",
            "why": "name", "merged_from": None,
        }
    ]  # fmt: skip
    assert desk.browser.post(f"{API}/patients/lookup", {"text": "wxh"}).json()["items"][0]["why"] == "initials"
    assert desk.browser.post(f"{API}/patients/lookup", {"text": codes.label("1000002")}).json()["items"]
    assert desk.browser.post(f"{API}/patients/lookup", {"text": "WBP-1000002-?"}).code == "WB-8203"
    looked = [row["patient"] for row in desk.world.audit() if row["act"] == "patient.lookup"]
    assert looked == [desk.ana["id"], desk.eva["id"], desk.eva["id"]]


def test_pages_are_assigned(desk: Desk) -> None:
    answer = desk.assign(desk.pages[:2], desk.ana, how="scanned")
    assert answer.status == 200, answer.body
    changed = answer.json()
    assert [one["id"] for one in changed["pages"]] == desk.pages[:2]
    assert changed["pages"][0]["patient"]["birth_date"] == "1980-01-02"
    assert (changed["pages"][0]["assigned_how"], changed["act"]["kind"]) == ("scanned", "assign")
    assert desk.assign("rest", desk.eva).json()["pages"][0]["patient"]["number"] == "1000002"
    assert desk.owners() == [desk.ana["id"]] * 2 + [desk.eva["id"]]
    assert desk.assign("all", None).status == 200
    assert desk.owners() == [None] * 3
    assert "page.assign" in desk.world.acts_audited()


def test_a_contradiction_stops_and_a_second_person_confirms(desk: Desk) -> None:
    desk.label(0, "1000002")
    stopped = desk.assign("all", desk.ana)
    assert (stopped.status, stopped.code) == (409, "WB-8201")
    assert (stopped.json()["fields"], stopped.json()["pages"]) == (["number"], desk.pages[:1])
    assert b"1000002" not in stopped.body
    assert desk.owners() == [None] * 3
    assert "page.assign.stopped" in desk.world.acts_audited()
    proposed = desk.assign("all", desk.ana, note="an old label").json()["act"]
    assert (proposed["kind"], proposed["can_undo"], desk.owners()) == ("assign.proposed", False, [None] * 3)
    assert desk.post("assign/confirm", {"act": proposed["id"]}).code == "WB-8202"
    other = desk.world.sign_in("CL", login="two")
    done = desk.post("assign/confirm", {"act": proposed["id"]}, other).json()
    assert done["pages"][0]["assigned_how"] == "confirmed"
    assert desk.owners() == [desk.ana["id"]] * 3


def test_what_is_proposed_is_shown_to_whoever_confirms_it_and_may_be_refused(desk: Desk) -> None:
    desk.label(0, "1000002")
    made = desk.assign(desk.pages[:2], desk.ana, note="an old label").json()
    other = desk.world.sign_in("CL", login="two")
    seen = other.get(f"{API}/batches/{desk.id}").json()
    (one,) = seen["proposals"]
    assert [one] == [made["proposals"][0] | {"by": made["proposals"][0]["by"] | {"me": False}}]
    assert (one["by"]["login"], one["note"], one["pages"]) == ("one", "an old label", desk.pages[:2])
    assert (one["patient"]["number"], one["patient"]["name"]) == ("1000001", NAME)
    refused = desk.post("assign/refuse", {"act": one["id"]}, other).json()
    assert (refused["proposals"], refused["version"] > seen["version"]) == ([], True)
    assert desk.post("assign/confirm", {"act": one["id"]}, other).code == "WB-8202"
    assert desk.post("assign/refuse", {"act": one["id"]}).code == "WB-8202"
    assert desk.owners() == [None] * 3
    assert "assign.refused" in desk.world.acts_audited()
    stranger = desk.world.sign_in("AN", login="three")
    assert desk.post("assign/refuse", {"act": one["id"]}, stranger).code == "WB-7002"


def test_candidates_with_their_place(desk: Desk) -> None:
    desk.label(1, "1000002")
    (one,) = desk.post("candidates", {"page": desk.pages[1]}).json()["items"]
    assert (one["why"], one["place"], one["page"]) == ("label", [0.1, 0.2, 0.3, 0.1], desk.pages[1])
    assert one["patient"]["number"] == "1000002"
    assert desk.post("candidates", {"page": "NOPAGE"}).code == "WB-7006"


def test_rights_and_strangers(desk: Desk) -> None:
    stranger = desk.world.sign_in("PH", login="doctor")
    assert stranger.post(f"{API}/patients/lookup", {"text": "a"}).code == "WB-7002"
    assert desk.post("assign", {"pages": "all", "patient": None}, stranger).code == "WB-7002"
    assert desk.post("candidates", {"page": desk.pages[0]}, stranger).code == "WB-7002"
    assert desk.post("assign/confirm", {"act": 1}, stranger).code == "WB-7002"
    assert desk.browser.post(f"{API}/batches/NOBATCH/assign", {"pages": "all", "patient": None}).code == "WB-7006"
    assert desk.assign("some", desk.ana).status == 422
    assert desk.post("assign", {"pages": "all", "patient": "NOBODY"}).code == "WB-8204"


def test_the_lock_of_somebody_else(desk: Desk) -> None:
    desk.assign("all", desk.ana)
    other = desk.world.sign_in("SC", login="two")
    assert desk.post("assign", {"pages": "all", "patient": None}, other).code == "WB-8102"


def test_no_name_is_in_a_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk.label(0, "1000002")
    desk.browser.post(f"{API}/patients/lookup", {"text": NAME})
    desk.assign("all", desk.ana)
    desk.assign("all", desk.ana, note="an old label")
    assert "Plantada" not in caplog.text
    assert not any("Plantada" in row["subject"] for row in desk.world.audit())
