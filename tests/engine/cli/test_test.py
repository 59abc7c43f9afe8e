"""`waybill test`, and the tests of the demonstration's own routes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from lxml import etree

from engine.cli.main import FINDINGS, GOOD, USAGE
from tests.engine.testing.bench import GIVEN, SITE
from tests.engine.world import write_site

ROOT = Path(__file__).parents[3]
TEST = f"  - {{test: small, {GIVEN}, expect: {{state: done}}}}\n"


def waybill(site: Path, *words: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
    """In a process of its own: the command runs a reactor."""
    command = [sys.executable, "-m", "engine.cli", "test", "--site", str(site), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)


def site(folder: Path, tests: str) -> Path:
    write_site(folder, SITE.replace("REPEAT", "same"))
    (folder / "route-tests").mkdir()
    mocks = "mocks: {peer: [{answer: {value: {said: 'yes'}}}]}\n"
    (folder / "route-tests" / "r.yaml").write_text(f"route: r\n{mocks}tests:\n{tests}")
    return folder


def test_good_tests_and_junit(tmp_path: Path):
    done = waybill(site(tmp_path, TEST), "--kill", "each", "--junit", str(tmp_path / "out.xml"))
    assert done.returncode == GOOD, done.stdout + done.stderr
    assert done.stdout.startswith("good  r.yaml: small (")
    assert " kills, 0 bad" in done.stdout
    assert done.stderr == ""
    assert etree.parse(tmp_path / "out.xml").getroot()[0].get("failures") == "0"


def test_bad_tests_say_where(tmp_path: Path):
    both = TEST + TEST.replace("small", "wrong").replace("done", "dead")
    done = waybill(site(tmp_path, both), "--json")
    assert done.returncode == FINDINGS
    report = json.loads(done.stdout)
    assert [one["good"] for one in report["tests"]] == [True, False]
    (failure,) = report["tests"][1]["failures"]
    assert (failure["line"], failure["expected"]) == (5, "dead")


def test_wrong_use_and_faults_of_the_file(tmp_path: Path):
    place = site(tmp_path, TEST)
    assert waybill(place, "-k", "no such").returncode == USAGE
    (place / "route-tests" / "r.yaml").write_text("tests: [{tst: x}]\n")
    done = waybill(place)
    assert done.returncode == FINDINGS
    assert "r.yaml:1:10: WB-6003 unknown key `tst`; did you mean `test`?" in done.stdout


def test_the_routes_of_the_demonstration_pass_their_tests():
    """All of them, killed at each point where they say so: what a hospital's analyst runs."""
    done = waybill(ROOT, "--json", seconds=600)
    assert done.returncode == GOOD, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert len(report["tests"]) >= 28
    assert sum(one["kills"] for one in report["tests"]) >= 90
    routes = {one["file"].rpartition("/")[2] for one in report["tests"]}
    assert routes >= {"exam_report.yaml", "order_update.yaml", "registries.yaml"}
