"""MESSAGES through the API."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from tests.engine.ops import seed
from tests.web.api.world import World


@pytest.fixture(name="runs")
def fixture_runs(world: World) -> list[str]:
    def rows(conn: Connection) -> list[str]:
        body = seed.message(conn)
        first = seed.run(conn, seed.labels(), message_id=body, state="dead", reason="the peer refused", code="WB-3003")
        second = seed.run(conn, seed.labels("176||1"), message_id=body, created_at=seed.NOW + 60_000)
        return [first[1], second[1]]

    found: list[str] = world.write(rows)
    return found


def test_by_label_state_time_and_text(world: World, runs: list[str]) -> None:
    browser = world.sign_in("OP")

    def ids(**asked: object) -> list[str]:
        answer = browser.post("/api/v1/runs/search", asked)
        assert answer.status == 200, answer.body
        return [item["id"] for item in answer.json()["items"]]

    assert ids() == [runs[1], runs[0]]
    assert ids(labels={"order_id": "175*"}) == [runs[0]]
    assert ids(state=["dead"]) == [runs[0]]
    assert ids(text="refused") == [runs[0]]
    assert ids(since="2026-09-21T14:14:00Z") == [runs[1]]
    assert ids(connection=["his_out"]) == []


def test_pages_go_on_by_key(world: World, runs: list[str]) -> None:
    browser = world.sign_in("OP")
    first = browser.post("/api/v1/runs/search", {"limit": 1}).json()
    assert [item["id"] for item in first["items"]] == [runs[1]]
    second = browser.post("/api/v1/runs/search", {"limit": 1, "after": first["next"]}).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == ([runs[0]], None)


def test_names_are_masked_and_not_searched_without_the_right(world: World, runs: list[str]) -> None:
    auditor = world.sign_in("AU")
    answer = auditor.post("/api/v1/runs/search", {})
    assert seed.NAME not in answer.body.decode()
    assert len(answer.json()["items"]) == len(runs)
    assert auditor.post("/api/v1/runs/search", {"labels": {"name": seed.NAME}}).json()["items"] == []
    assert world.audit()[-1]["subject"] == "label name"
    operator = world.sign_in("OP", login="op")
    assert len(operator.post("/api/v1/runs/search", {"labels": {"name": seed.NAME}}).json()["items"]) == 2


def test_messages_that_no_run_came_from(world: World, runs: list[str]) -> None:
    world.write(lambda conn: seed.message(conn, outcome="invalid", code="WB-1003", reason="no OrderList"))
    browser = world.sign_in("AN")
    (refused,) = browser.post("/api/v1/messages/search", {"outcome": ["invalid"]}).json()["items"]
    assert (refused["code"], refused["runs"]) == ("WB-1003", [])
    both = browser.post("/api/v1/messages/search", {}).json()["items"]
    assert [set(one["runs"]) for one in both] == [set(), set(runs)]
    assert "messages.search" in world.acts_audited()


def test_bad_questions(world: World) -> None:
    browser = world.sign_in("OP")
    assert browser.post("/api/v1/runs/search", {"since": "yesterday"}).status == 422
    assert browser.post("/api/v1/runs/search", {"after": "--"}).code == "WB-7501"
    assert browser.post("/api/v1/runs/search", {"state": ["odd"]}).code == "WB-7501"
    assert browser.post("/api/v1/runs/search", {"colour": "red"}).status == 422


def test_the_words_of_the_site(world: World) -> None:
    words = world.sign_in("AU").get("/api/v1/messages/filters/words").json()
    assert words["routes"] == ["exam_report"]
    assert "send_back" in words["steps"]
    assert "his_in" in words["connections"]
    assert "dead" in words["states"]
