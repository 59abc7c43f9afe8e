"""Duplicates over the API: listed, recorded, decided once."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from engine.store.schema_records import duplicate, page
from tests.records import seed
from tests.web.api.world import World

API = "/api/v1/records/duplicates"


def rows(conn: Connection) -> int:
    owner = seed.patient(conn)
    one, two = seed.pages(conn, seed.batch(conn), 2, patient=owner)
    made = conn.execute(insert(duplicate).values(a=one, b=two, why="bytes", at=1)).inserted_primary_key
    assert made is not None
    return int(made[0])


def test_a_pair_is_seen_and_decided(world: World) -> None:
    key = world.write(rows)
    browser = world.sign_in("CL", login="eva")
    found = browser.post(f"{API}/search", {}).json()
    (item,) = found["items"]
    assert (item["id"], item["why"], found["open"], found["next"]) == (key, "bytes", 1, None)
    assert item["a"]["patient"]["number"] == "0009000001"
    assert "key" not in item["a"]["patient"]
    assert "duplicates.search" in world.acts_audited()
    decided = browser.post(f"{API}/{key}/decide", {"decision": "same", "note": "scanned twice"})
    assert decided.json() == {"id": key, "state": "same", "open": 0}
    assert "duplicates.same" in world.acts_audited()
    again = browser.post(f"{API}/{key}/decide", {"decision": "both"})
    assert (again.status, again.code) == (409, "WB-8050")
    assert browser.post(f"{API}/search", {}).json()["items"] == []
    assert len(world.store.read_now(lambda conn: conn.execute(select(page)).all())) == 2


def test_a_decision_and_its_audit_are_one_commit(world: World) -> None:
    key = world.write(rows)
    browser = world.sign_in("CL", login="eva")
    trigger = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
    world.write(lambda conn: conn.exec_driver_sql(trigger))
    assert browser.post(f"{API}/{key}/decide", {"decision": "same"}).status >= 400
    assert world.rows("SELECT state FROM duplicate") == [{"state": "open"}]


def test_only_clerks_decide(world: World) -> None:
    key = world.write(rows)
    browser = world.sign_in("SC", login="ana")
    assert browser.post(f"{API}/search", {}).status == 403
    assert browser.post(f"{API}/{key}/decide", {"decision": "same"}).status == 403
    assert world.sign_in("CL", login="eva").post(f"{API}/{key}/decide", {"decision": "delete"}).status == 422
