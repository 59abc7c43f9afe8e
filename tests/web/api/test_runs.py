"""The waybill through the API: masks, opening, acts."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from engine.message import Blob, new_id
from tests.engine.ops import seed
from tests.web.api.world import World


@pytest.fixture(name="run_id")
def fixture_run(world: World) -> str:
    def rows(conn: Connection) -> str:
        seed.patient(conn)
        number, run_id = seed.run(conn, seed.labels(), message_id=seed.message(conn), step="report")
        seed.value(conn, number, "order", "xml", f"<o><name>{seed.NAME}</name></o>".encode())
        seed.event(conn, run=number, step="order", text="done")
        return run_id

    return str(world.write(rows))


def test_an_analyst_sees_names_masked_and_the_look_is_written(world: World, run_id: str) -> None:
    answer = world.sign_in("AN").get(f"/api/v1/runs/{run_id}")
    assert seed.NAME not in answer.body.decode()
    name = next(label for label in answer.json()["labels"] if label["name"] == "name")
    assert name == {"name": "name", "value": "示**", "phi": True, "masked": True}
    assert world.audit()[-1] | {} == {
        "user": "demo",
        "act": "run.read",
        "patient": 1,
        "run": 1,
        "subject": "",
        "origin": "127.0.0.1",
    }
    seen = world.sign_in("OP", login="op").get(f"/api/v1/runs/{run_id}").json()
    assert seed.NAME in [label["value"] for label in seen["labels"]]


def test_steps_are_those_of_the_runs_own_revision(world: World, run_id: str) -> None:
    browser = world.sign_in()
    steps = browser.get(f"/api/v1/runs/{run_id}").json()["steps"]
    assert [(step["id"], step["state"]) for step in steps] == [
        ("each_order", "skipped"),
        ("patient", "skipped"),
        ("order", "done"),
        ("report", "current"),
        ("signed", "ahead"),
        ("send_back", "ahead"),
    ]
    world.runtime.routes = {}
    steps = browser.get(f"/api/v1/runs/{run_id}").json()["steps"]
    assert [step["id"] for step in steps] == ["order"]


def test_opening_a_value_is_recorded(world: World, run_id: str) -> None:
    browser = world.sign_in("AN")
    answer = browser.post(f"/api/v1/runs/{run_id}/values/order/open").json()
    assert answer["text"] == f"<o><name>{seed.NAME}</name></o>"
    assert (answer["kind"], answer["truncated"]) == ("xml", False)
    row = world.audit()[-1]
    assert (row["act"], row["subject"], row["patient"], row["run"]) == ("value.open", "order", 1, 1)
    assert seed.NAME in browser.post(f"/api/v1/runs/{run_id}/values/body/open").json()["text"]
    assert browser.post(f"/api/v1/runs/{run_id}/values/none/open").status == 404


def test_a_blob_is_downloaded_under_a_name_of_ours(world: World, run_id: str) -> None:
    kept = world.blobs.put(b"%PDF-1.7 report", "application/pdf", f"{seed.NAME}.pdf")
    odd = Blob(kept.sha256, kept.size, "text/html", "x")
    world.write(lambda conn: seed.value(conn, 1, "report", "blob", kept))
    world.write(lambda conn: seed.value(conn, 1, "odd", "blob", odd))
    browser = world.sign_in()
    answer = browser.get(f"/api/v1/runs/{run_id}/values/report/file")
    assert answer.body == b"%PDF-1.7 report"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'inline; filename="report-{run_id[:8]}.pdf"'
    assert browser.post(f"/api/v1/runs/{run_id}/values/report/open").json()["text"] is None
    page = browser.get(f"/api/v1/runs/{run_id}/values/odd/file")
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"].startswith("attachment")
    assert [row["act"] for row in world.audit()[1:]] == ["value.open"] * 3


def test_a_message_without_a_run(world: World) -> None:
    message_id = world.write(
        lambda conn: seed.message(conn, outcome="invalid", code="WB-1007", reason="//PATDob: not a date")
    )
    browser = world.sign_in("AN")
    answer = browser.get(f"/api/v1/messages/{message_id}")
    assert answer.json()["state"] == "invalid"
    assert answer.json()["line"]["text"] == "invalid: WB-1007 //PATDob: not a date"
    assert seed.NAME not in answer.body.decode()
    assert seed.NAME in browser.post(f"/api/v1/messages/{message_id}/body/open").json()["text"]
    assert world.acts_audited() == ["message.read", "message.open"]
    assert world.audit()[-1]["subject"] == message_id
    assert browser.get(f"/api/v1/messages/{new_id()}").status == 404
    assert browser.post(f"/api/v1/messages/{new_id()}/body/open").status == 404


def test_acts_go_to_the_engine_which_is_woken(world: World, run_id: str) -> None:
    browser = world.sign_in("OP")
    assert browser.post(f"/api/v1/runs/{run_id}/retry", {}).status == 204
    assert browser.post(f"/api/v1/runs/{run_id}/cancel", {"note": "twice"}).status == 204
    assert browser.post(f"/api/v1/runs/{run_id}/doubt", {"answer": "again"}).status == 204
    assert browser.post(f"/api/v1/runs/{run_id}/doubt", {"answer": "maybe"}).status == 422
    assert world.acts.called == [
        ("retry", run_id, "demo", ""),
        ("cancel", run_id, "demo", "twice"),
        ("doubt", run_id, "again", "demo", ""),
    ]
    assert world.runtime.poked == 3


def test_retry_from_a_step_and_an_answer_reach_the_acts(world: World, run_id: str) -> None:
    browser = world.sign_in("OP")
    assert browser.post(f"/api/v1/runs/{run_id}/retry_from", {"step": "order", "note": "n"}).status == 204
    assert browser.post(f"/api/v1/runs/{run_id}/answer", {"answer": "yes"}).status == 204
    assert browser.post(f"/api/v1/runs/{run_id}/release", {"note": "n"}).status == 204
    assert world.acts.called == [
        ("retry_from", run_id, "order", "demo", "n"),
        ("answer", run_id, "yes", "demo", ""),
        ("release", run_id, "demo", "n"),
    ]
    assert world.runtime.poked == 3
