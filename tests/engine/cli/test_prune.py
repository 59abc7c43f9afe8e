"""`waybill prune`: shown first, then done; killed at any piece it goes on; beside a daemon too."""

from __future__ import annotations

import json
import signal
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection
from twisted.internet.threads import deferToThread

from engine.cli import _office
from engine.cli.main import GOOD, USAGE, main
from engine.store.clock import now_ms
from tests.engine.cli.test_backup import command
from tests.engine.ops import seed
from tests.engine.runtime.house import engine, one_route, order, rows
from tests.engine.store.full import old_blob

DAY = 86_400_000


@pytest.fixture(name="state")
def fixture_state(tmp_path: Path) -> Path:
    """1,000 old messages with a body each, and one of today."""

    def fill(conn: Connection) -> None:
        for number in range(1001):
            at = now_ms() - (100 * DAY if number < 1000 else 0)
            message = seed.message(conn, received_at=at, body=b"x" * 4000)
            run, _ = seed.run(conn, message_id=message, state="done", created_at=at, ended_at=at)
            seed.event(conn, run=run)

    with _office.alone(tmp_path) as store:
        store.write_now(fill)
    return tmp_path


def count(state: Path) -> int:
    with sqlite3.connect(state / "waybill.sqlite") as db:
        found: int = db.execute("SELECT count(*) FROM message").fetchone()[0]
    return found


def test_shown_then_done_and_the_space_comes_back(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old_blob(state)
    words = ["prune", "--state", str(state), "--older", "90d"]
    assert main(words) == GOOD
    assert "1,000 messages and 1,000 runs would go" in capsys.readouterr().out
    assert count(state) == 1001
    before = (state / "waybill.sqlite").stat().st_size
    assert main([*words, "--yes", "--json", "--identities", "90d"]) == GOOD
    result = json.loads(capsys.readouterr().out)
    assert (result["messages"], result["runs"], result["blobs"], result["identities"]) == (1000, 1000, 1, 0)
    assert count(state) == 1
    assert (state / "waybill.sqlite").stat().st_size < before / 5
    assert main(["verify", "--state", str(state)]) == GOOD


def test_killed_in_the_middle_it_goes_on(state: Path) -> None:
    killed = command("prune", "--state", state, "--older", "90d", "--yes", kill="writer.before_commit:2")
    assert killed.returncode == -signal.SIGKILL
    assert command("verify", "--state", state).returncode == GOOD
    assert command("prune", "--state", state, "--older", "90d", "--yes").returncode == GOOD
    assert count(state) == 1


def test_wrong_use(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prune", "--state", str(state), "--older", "long"]) == USAGE
    assert main(["prune", "--state", str(state)]) == USAGE
    assert main(["prune", "--state", str(state), "--older", "1d", "--in-state", "dead"]) == USAGE
    assert count(state) == 1001


@pytest.mark.limit(120)
async def test_beside_a_running_daemon(tmp_path: Path) -> None:
    """Through its writer, as background work; search, bulk acts and a backup go beside it as well."""
    site = tmp_path / "site"
    async with engine(site, one_route("      - {id: go, call: {to: sink, operation: op, body: $(body)}}\n")) as world:

        async def done(*words: str | Path) -> str:
            ran = await deferToThread(command, words[0], "--site", site, "--state", site / "var", *words[1:])
            assert ran.returncode == GOOD, ran.stderr
            return str(ran.stdout)

        for number in range(30):
            await world.put(order(number), "order")
        await world.ended(30)
        world.daemon.store.write_now(
            lambda conn: conn.exec_driver_sql(
                "UPDATE message SET received_at = received_at - 9999999999 WHERE seq <= 20"
            )
        )
        world.daemon.store.write_now(
            lambda conn: conn.exec_driver_sql("UPDATE run SET ended_at = ended_at - 9999999999 WHERE seq <= 20")
        )
        assert (await done("find", "--in-state", "done", "--count")) == "30\n"
        await done("backup", tmp_path / "copy")
        assert "20 messages and 20 runs are gone" in await done("prune", "--older", "90d", "--yes")
        assert "10 done, 0 refused" in await done("resend", "--in-state", "done", "--yes")
        await world.ended(20)
        assert await done("verify") == "all is good\n"
        assert rows(world, "SELECT count(*) FROM message") == [(10,)]
