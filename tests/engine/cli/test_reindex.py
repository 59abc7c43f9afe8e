"""`waybill reindex`: without a daemon at once, beside one in the background."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from engine.cli import _office, reindex
from engine.cli.main import FINDINGS, GOOD, main
from records import texts, words
from tests.contracts.base import until
from tests.engine.cli.test_backup import command
from tests.engine.runtime.house import engine, one_route
from tests.records import seed
from tests.records.reads import answer

EXTRA = "  records: {type: records}\n"


@pytest.fixture(name="state")
def fixture_state(tmp_path: Path) -> Path:
    """Twelve pages with text, and an index that has lost them."""

    with _office.alone(tmp_path) as store:
        store.write_now(put)
    return tmp_path


def hits(state: Path, question: str) -> int:
    with sqlite3.connect(state / "waybill.sqlite") as db:
        asked = (words.query(question),)
        count: int = db.execute("SELECT count(*) FROM page_find WHERE page_find MATCH ?", asked).fetchone()[0]
    return count


def test_without_a_daemon(state: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindex, "PIECE", 5)
    assert hits(state, "common") == 0
    assert main(["reindex", "--state", str(state), "--json"]) == GOOD
    assert json.loads(capsys.readouterr().out)["pages"] == 12
    assert hits(state, "common") == 12
    assert hits(state, "word3") == 1
    assert main(["reindex", "--state", str(state)]) == GOOD
    assert "12 pages are indexed" in capsys.readouterr().out


def test_no_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reindex", "--state", str(tmp_path)]) == FINDINGS
    assert "WB-7411" in capsys.readouterr().err


def put(conn: Any) -> None:
    seed.desk(conn)
    for key in seed.pages(conn, seed.batch(conn), 12):
        texts.put(conn, key, {}, answer(f"common word{key}"), 1)
    conn.exec_driver_sql("INSERT INTO page_find (page_find) VALUES ('delete-all')")


ROUTE = one_route("      - {id: go, call: {to: sink, operation: op, body: $(body)}}\n", extra=EXTRA)


@pytest.mark.limit(120)
async def test_beside_a_running_daemon_that_builds_in_the_background(tmp_path: Path) -> None:
    site = tmp_path / "site"
    async with engine(site, ROUTE) as world:
        world.daemon.store.write_now(put)
        ran = await deferToThread(command, "reindex", "--site", site, "--state", site / "var")
        assert (ran.returncode, ran.stderr) == (GOOD, "")
        assert "12 pages are indexed" in ran.stdout
        assert hits(site / "var", "common") == 12


@pytest.mark.limit(120)
async def test_the_daemon_ends_meanwhile(tmp_path: Path) -> None:
    """Nobody builds here: the site has no records."""
    site = tmp_path / "site"
    async with engine(site, ROUTE.replace(EXTRA, "")) as world:
        world.daemon.store.write_now(put)
        running = deferToThread(command, "reindex", "--site", site, "--state", site / "var")
        await until(reactor, lambda: world.read(texts.building), 60)
    ran = await running
    assert ran.returncode == FINDINGS
    assert "WB-8404" in ran.stderr
    async with engine(site, ROUTE) as world:
        await until(reactor, lambda: not world.read(texts.building), 60)
        assert hits(site / "var", "common") == 12
