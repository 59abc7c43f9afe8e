"""TOMORROW over the API: by time, in pages, with a mark for what is scanned first; recorded."""

from __future__ import annotations

from sqlalchemy import Connection

from records import appointments, patients
from tests.web.api.world import World

API = "/api/v1/records/tomorrow"
DAY = "2026-11-22"


def seeded(conn: Connection) -> int:
    owner = patients.upsert(conn, "1", {"name": "Ana", "birth_date": "1980-01-02"}, 1)["id"]
    for key, number, time in (("A1", "1", "09:30"), ("A2", "77", ""), ("A3", "1", "23:59"), ("A4", "1", "09:30")):
        fields = {"id": key, "number": number, "name": f"Name {key}", "day": DAY, "time": time, "department": "ANS"}
        appointments.put(conn, fields, 1)
    return int(owner)


def test_a_day_in_pages(world: World) -> None:
    owner = world.write(seeded)
    browser = world.sign_in("CL")
    names, after = [], None
    while True:
        answer = browser.post(API, {"day": DAY, "after": after, "limit": 1})
        assert answer.status == 200, answer.body
        found = answer.json()
        names += [one["name"] for one in found["items"]]
        assert found["counts"] == {"total": 4, "first": 0, "paper": 0, "department:ANS": 4}
        after = found["next"]
        if after is None:
            break
    assert names == ["Name A2", "Name A1", "Name A4", "Name A3"]
    (first, second) = browser.post(API, {"day": DAY, "limit": 2}).json()["items"]
    assert (first["patient"], second["patient"]["birth_date"]) == (None, "1980-01-02")
    assert {row["patient"] for row in world.audit() if row["act"] == "tomorrow.list"} == {owner, None}
    assert browser.post(API, {"day": DAY, "department": "ECG"}).json()["items"] == []
    assert browser.post(API, {"day": "tomorrow"}).status == 422


def test_scan_first(world: World) -> None:
    world.write(seeded)
    browser = world.sign_in("SC")
    row = browser.post(API, {"day": DAY}).json()["items"][1]
    assert browser.post(f"{API}/{row['id']}/first", {"on": True}).status == 204
    assert browser.post(API, {"day": DAY}).json()["items"][1]["first"]
    assert browser.post(f"{API}/{row['id']}/first", {"on": False}).status == 204
    assert browser.post(f"{API}/zz/first", {"on": True}).code == "WB-8702"
    assert browser.post(f"{API}/0/first", {"on": True}).code == "WB-7006"
    assert [act for act in world.acts_audited() if "first" in act] == ["tomorrow.first", "tomorrow.not_first"]


def test_rights(world: World) -> None:
    browser = world.sign_in("PH")
    assert browser.post(API, {"day": DAY}).code == "WB-7002"
    assert browser.post(f"{API}/1/first", {"on": True}).code == "WB-7002"
