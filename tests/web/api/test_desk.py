"""The control desk from asyncio."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engine.message import Refused, Unavailable
from tests.web.api.world import World
from web.api.desk import desk_of, plan_of
from web.api.models_engine import Change

DOWN = Refused("WB-7201", "it is stopped already")


def test_each_deed_reaches_the_desk_with_who_and_why_and_is_audited(world: World) -> None:
    browser = world.sign_in("OP")
    for deed in ("pause", "resume", "stop", "start"):
        answer = browser.post(f"/api/v1/connections/his_out/{deed}", {"note": "their upgrade"})
        assert answer.status == 204, answer.body
    assert world.desk.called == [
        ("pause", "connection", "his_out", "demo", "their upgrade"),
        ("resume", "connection", "his_out", "demo"),
        ("stop", "connection", "his_out", "demo", "their upgrade"),
        ("start", "connection", "his_out", "demo"),
    ]
    assert world.acts_audited() == ["engine.pause", "engine.resume", "engine.stop", "engine.start"]
    assert world.audit()[-1]["subject"] == "connection his_out"


def test_what_the_desk_refuses_is_said_with_its_code(world: World) -> None:
    world.desk.failure = DOWN
    answer = world.sign_in().post("/api/v1/routes/exam_report/stop", {})
    assert (answer.status, answer.code, answer.json()["detail"]) == (409, "WB-7201", "it is stopped already")


def test_without_a_desk_nothing_is_done(world: World) -> None:
    world.bridge.desk = None
    with pytest.raises(Unavailable):
        desk_of(world.bridge)
    assert world.sign_in().post("/api/v1/routes/exam_report/stop", {}).status == 503


def test_a_plan_is_read_from_a_mapping_and_from_an_object() -> None:
    told = {
        "routes": {"changed": ["a"], "added": []},
        "connections": {"removed": ["b"]},
        "problems": [{"place": "routes.yaml:3:1", "code": "WB-6003", "text": "no", "advice": "write"}],
    }
    for made in (told, SimpleNamespace(as_dict=lambda: told)):
        plan = plan_of(made)
        assert plan.changes == [
            Change(kind="route", name="a", change="changed", detail=""),
            Change(kind="connection", name="b", change="removed", detail=""),
        ]
        assert plan.problems[0].place == "routes.yaml:3:1"
