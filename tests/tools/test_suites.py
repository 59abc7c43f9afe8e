"""The runner of the suites says the truth about what it ran."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "tools" / "suites.py"


@pytest.fixture(name="suites", scope="module")
def fixture_suites():
    spec = importlib.util.spec_from_file_location("suites_of_tools", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_a_good_suite(suites, tmp_path):
    write(tmp_path / "wire", "test_a.py", "def test_one(): pass\ndef test_two(): pass\n")
    tally = suites.outcome("wire", tmp_path)
    assert (tally.passed, tally.failed, tally.skipped, tally.bad) == (2, 0, 0, [])
    assert "ok" in tally.line()


def test_a_failure(suites, tmp_path):
    write(tmp_path / "wire", "test_a.py", "def test_one(): assert 0\ndef test_two(): pass\n")
    tally = suites.outcome("wire", tmp_path)
    assert (tally.passed, tally.failed, tally.bad) == (1, 1, ["pytest ended with 1"])
    assert "FAILED" in tally.line()


def test_a_skip_is_a_failure(suites, tmp_path):
    write(tmp_path / "wire", "test_a.py", "import pytest\ndef test_one(): pytest.skip('no')\n")
    tally = suites.outcome("wire", tmp_path)
    assert tally.skipped == 1
    assert tally.failed == 1
    assert tally.bad == ["a test was skipped: what is not tested is not known"]


def test_a_file_that_cannot_be_imported(suites, tmp_path):
    write(tmp_path / "wire", "test_a.py", "import nothing_of_this_name\n")
    tally = suites.outcome("wire", tmp_path)
    assert tally.failed == 1
    assert tally.bad


def test_a_missing_folder_is_no_failure_but_a_file_without_tests_is(suites, tmp_path):
    assert suites.outcome("crash", tmp_path).bad == []
    write(tmp_path / "crash", "test_a.py", "")
    assert suites.outcome("crash", tmp_path).bad == ["it has test files, but no test"]


def test_a_suite_that_never_ends_is_ended(suites, tmp_path):
    write(tmp_path / "wire", "test_a.py", "import threading\ndef test_one(): threading.Event().wait()\n")
    start = time.monotonic()
    tally = suites.outcome("wire", tmp_path, limit=3.0)
    assert time.monotonic() - start < 20
    assert tally.failed == 1
    assert tally.bad == ["more than 0.05 minutes"]


def test_unit_is_everything_without_a_suite_of_its_own(suites, tmp_path):
    chosen = suites.selection("unit", tmp_path)
    assert chosen[0] == str(tmp_path)
    assert len(chosen) == 1 + len(suites.FOLDERS)


def test_the_last_line(suites):
    first, second = suites.Tally("a", passed=3), suites.Tally("b", passed=1, failed=2)
    assert suites.closing([first, second]) == "4 passed, 2 failed"
    second.skipped = 1
    assert suites.closing([first, second]) == "4 passed, 2 failed, 1 skipped"


def test_an_unknown_suite_is_a_usage_error(suites, capsys):
    assert suites.main(["wires"]) == 2
    assert "wires" in capsys.readouterr().err


def test_a_quiet_command_shows_its_output_only_when_it_fails(suites, capsys):
    assert suites.run([sys.executable, "-c", "print('said')"], quiet=True) == 0
    assert "said" not in capsys.readouterr().out
    assert suites.run([sys.executable, "-c", "print('said'); raise SystemExit(3)"], quiet=True) == 3
    assert "said" in capsys.readouterr().out
