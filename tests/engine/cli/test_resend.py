"""`waybill resend`: as it is, and with another body through the route's own check."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, USAGE
from tests.engine.cli.test__acts import act, fixture_ids, states
from tests.engine.world import write_site

__all__ = ["fixture_ids"]

SITE = """
connections:
  source: {type: memory_in}
  sink: {type: memory_out, repeat: unknown}
routes:
  exam_report:
    receive: {from: source, operation: order}
    labels: {order_id: {path: //id}}
    steps:
      - {id: send, call: {to: sink, operation: op, body: $(body)}}
"""


def keep(tmp_path: Path) -> None:
    write_site(tmp_path / "site", SITE)
    shutil.copytree(tmp_path / "site", tmp_path / "revisions" / "r1")


def test_as_it_is(tmp_path: Path, ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert act(tmp_path, "resend", ids[-1]) == GOOD
    assert f"{ids[-1]}: done, " in capsys.readouterr().out
    assert states(tmp_path) == {"dead": 250, "done": 1, "ready": 1}
    assert act(tmp_path, "resend", "--in-state", "dead", "--yes") == GOOD
    assert states(tmp_path) == {"cancelled": 250, "done": 1, "ready": 251}


@pytest.mark.parametrize("more", ["", "<x>" + "y" * 40_000 + "</x>"])
def test_with_another_body(tmp_path: Path, ids: list[str], more: str, capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path)
    body = tmp_path / "corrected.xml"
    body.write_text(f"<order><id>176</id>{more}</order>")
    assert act(tmp_path, "resend", ids[0], "--body", str(body), "--json") == GOOD
    sql = """SELECT m.size, m.origin IS NOT NULL, m.blob IS NOT NULL, l.value FROM run r
    JOIN message m ON m.id = r.message_id JOIN label l ON l.run = r.seq ORDER BY r.seq DESC LIMIT 1"""
    found = _office.read(tmp_path, lambda conn: tuple(conn.exec_driver_sql(sql).one()))
    assert found == (body.stat().st_size, 1, int(bool(more)), "176")


def test_a_body_that_the_route_refuses(tmp_path: Path, ids: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    keep(tmp_path)
    body = tmp_path / "corrected.xml"
    body.write_text("<order>")
    assert act(tmp_path, "resend", ids[0], "--body", str(body)) == FINDINGS
    assert "WB-1001" in capsys.readouterr().err
    assert act(tmp_path, "resend", ids[0], "--body", str(tmp_path / "none")) == FINDINGS
    assert "WB-7504" in capsys.readouterr().err
    assert act(tmp_path, "resend", "--in-state", "dead", "--body", str(body)) == USAGE
    assert states(tmp_path) == {"dead": 250, "done": 1}
