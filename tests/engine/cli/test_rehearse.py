"""`waybill rehearse`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE, main
from tests.engine.rehearsal.hall import Hall, order

ROOT = Path(__file__).parents[3]


def waybill(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the command runs a reactor."""
    command = [sys.executable, "-m", "engine.cli", "rehearse", "--site", str(site), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def audit(hall: Hall) -> list[tuple[str, str]]:
    rows = _office.read(hall.state, lambda conn: conn.exec_driver_sql("SELECT act, subject FROM audit").fetchall())
    return [(row[0], row[1]) for row in rows]


@pytest.mark.limit(120)
async def test_a_difference_masked_and_opened(tmp_path: Path):
    hall = Hall(tmp_path)
    (run,) = await hall.play(order(1, "Anna"))
    hall.edit(('<xsl:value-of select="body//name"/>', "Otto"), file="transforms/made.xsl")
    page = tmp_path / "page.html"
    done = waybill(hall.site, "--with", str(hall.new), "--html", str(page), "--since", "1d")
    assert done.returncode == FINDINGS, done.stderr
    assert "out call peer send: body/sent/name changed in 1 message" in done.stdout
    assert "Anna" not in done.stdout + page.read_text()
    assert page.stat().st_mode & 0o077 == 0
    assert audit(hall) == [("rehearse.read", "since 1d")]
    opened = waybill(hall.site, "--with", str(hall.new), "--open", "--json", "--label", "name=Anna")
    (group,) = json.loads(opened.stdout)["groups"]
    assert (group["examples"][0]["before"], group["examples"][0]["after"]) == ("Anna", "Otto")
    assert audit(hall)[1:] == [("rehearse.open", "label name"), ("message.open", run["message_id"])]


async def test_nothing_is_different(tmp_path: Path):
    hall = Hall(tmp_path)
    await hall.play(order(1))
    done = waybill(hall.site)
    assert (done.returncode, done.stderr) == (GOOD, "")
    assert done.stdout.startswith("1 messages: 0 would be different, 0 equal, 1 on routes that did not change")


def test_a_bad_configuration_is_told_and_nothing_is_rehearsed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    hall = Hall(tmp_path)
    hall.edit(("to: peer", "to: pear"))
    assert main(["rehearse", "--site", str(hall.site), "--with", str(hall.new)]) == FINDINGS
    assert "pear" in "".join(capsys.readouterr())


@pytest.mark.parametrize("words", [["--label", "x"], ["--limit", "0"], ["--since", "soon"]])
def test_wrong_use(tmp_path: Path, words: list[str]):
    assert main(["rehearse", "--site", str(Hall(tmp_path).site), *words]) == USAGE


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    hall = Hall(tmp_path)
    assert main(["rehearse", "--site", str(hall.site)]) == FINDINGS
    assert "there is no store" in capsys.readouterr().err
    assert not hall.state.exists()
