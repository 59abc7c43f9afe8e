"""`waybill revisions` beside a running daemon and without one."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.threads import deferToThread

from engine.cli.main import main
from tests.engine.runtime.house import engine, one_route

OUT = "      - {id: out, call: {to: sink, operation: send}}\n"


async def test_the_one_at_work_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["revisions", "--site", str(tmp_path)]
    async with engine(tmp_path, one_route(OUT)) as world:
        revision = world.daemon.site.routes["r"].revision[:12]
        assert await deferToThread(main, words) == 0
        shown = capsys.readouterr().out
        assert shown.startswith(f"* r                    {revision}  ")
        assert shown.endswith("start        0 open\n")
    assert main(words) == 0
    assert capsys.readouterr().out.startswith(f"  r                    {revision}  ")
