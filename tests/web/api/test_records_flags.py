"""A reader's mark: made, seen in READER and PROBLEMS, answered; nothing of the patient where it is listed."""

from __future__ import annotations

import pytest

from tests.web.api.records_world import Records
from tests.web.api.world import Browser, World

API = "/api/v1"
PROBLEMS = f"{API}/scan/problems/search"


@pytest.fixture(name="records")
def fixture_records(world: World) -> Records:
    return Records(world)


@pytest.fixture(name="doctor")
def fixture_doctor(world: World, records: Records) -> Browser:
    return world.sign_in("PH", login="doc")


def test_a_page_is_marked_listed_answered_and_the_answer_seen(world: World, records: Records, doctor: Browser) -> None:
    document = records.scanned(title="Letter of Muñoz")
    url = f"{API}/documents/{document}"
    (made,) = doctor.post(f"{url}/flags", {"reason": "patient", "note": "is Muñoz", "n": 2}).json()["items"]
    assert (made["n"], made["whole"], made["reason"], made["by"]["me"], made["answer"]) == (
        2,
        False,
        "patient",
        True,
        "",
    )
    assert records.topics >= {"records", "problems", f"document:{document}"}
    shown = doctor.get(f"{url}/reader").json()
    assert (shown["flags"], shown["document"]["flagged"]) == ([made], True)

    clerk = world.sign_in("CL", login="eva")
    found = clerk.post(PROBLEMS, {}).json()
    assert found["counts"]["flagged"] == 1
    (item,) = found["items"]
    assert (item["kind"], item["subject"], item["reason"]) == ("flagged", "consent", "patient")
    assert (item["patient"], item["document"], item["page"]) == (records.patient(records.one), document, 2)
    assert "Mu" not in str(found)
    (said,) = clerk.post(f"{url}/flags/{made['id']}/answer", {"answer": "fine", "note": "is right"}).json()["items"]
    assert (said["answer"], said["answered_by"]["login"]) == ("fine", "eva")
    assert clerk.post(PROBLEMS, {}).json()["items"] == []
    again = clerk.post(f"{url}/flags/{made['id']}/answer", {"answer": "repaired", "note": "x"})
    assert (again.status, again.code) == (409, "WB-8314")

    shown = doctor.get(f"{url}/reader").json()
    assert (shown["flags"][0]["answer_note"], shown["document"]["flagged"]) == ("is right", False)
    rows = [row for row in world.audit() if row["act"].startswith("document.flag")]
    assert [(row["user"], row["act"], row["patient"], row["subject"]) for row in rows] == [
        ("doc", "document.flag", records.one, document),
        ("eva", "document.flag.answer", records.one, document),
    ]


def test_a_technician_learns_of_neither_mark_nor_title(world: World, records: Records, doctor: Browser) -> None:
    document = records.scanned(title="Letter of Muñoz")
    doctor.post(f"{API}/documents/{document}/flags", {"reason": "kind"})
    why = "UPDATE making SET code = 'WB-8302', reason = 'x'"
    world.write(lambda conn: conn.exec_driver_sql(why))
    stop = "UPDATE batch SET state = 'stopped', title = 'Muñoz'"
    world.write(lambda conn: conn.exec_driver_sql(stop))
    for role, kinds in (("OP", {"pdf", "stopped"}), ("SC", {"pdf", "stopped"}), ("AD", {"pdf", "stopped", "flagged"})):
        found = world.sign_in(role, login=role.lower()).post(PROBLEMS, {}).json()
        assert (
            {one["kind"] for one in found["items"]}
            == set(found["counts"]) - {kind for kind, number in found["counts"].items() if not number}
            == kinds
        )
        assert "Letter" not in str(found)
        assert ("Mu" in str(found)) == (role != "OP")  # the title of a batch, for who may open it
        assert {one["document"] for one in found["items"] if one["kind"] != "flagged"} == {None}


def test_what_is_no_mark(world: World, records: Records, doctor: Browser) -> None:
    url = f"{API}/documents/{records.scanned()}/flags"
    for wrong in (
        {"reason": "other"},
        {"reason": "other", "note": "  "},
        {"reason": "ugly"},
        {"reason": "kind", "n": 0},
    ):
        assert doctor.post(url, wrong).status == 422
    assert (doctor.post(url, {"reason": "kind", "n": 3}).code) == "WB-8315"
    assert doctor.post(f"{API}/documents/NONE/flags", {"reason": "kind"}).status == 404
    clerk = world.sign_in("CL", login="eva")
    for said in ({"answer": "fine"}, {"answer": "fine", "note": " "}, {"answer": "no", "note": "x"}):
        assert clerk.post(f"{url}/1/answer", said).status == 422
    assert world.rows("SELECT * FROM document_flag") == []


def test_who_may(world: World, records: Records, doctor: Browser) -> None:
    document = records.scanned()
    url = f"{API}/documents/{document}/flags"
    assert doctor.post(url, {"reason": "kind"}).status == 200
    assert doctor.post(f"{url}/1/answer", {"answer": "fine", "note": "x"}).status == 403
    assert world.sign_in("OP", login="op").post(url, {"reason": "kind"}).status == 403
    withdrawn = records.scanned(state="withdrawn")
    assert doctor.post(f"{API}/documents/{withdrawn}/flags", {"reason": "kind"}).status == 410
    clerk = world.sign_in("CL", login="eva")
    assert clerk.post(f"{API}/documents/{withdrawn}/flags", {"reason": "kind"}).status == 200
