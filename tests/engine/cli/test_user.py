"""`waybill user`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import FINDINGS, GOOD, USAGE, main
from engine.cli.user import address
from web.api.auth import sign_in


def user(state: Path, *words: str) -> int:
    return main(["user", "--state", str(state), *words])


def test_a_user_from_the_first_to_the_last_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--staff-number", "1001", "--certificate-id", "SF1"]
    assert user(tmp_path, "add", "lin", "--name", "Lin", "--role", "ph,OP", *more) == GOOD
    assert user(tmp_path, "list") == GOOD
    assert "PH,OP" in capsys.readouterr().out
    assert user(tmp_path, "link", "lin") == GOOD
    assert capsys.readouterr().out.startswith("http://127.0.0.1:8080/login#")
    assert user(tmp_path, "disable", "lin") == GOOD
    assert user(tmp_path, "link", "lin") == FINDINGS
    assert "WB-7030" in capsys.readouterr().err
    assert user(tmp_path, "list") == GOOD
    assert "disabled" in capsys.readouterr().out


def test_the_link_signs_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from engine.cli._office import alone
    from engine.store.clock import now_ms

    user(tmp_path, "add", "lin", "--name", "Lin", "--role", "PH")
    capsys.readouterr()
    main(["user", "--json", "--state", str(tmp_path), "--url", "https://waybill.example/", "link", "lin"])
    link = json.loads(capsys.readouterr().out)["link"]
    assert link.startswith("https://waybill.example/login#")
    token = link.partition("#")[2]
    with alone(tmp_path) as store:
        assert store.write_now(lambda conn: sign_in(conn, token, "", now_ms()))
        acts = store.read_now(lambda conn: [row.act for row in conn.exec_driver_sql("SELECT act FROM audit")])
    assert acts == ["user.add", "user.link", "session.open"]


def test_wrong_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert user(tmp_path, "add", "lin", "--name", "Lin", "--role", "XX") == FINDINGS
    assert "WB-7031" in capsys.readouterr().err
    assert user(tmp_path) == USAGE
    assert main(["user", "--json", "--state", str(tmp_path), "list"]) == GOOD
    assert json.loads(capsys.readouterr().out) == []


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAYBILL_WEB", "127.0.0.1:9000")
    assert address(None, "t") == "http://127.0.0.1:9000/login#t"
