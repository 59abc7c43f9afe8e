"""The frame of the command line."""

import json
import subprocess
import sys

from engine.cli import main as frame
from engine.cli.main import FINDINGS, GOOD, USAGE, commands, main


def test_help_lists_every_command_with_its_first_line(capsys):
    assert main(["--help"]) == GOOD
    shown = capsys.readouterr().out
    for name in commands():
        assert f"  {name}" in shown
    assert "Check the text of a site" in shown


def test_every_command_has_a_docstring():
    assert all(frame._summary(file) for file in commands().values())


def test_wrong_use_ends_with_2(capsys):
    assert main([]) == USAGE
    assert main(["lnt"]) == USAGE
    assert "Did you mean `waybill lint`?" in capsys.readouterr().err
    assert main(["lint", "--nope"]) == USAGE
    assert main(["lint", "--help"]) == GOOD


def test_version(capsys):
    assert main(["--version"]) == GOOD
    assert capsys.readouterr().out.startswith("waybill ")


def test_the_site_may_come_from_the_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WAYBILL_SITE", str(tmp_path))
    assert main(["lint", "--json"]) == FINDINGS
    shown = json.loads(capsys.readouterr().out)
    assert shown["good"] is False
    assert shown["problems"][0]["code"] == "WB-6001"


def test_only_the_chosen_command_is_imported():
    code = (
        "import sys; from engine.cli.main import main; main(['--help'])\n"
        "heavy = {'twisted', 'lxml', 'sqlalchemy', 'spyne', 'yaml', 'pyodbc'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    assert subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=False).returncode == 0


def test_it_runs_as_a_module(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", "lint", "--site", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == FINDINGS
    assert "routes.yaml:1:1: WB-6001 cannot be read" in done.stdout
