"""`waybill lint`."""

import json

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
