"""`waybill simulate`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.cli.main import USAGE, main
from engine.cli.simulate import command

SITE = Path("/site")


@pytest.mark.parametrize(
    ("simulator", "words", "expected"),
    [
        ("his", ["order", "--count", "3"], ["push", "order", "--count", "3"]),
        ("his", ["patient"], ["push", "patient"]),
        ("his", ["push", "update"], ["push", "update"]),
        ("his", ["serve", "--port", "0"], ["--port", "0"]),
        ("his", ["--port", "0"], ["--port", "0"]),
        ("his", [], []),
        ("hl7", ["send", "--count", "3"], ["send", "--count", "3"]),
        ("scanner", ["--station", "a"], ["--folder", "/site/var/demo/scans", "--station", "a"]),
        ("scanner", ["--folder", "/x"], ["--folder", "/x"]),
        ("ca", ["--phone", "approve"], ["--state", "/site/var/demo/ca", "--phone", "approve"]),
        (
            "device",
            ["--late"],
            [
                "--database", "/site/var/demo/device.sqlite", "--folders", "/site/var/demo/PatientData",
                "--log", "/site/var/demo/device.jsonl", "--create", "--late",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_started(simulator: str, words: list[str], expected: list[str]) -> None:
    assert command(simulator, words, SITE) == [sys.executable, "-m", f"simulators.{simulator}", *expected]


def test_the_scanner_prints_papers_of_the_demonstrations_patients(tmp_path: Path) -> None:
    known = tmp_path / "var" / "demo" / "patients.json"
    known.parent.mkdir(parents=True)
    known.write_text("[]")
    words = command("scanner", ["--station", "a"], tmp_path)[3:]
    assert words == ["--folder", str(tmp_path / "var/demo/scans"), "--patients", str(known), "--station", "a"]
    assert "--patients" not in command("scanner", ["--patients=/x", "--folder", "/y"], tmp_path)


def test_somebody_elses_database_is_not_made() -> None:
    assert "--create" not in command("device", ["--database", "/x.mdb"], SITE)


def test_an_unknown_simulator_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "printer"]) == USAGE
    assert "invalid choice: 'printer'" in capsys.readouterr().err


@pytest.mark.parametrize("simulator", ["his", "device", "ca", "hl7", "scanner"])
def test_it_becomes_the_simulator(simulator: str) -> None:
    line = [sys.executable, "-m", "engine.cli", "simulate", simulator, "--help"]
    found = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
    assert f"simulators.{simulator}" in found.stdout
