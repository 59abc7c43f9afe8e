"""`waybill plan`, `reload`, `revisions` and `move` against a running engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread

from engine.cli.main import main
from engine.message import Refused
from tests.engine.runtime.house import engine, one_route
from tests.engine.world import write_site

OUT = "      - {id: out, call: {to: sink, operation: WORD}}\n"


def site(word: str) -> str:
    return one_route(OUT.replace("WORD", word), "same")


async def test_plan_reload_and_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def waybill(*words: str) -> tuple[int, str]:
        status = main([*words, "--site", str(tmp_path)])
        return status, capsys.readouterr().out

    async with engine(tmp_path, site("old")) as world:
        first = world.daemon.site.routes["r"].revision
        assert await deferToThread(waybill, "plan") == (0, "nothing to change\n")
        write_site(tmp_path, site("new"))
        assert await deferToThread(waybill, "plan") == (0, "~ route r: step out changed\n")
        assert await deferToThread(waybill, "reload") == (0, "~ route r: step out changed\ndeployed\n")
        status, out = await deferToThread(waybill, "revisions", "r")
        assert (status, len(out.splitlines())) == (0, 2)
        assert out.startswith("* r ")
        write_site(tmp_path, site("new").replace("to: sink", "to: sinc"))
        status, out = await deferToThread(waybill, "reload", "--route", "r")
        assert status == 1
        assert "routes.yaml:11:" in out
        assert "WB-6008" in out
        assert out.endswith("nothing was changed\n")
        assert (await deferToThread(waybill, "reload", "--to", first[:8], "--json"))[0] == 0
        assert world.daemon.site.routes["r"].revision == first
    status, out = waybill("revisions", "--json")
    assert [row["current"] for row in json.loads(out)] == [False, False]


async def test_without_a_daemon(tmp_path: Path) -> None:
    write_site(tmp_path, site("old"))
    with pytest.raises(Refused, match="WB-7413"):
        main(["reload", "--site", str(tmp_path)])
