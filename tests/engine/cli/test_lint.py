"""`waybill lint`."""

import json
from pathlib import Path

from engine.cli.main import FINDINGS, GOOD, main

SITE = "policies: {default: {first: 1s}}\n"


def test_a_good_site(tmp_path, capsys):
    (tmp_path / "routes.yaml").write_text(SITE)
    assert main(["lint", "--site", str(tmp_path)]) == GOOD
    assert capsys.readouterr().out == "good\n"
    assert main(["lint", "--site", str(tmp_path), "--json"]) == GOOD
    assert json.loads(capsys.readouterr().out) == {"good": True, "problems": []}


def test_a_site_with_faults(tmp_path, capsys):
    (tmp_path / "routes.yaml").write_text(SITE + "rutes: {}\n")
    assert main(["lint", "--site", str(tmp_path)]) == FINDINGS
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("routes.yaml:2:1: WB-6003 unknown key `rutes`; did you mean `routes`?")
    assert last == "1 problem"


def test_the_demonstration_site_is_good(capsys):
    assert main(["lint", "--site", str(Path(__file__).parents[3])]) == GOOD, capsys.readouterr().out


def test_without_in_doubt_the_report_is_not_sent(tmp_path, capsys):
    root = Path(__file__).parents[3]
    (tmp_path / "transforms").symlink_to(root / "transforms")
    text = (root / "routes.yaml").read_text("utf-8")
    (tmp_path / "routes.yaml").write_text(text.replace(", in_doubt: person", ""), "utf-8")
    assert main(["lint", "--site", str(tmp_path)]) == FINDINGS
    assert "WB-6014" in capsys.readouterr().out


def test_the_schema_of_the_grammar(capsys):
    assert main(["lint", "--schema"]) == GOOD
    made = json.loads(capsys.readouterr().out)
    assert {"channel.soap_in", "channel.folder", "verb.wait", "verb.choose"} <= set(made["$defs"])
    assert made["properties"]["connections"]["additionalProperties"] == {"$ref": "#/$defs/connection"}
