"""`waybill try`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE, commands, main
from tests.engine.testing.bench import ORDER, SITE
from tests.engine.world import World, write_site

ROOT = Path(__file__).parents[3]


def waybill(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the command runs a reactor."""
    command = [sys.executable, "-m", "engine.cli", "try", "--site", str(site), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(name="site")
def fixture_site(tmp_path: Path) -> Path:
    write_site(tmp_path, SITE.replace("REPEAT", "same"))
    (tmp_path / "order.xml").write_text(ORDER)
    (tmp_path / "out.json").write_text('{"said": "hello"}')
    return tmp_path


def test_its_name_is_a_word_of_python():
    assert commands()["try"].name == "try_.py"


def test_a_step_on_a_file(site: Path):
    words = ["r.kept", "--message", str(site / "order.xml"), "--values", f"out={site / 'out.json'}"]
    done = waybill(site, *words)
    assert done.returncode == GOOD, done.stderr
    assert done.stdout.startswith("r.kept (set, routes.yaml:")
    assert "value copy: hello\nlabel id: 1!\n" in done.stdout
    assert done.stdout.endswith(" ms\n")
    assert not (site / "var").exists(), "nothing is written"
    shown = json.loads(waybill(site, *words, "--json").stdout)
    assert shown["shown"] == [["value copy", "hello"], ["label id", "1!"]]


def test_a_call_shows_what_would_be_sent_and_a_failure_its_reason(site: Path):
    done = waybill(site, "r.out", "--message", str(site / "order.xml"))
    assert "would be sent to peer, operation send\n" in done.stdout
    assert "      <id>1</id>" in done.stdout
    bad = waybill(site, "r.kept", "--message", str(site / "order.xml"))
    assert bad.returncode == FINDINGS
    assert "not here: out" in bad.stdout
    assert "refused: WB-2001" in bad.stdout


async def test_a_stored_run_has_its_values_and_the_look_is_written(site: Path):
    world = await World(site).start()
    world.channel("peer").answer = lambda request: {"said": "stored"}
    await world.put(ORDER, "order")
    (run,) = await world.ended()
    await world.stop()
    done = waybill(site, "r.kept", "--message", run["id"])
    assert "value copy: stored" in done.stdout, done.stdout + done.stderr
    rows = _office.read(site / "var", lambda conn: conn.exec_driver_sql("SELECT act, run FROM audit").fetchall())
    assert [tuple(row) for row in rows] == [("run.open", run["seq"])]
    assert _office.read(site / "var", lambda conn: conn.exec_driver_sql("SELECT count(*) FROM effect").scalar()) == 1


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["r", "--message", "x"], USAGE, "write ROUTE.STEP"),
        (["q.out", "--message", "x"], FINDINGS, "no route of this name; known: r"),
        (["r.none", "--message", "x"], FINDINGS, "no step of this name; known: out, kept"),
        (["r.out", "--message", "nofile"], FINDINGS, "there is no file nofile"),
    ],
)
def test_wrong_names(site: Path, words: list[str], status: int, said: str, capsys: pytest.CaptureFixture[str]):
    assert main(["try", "--site", str(site), *words]) == status
    assert said in capsys.readouterr().err
