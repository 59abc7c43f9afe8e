"""Searching the records: who may, what comes, and that each patient shown is in the audit."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, update

from engine.store.schema import document, patient
from tests.records import filed, seed
from tests.records.test_search import file
from tests.web.api.world import World

URL = "/api/v1/records/search"


def rows(conn: Connection) -> None:
    seed.desk(conn)
    one, two = seed.patient(conn), seed.patient(conn, "0009000002", "示例乙", sex="M")
    file(conn, one, "first page", "Neumonía on the second", title="Report", kind="radiology", date="2024-02-03")
    file(conn, two, "neumonia too", department="medicine")
    file(conn, two, "neumonia as well")
    filed.routed(conn, two)


def test_found_documents_with_their_patients_and_snippets(world: World) -> None:
    world.write(rows)
    browser = world.sign_in("CL")
    found = browser.post(URL, {"text": "neumonía", "kinds": ["radiology"]}).json()
    (item,) = found["items"]
    assert (item["title"], item["date"], item["hits"], item["page"], item["pages"]) == ("Report", "2024-02-03", 1, 2, 2)
    assert item["patient"]["number"] == "0009000001"
    assert item["snippet"][0] == {"text": "Neumonía", "hit": True}
    assert found["next"] is None
    assert found["ms"] >= 0


def test_the_cursor(world: World) -> None:
    world.write(rows)
    browser = world.sign_in("PH")
    seen, after = [], None
    for _ in range(4):
        found = browser.post(URL, {"text": "neumonia", "limit": 1, "after": after}).json()
        seen += [item["document"] for item in found["items"]]
        after = found["next"]
        if after is None:
            break
    assert len(set(seen)) == len(seen) == 3
    assert browser.post(URL, {"text": "x", "after": "no cursor"}).status == 422


def test_each_patient_shown_is_in_the_audit_and_nothing_shown_too(world: World) -> None:
    world.write(rows)
    browser = world.sign_in("PH")
    browser.post(URL, {"text": "neumonia"})
    browser.post(URL, {"text": "nowhere"})
    looked = [(row["act"], row["patient"]) for row in world.audit() if row["act"] == "records.search"]
    assert looked == [("records.search", 1), ("records.search", 2), ("records.search", None)]
    assert not [row for row in world.audit() if "neumonia" in str(dict(row))]


@pytest.mark.parametrize("roles", [("SC",), ("OP",), ("AN", "AU")])
def test_without_the_right_nothing_is_found(world: World, roles: tuple[str, ...]) -> None:
    world.write(rows)
    denied = world.sign_in(*roles).post(URL, {"text": "neumonia"})
    assert denied.status == 403
    assert "items" not in denied.json()


def test_of_one_patient_also_under_the_number_that_was_merged(world: World) -> None:
    world.write(rows)
    world.write(lambda conn: seed.patient(conn, "0009000003", "示例丙"))
    world.write(
        lambda conn: conn.execute(update(patient).where(patient.c.number == "0009000003").values(merged_into=2))
    )
    browser = world.sign_in("CL")
    for number in ("0009000002", "0009000003"):
        found = browser.post(URL, {"patient": f"P{number}"}).json()
        assert [item["patient"]["number"] for item in found["items"]] == ["0009000002"] * 3
    assert browser.post(URL, {"patient": "P999"}).status == 404


def test_any_text_may_be_typed(world: World) -> None:
    world.write(rows)
    browser = world.sign_in("CL")
    for text in ('"', "a OR", "NEAR(", "*", "text:", "(((", "\u0000", "😀", "' --"):
        assert browser.post(URL, {"text": text}).status == 200


def test_a_withdrawn_document_is_found_by_who_edits_only(world: World) -> None:
    world.write(rows)
    world.write(lambda conn: conn.execute(update(document).values(state="withdrawn")))
    physician, clerk = world.sign_in("PH", login="ph"), world.sign_in("CL")
    for asked in ({"states": ["withdrawn"]}, {"states": ["withdrawn", "current"], "text": "neumonia"}):
        assert physician.post(URL, asked).json()["items"] == []
        assert clerk.post(URL, asked).json()["items"] != []
