"""`waybill plan`: what it prints of a plan."""

from __future__ import annotations

import json

import pytest

from engine.cli import plan
from engine.desk.plan import Changes, Plan
from engine.site.nodes import Place
from engine.site.problems import Problem

WRONG = Problem(Place("routes.yaml", 3, 4), "WB-6001", "it is wrong", "write it right")


def test_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    made = Plan(Changes({"a": "new"}), Changes(removed={"b": "not there"}), notes=["policies: default"])
    assert plan.show(made.as_dict(), False) == 0
    assert capsys.readouterr().out == "- connection b: not there\n+ route a: new\n~ policies: default\n"


def test_with_a_problem(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.show(Plan(problems=[WRONG]).as_dict(), False) == 1
    assert capsys.readouterr().out == "routes.yaml:3:4: WB-6001 it is wrong; write it right\nnothing was changed\n"


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert plan.show(Plan(problems=[WRONG]).as_dict(), True) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["line"] == 3
