"""`waybill move` shows first and moves on `--yes`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread

from engine.cli.main import main
from engine.message import Refused
from tests.engine.runtime.house import engine, one_route, order
from tests.engine.world import write_site

STEPS = "      - {id: out, call: {to: sink, operation: send}}\n      - {id: LAST, set: {labels: {id: x}}}\n"


async def test_a_dead_run_moves_to_another_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def waybill(*words: str) -> tuple[int, str]:
        status = main([*words, "--site", str(tmp_path)])
        return status, capsys.readouterr().out

    async with engine(tmp_path, one_route(STEPS.replace("LAST", "last"), "same")) as world:

        def refuse(_request: object) -> None:
            raise Refused("WB-3003", "no")

        world.channel("sink").answer = refuse
        await world.put(order(1), "order")
        (dead,) = await world.ended(state="dead")
        write_site(tmp_path, one_route(STEPS.replace("LAST", "end"), "same"))
        await world.daemon.desk.reload("op")
        status, out = await deferToThread(waybill, "move", dead["id"], "--step", "last")
        assert status == 1
        assert "has no step last" in out
        status, out = await deferToThread(waybill, "move", "--label", "id=1", "--step", "end", "--json")
        assert status == 0
        (shown,) = json.loads(out)["runs"]
        assert (shown["from_step"], shown["to_step"], shown["again"]) == ("out", "end", False)
        assert world.runs()[0]["state"] == "dead"
        status, out = await deferToThread(waybill, "move", "--route", "r", "--step", "end", "--yes")
        assert status == 0
        assert out.endswith("1 moved\n")
        await world.ended()


def test_nothing_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["move"]) == 2
    assert "name runs" in capsys.readouterr().err
