"""A stored message as a test of its route; each is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from twisted.internet import reactor as _reactor

from engine.message import Refused
from engine.registry import Registry
from engine.site.load import load_site
from engine.testing import reading, report, runner
from tests.engine.rehearsal.hall import SHEET, SITE, Hall, order
from tests.engine.rehearsal.test_making import NAME, made
from tests.engine.rehearsal.test_rehearse import ITEMS, PARTS

reactor: Any = _reactor


async def good(hall: Hall, asked: str) -> dict[str, Any]:
    """The test, which must be good."""
    shown = made(hall, asked, as_test=True)
    out = hall.site / "route-tests"
    out.mkdir()
    for name, data in shown.files.items():
        assert NAME.encode() not in data
        (out / name).write_bytes(data)
    registry = Registry()
    site = load_site(hall.site, registry)
    cases = reading.load_cases(site, registry, [out / shown.test])
    (result,) = await runner.run_cases(reactor, site, registry, cases)
    assert result.good, report.text_of(result) + shown.files[shown.test].decode()
    (case,) = yaml.safe_load(shown.files[shown.test])["tests"]
    return {**case, "unsaid": shown.unsaid}


async def test_answers_end_and_what_was_sent(tmp_path: Path):
    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1, NAME), answer=lambda request: {"said": f"hello {NAME}"})
    case = await good(hall, run["id"])
    assert case["given"] == {"connection": "source", "operation": "order", "file": "x.xml"}
    (rule,) = case["mocks"]["peer"]
    assert rule["operation"] == "send"
    assert rule["answer"]["json"].startswith('{"said": "hello ')
    assert case["expect"]["state"] == "done"
    assert case["expect"]["status"] == "Gone"
    assert case["expect"]["sent"] == {"peer": [{"operation": "send"}]}
    assert case["expect"]["labels"]["id"] == "1"
    assert case["unsaid"] == []


async def test_a_refusal(tmp_path: Path):
    def no(request: Any) -> Any:
        raise Refused("WB-3003", "no")

    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1, NAME), answer=no)
    case = await good(hall, run["id"])
    assert case["mocks"] == {"peer": [{"operation": "send", "fail": "refused"}]}
    assert (case["expect"]["state"], case["expect"]["step"]) == ("dead", "out")


async def test_several_parts(tmp_path: Path):
    hall = Hall(tmp_path, PARTS, made__xsl=SHEET)
    runs = await hall.play(ITEMS)
    case = await good(hall, runs[0]["id"])
    assert [one["state"] for one in case["expect"]["runs"]] == ["done", "done"]
    assert case["expect"]["sent"] == {"peer": [{"operation": "send"}] * 2}


async def test_what_a_test_cannot_say_ends_it(tmp_path: Path):
    text = SITE.replace(
        "      - {id: kept",
        "      - {id: sure, wait: {for: person, question: Is it so, answers: [yes, no]}}\n      - {id: kept",
    )
    hall = Hall(tmp_path, text, made__xsl=SHEET)
    (run,) = await hall.play(order(1, NAME))
    assert run["state"] == "waiting"
    case = await good(hall, run["id"])
    assert case["unsaid"] == ["sure: no person came"]
    assert (case["expect"]["state"], case["expect"]["step"]) == ("waiting", "sure")
