"""The signing queue and a report through the API."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Connection

from engine.message import new_id
from tests.engine.ops import seed
from tests.web.api.world import World


def ready_report(world: World, order: str = "175||3125", **changes: object) -> str:
    """A report that waits for a signature, taken from the order's own folder."""
    kept = world.blobs.put(f"%PDF-1.7 {order}".encode(), "application/pdf")

    def rows(conn: Connection) -> str:
        if not conn.exec_driver_sql("SELECT 1 FROM patient").first():
            seed.patient(conn)
        number, run_id = seed.run(conn, seed.labels(order=order), status="Processed", step="signed", **changes)
        match = {"document": kept.sha256, "title": "Report", "by": {"role": "physician"}}
        seed.wait(conn, number, match=match)
        seed.blob(conn, kept)
        seed.owner(conn, number, f"p/{number}")
        seed.file(conn, state="taken", run=number, blob=kept.sha256, path=f"p/{number}/report.pdf")
        seed.value(conn, number, "order", "xml", b"<order><id>175||3125</id><exam>ANS</exam></order>")
        return run_id

    return str(world.write(rows))


def test_the_queue_has_mine_and_the_pool(world: World) -> None:
    first, second = ready_report(world), ready_report(world, "2")
    browser = world.sign_in("PH", staff_number="1001", certificate_id="SF1")
    world.write(lambda conn: seed.job(conn, 2, 1, "0" * 64))
    answer = browser.get("/api/v1/sign/queue").json()
    assert [row["run_id"] for row in answer["mine"]] == [second]
    assert [row["run_id"] for row in answer["pool"]] == [first]
    assert answer["mine"][0]["job"]["owner_me"] is True
    assert answer["pool"][0]["name"] == seed.NAME
    row = world.audit()[-1]
    assert (row["act"], row["patient"]) == ("sign.list", 1)


def test_a_report_that_may_be_signed(world: World) -> None:
    run_id = ready_report(world)
    follows = ready_report(world, "2")
    browser = world.sign_in("PH", staff_number="1001", certificate_id="SF1")
    answer = browser.get(f"/api/v1/sign/{run_id}").json()
    assert answer["order"] == {"id": "175||3125", "exam": "ANS"}
    assert answer["patient"]["number"] == seed.NUMBER
    assert all(match["ok"] for match in answer["matches"])
    assert (answer["can_sign"], answer["why_not"], answer["next"]) == (True, None, follows)
    document = browser.get(answer["document"]["url"])
    assert len(document.body) == answer["document"]["size"]
    assert document.headers["content-type"] == "application/pdf"
    assert [(row["act"], row["patient"], row["run"]) for row in world.audit()[1:]] == [
        ("sign.read", 1, 1),
        ("sign.open", 1, 1),
    ]


def test_signing_begins_a_job_of_the_session_user(world: World) -> None:
    run_id = ready_report(world)
    browser = world.sign_in("PH", staff_number="1001", certificate_id="SF1")
    job = browser.post(f"/api/v1/sign/{run_id}/sign").json()
    assert (job["state"], job["owner_me"]) == ("waiting", True)
    assert world.acts.called == [("sign", run_id, 1)]
    assert world.runtime.poked == 1
    assert world.acts_audited() == ["sign.request"]
    again = browser.post(f"/api/v1/sign/{run_id}/sign")
    assert (again.status, again.code) == (409, "WB-7012")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE run SET blocked = 'exam changed'", "The order was changed"),
        ("UPDATE patient SET name = 'another'", "does not match"),
        ("UPDATE file SET path = 'p/9/report.pdf'", "does not match"),
        ("DELETE FROM patient", "does not match"),
        ("""UPDATE wait SET match = '{"document": "x", "by": {"role": "AD"}}'""", "asks for the role AD"),
    ],
)
def test_what_does_not_match_stops_the_signature(world: World, sql: str, reason: str) -> None:
    run_id = ready_report(world)
    browser = world.sign_in("PH", staff_number="1001", certificate_id="SF1")
    world.write(lambda conn: conn.exec_driver_sql(sql))
    answer = browser.get(f"/api/v1/sign/{run_id}").json()
    assert answer["can_sign"] is False
    assert reason in answer["why_not"]
    assert browser.post(f"/api/v1/sign/{run_id}/sign").code == "WB-7012"
    assert world.acts.called == []


def test_refuse_reread_and_withdraw(world: World) -> None:
    run_id = ready_report(world)
    browser = world.sign_in("PH", staff_number="1001", certificate_id="SF1")
    assert browser.post(f"/api/v1/sign/{run_id}/refuse", {"reason": "unreadable"}).status == 204
    assert browser.post(f"/api/v1/sign/{run_id}/reread").status == 204
    assert browser.post(f"/api/v1/sign/{run_id}/cancel").status == 204
    assert world.acts.called == [("refuse", run_id, 1, "unreadable"), ("reread", run_id, 1), ("withdraw", run_id, 1)]


@pytest.mark.parametrize(("rule", "code"), [({"department": "ear"}, "WB-4041"), ({"staff": "1002"}, "WB-4041")])
def test_who_may_not_sign_has_no_say(world: World, rule: dict[str, str], code: str) -> None:
    run_id = ready_report(world)
    browser = world.sign_in("PH", staff_number="1001", certificate_id="SF1")
    by = json.dumps({"role": "physician", **rule})
    world.write(lambda conn: conn.exec_driver_sql("UPDATE wait SET match = json_set(match, '$.by', json(?))", (by,)))
    for path, body in (("sign", None), ("refuse", {"reason": "not mine"}), ("reread", None)):
        answer = browser.post(f"/api/v1/sign/{run_id}/{path}", body)
        assert answer.code == "WB-7012"
        assert code in answer.json()["detail"]
    assert world.acts.called == []


def test_a_run_that_is_no_report(world: World) -> None:
    _, run_id = world.write(seed.run)
    browser = world.sign_in("PH", staff_number="1001", certificate_id="SF1")
    for path in (run_id, new_id()):
        assert browser.get(f"/api/v1/sign/{path}").status == 404
        assert browser.get(f"/api/v1/sign/{path}/document").status == 404
        assert browser.post(f"/api/v1/sign/{path}/sign").status == 404
