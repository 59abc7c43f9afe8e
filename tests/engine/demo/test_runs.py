"""A run as text."""

from __future__ import annotations

from engine.demo.runs import waybill


def test_the_waybill_as_text() -> None:
    steps = [{"id": "signed", "at": "2026-11-20", "state": "done"}, {"id": "keep", "at": None, "state": "ahead"}]
    run = {"id": "r1", "route": "exam_report", "state": "done", "status": None, "step": "keep", "steps": steps}
    lines = waybill(run).splitlines()
    assert lines[:2] == ["", "  waybill r1  exam_report  -  done"]
    assert [line.split() for line in lines[2:]] == [["2026-11-20", "signed", "done"], ["keep", "ahead"]]
