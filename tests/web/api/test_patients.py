"""Patients: found, read, and who looked."""

from __future__ import annotations

from sqlalchemy import Connection

from tests.engine.ops import seed
from tests.web.api.world import World

ID = "P0000000000000000001"


def test_search_writes_a_row_for_each_patient_that_is_shown(world: World) -> None:
    world.write(lambda conn: (seed.patient(conn), seed.patient(conn, "2", "Ana", "P2")))
    browser = world.sign_in()
    found = browser.post("/api/v1/patients/search", {"text": "示"}).json()
    assert [row["id"] for row in found["items"]] == [ID]
    assert browser.post("/api/v1/patients/search", {"text": "nobody"}).json()["items"] == []
    looked = [(row["act"], row["patient"]) for row in world.audit()[1:]]
    assert looked == [("patient.list", 1), ("patient.list", None)]


def test_a_patient_with_all_tabs(world: World) -> None:
    def rows(conn: Connection) -> None:
        key = seed.patient(conn)
        number, _ = seed.run(conn, seed.labels(), message_id=seed.message(conn))
        seed.document(conn, key, "0" * 64, run=number)

    world.write(rows)
    browser = world.sign_in()
    assert browser.get(f"/api/v1/patients/{ID}").json()["birth_date"] == "1988-04-12"
    order = browser.get(f"/api/v1/patients/{ID}/orders").json()["items"][0]
    assert order["order_id"] == "175||3125"
    document = browser.get(f"/api/v1/patients/{ID}/documents").json()["items"][0]
    assert (document["url"], document["picture"]) == ("/d/ABCDEFGHIJKLMNOP", "/d/ABCDEFGHIJKLMNOP.png")
    message = browser.get(f"/api/v1/patients/{ID}/messages").json()["items"][0]
    assert message["operation"] == "AddRisAppBillRt"
    access = browser.get(f"/api/v1/patients/{ID}/access").json()["items"]
    acts = ["patient.access", "patient.messages", "patient.documents", "patient.orders", "patient.read"]
    assert [row["act"] for row in access] == acts
    assert {row["user"] for row in access} == {"demo"}


def test_an_unknown_patient(world: World) -> None:
    browser = world.sign_in()
    for tab in ("", "/orders", "/documents", "/messages", "/access"):
        assert browser.get(f"/api/v1/patients/P9{tab}").code == "WB-7006"
    assert world.acts_audited() == []
