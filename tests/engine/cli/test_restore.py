"""`waybill restore`: only over nothing, whole or not at all, and then nothing goes on by itself."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from engine.cli import _office
from engine.cli.main import FINDINGS, GOOD, main
from engine.message import Request, Unavailable, Value
from engine.ops import runs
from tests.engine.cli.test_backup import command
from tests.engine.runtime.house import engine, one_route, order, rows
from tests.engine.store.full import full_state


@pytest.fixture(name="copy")
def fixture_copy(tmp_path: Path) -> Path:
    full_state(tmp_path / "var")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "routes.yaml").write_text("routes: {}\n")
    words = ["backup", "--site", str(tmp_path / "site"), "--state", str(tmp_path / "var")]
    assert main([*words, str(tmp_path / "copy")]) == GOOD
    return tmp_path / "copy"


def restore(state: Path, copy: Path, *words: str) -> int:
    return main(["restore", "--site", str(state.parent / "there"), "--state", str(state), str(copy), *words])


def states(state: Path) -> dict[str, int]:
    sql = "SELECT state, count(*) FROM run GROUP BY state"
    return _office.read(state, lambda conn: dict(tuple(row) for row in conn.exec_driver_sql(sql)))


def test_restored_held_and_listed(tmp_path: Path, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new = tmp_path / "new"
    capsys.readouterr()
    assert restore(new, copy) == GOOD
    out = capsys.readouterr().out
    assert "4 runs are held" in out
    assert "his_out RegisterDocumentRt: 1 under way" in out
    assert "ca: 1 signing requests are taken back here" in out
    assert states(new) == {"cancelled": 1, "dead": 1, "done": 2, "filtered": 1, "held": 5, "waiting": 1}
    assert json.loads((new / "restored.json").read_text())["held"] == 4
    assert (tmp_path / "there" / "routes.yaml").exists()
    assert main(["verify", "--state", str(new)]) == GOOD


def test_not_over_a_store_but_over_an_empty_one(tmp_path: Path, copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert restore(tmp_path / "var", copy) == FINDINGS
    assert "WB-7511" in capsys.readouterr().err
    with _office.alone(tmp_path / "new"):
        assert restore(tmp_path / "new", copy) == FINDINGS
        assert "WB-7410" in capsys.readouterr().err
    assert restore(tmp_path / "new", copy, "--check") == GOOD
    assert restore(tmp_path / "new", copy, "--json") == GOOD
    assert states(tmp_path / "new")["held"] == 5


@pytest.mark.parametrize("point", ["restore.copied", "writer.before_commit", "restore.changed"])
def test_a_killed_restore_left_no_store_and_is_done_again(tmp_path: Path, copy: Path, point: str) -> None:
    new = tmp_path / "new"
    killed = command("restore", "--site", tmp_path / "there", "--state", new, copy, kill=point)
    assert killed.returncode == -signal.SIGKILL
    assert not (new / "waybill.sqlite").exists()
    assert restore(new, copy) == GOOD
    assert states(new)["held"] == 5
    assert not (new / ".restoring").exists()


def away(_request: Request) -> Value:
    raise Unavailable("WB-3001", "away")


async def test_nothing_is_sent_until_a_person_says_so(tmp_path: Path) -> None:
    text = one_route("      - {id: go, call: {to: sink, operation: op, body: $(body)}}\n")
    site = tmp_path / "site"
    async with engine(site, text) as world:
        world.channel("sink").answer = away
        await world.put(order(1), "order")
        await world.until(lambda: bool(world.runs(state="waiting")))
    words = ["backup", "--site", str(site), "--state", str(site / "var"), str(tmp_path / "copy")]
    assert main(words) == GOOD
    for path in sorted((site / "var").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    assert main(["restore", "--site", str(site), "--state", str(site / "var"), str(tmp_path / "copy")]) == GOOD
    async with engine(site) as world:
        (held,) = world.runs()
        assert (held["state"], held["code"]) == ("held", "WB-7512")
        world.daemon.store.write_now(lambda conn: runs.retry(conn, held["id"], "lin"))
        world.daemon.runtime.dispatcher.poke()
        await world.ended(1)
        assert rows(world, "SELECT state FROM effect") == [("done",)]
