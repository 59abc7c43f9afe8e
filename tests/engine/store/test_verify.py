"""Verify: silent on a good store, and it names each thing that is planted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection

from engine.cli import _office
from engine.store import verify
from tests.engine.store.full import full_state, old_blob


def found(state: Path) -> list[verify.Found]:
    def query(conn: Connection) -> list[verify.Found]:
        asked = [verify.ask(conn, check) for check in verify.CHECKS]
        return [*verify.damage(conn), *(one for one in asked if one is not None)]

    return _office.read(state, query)


def test_a_good_store_is_good(tmp_path: Path) -> None:
    full_state(tmp_path)
    assert found(tmp_path) == []
    assert list(verify.blobs(tmp_path, {next((tmp_path / "blobs").glob("??/??/*")).name}, lambda *_: None)) == []


PLANTED = {
    "runs without their message": "DELETE FROM message WHERE id = (SELECT message_id FROM run WHERE state = 'done')",
    "parts without their parent": "UPDATE run SET parent = 999 WHERE state = 'cancelled'",
    "runs on a revision that is not kept": "UPDATE run SET revision = 'lost' WHERE state = 'dead'",
    "effects without their run": "UPDATE effect SET run = 999 WHERE run = 1",
    "events without their run": (
        "INSERT INTO event (run, at, kind, step, code, text, user) VALUES (999, 1, 'x', '', '', '', '')"
    ),
    "open entries for a person without their run": "UPDATE attention SET run = 999 WHERE kind = 'held'",
    "runs in a state that there is not": "UPDATE run SET state = 'asleep' WHERE state = 'ready'",
    "runs at their end without its time, or going on with one": "UPDATE run SET ended_at = NULL WHERE state = 'done'",
    "runs that wait for nothing": "DELETE FROM wait WHERE kind = 'sign'",
    "runs at their end that still wait": "UPDATE run SET state = 'done', ended_at = 1 WHERE due_at IS NULL AND seq = 3",
    "runs whose open parts are counted wrongly": "UPDATE run SET open_children = 5 WHERE children = 2",
    "dead or held runs that no person is asked about": "UPDATE attention SET closed_at = 1",
    "effects in a state that there is not": "UPDATE effect SET state = 'lost' WHERE run = 1",
    "effects of a generation that its run did not reach": "UPDATE effect SET generation = 7 WHERE run = 1",
    "done runs with an effect that is open": "UPDATE effect SET state = 'doubt' WHERE run = 6",
    "effects that were settled without a time": "UPDATE effect SET settled_at = NULL",
    "identities without a reply or a message id": "INSERT INTO identity VALUES ('s', 'k', 'c', '', x'', 1)",
    "rows that name what is not there": "INSERT INTO label VALUES (999, 'a', 'b', 0)",
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_found(tmp_path: Path, what: str) -> None:
    full_state(tmp_path)
    with sqlite3.connect(tmp_path / "waybill.sqlite") as db:
        db.execute(PLANTED[what])
    one = next(one for one in found(tmp_path) if one.what == what)
    assert one.count >= 1
    assert one.examples


def test_every_check_is_planted_once() -> None:
    assert {check.what for check in verify.CHECKS} < set(PLANTED)


def test_a_damaged_file(tmp_path: Path) -> None:
    full_state(tmp_path, runs=20)
    path = tmp_path / "waybill.sqlite"
    data = bytearray(path.read_bytes())
    data[-8192:-4096] = b"\xff" * 4096
    path.write_bytes(data)
    assert any(one.code == verify.BROKEN for one in _office.read(tmp_path, lambda conn: list(verify.damage(conn))))


def test_blobs_missing_damaged_and_nobodys(tmp_path: Path) -> None:
    full_state(tmp_path)
    path = next((tmp_path / "blobs").glob("??/??/*"))
    loose = old_blob(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"other")
    told = {one.code: one for one in verify.blobs(tmp_path, {path.name, "ab" * 32}, lambda *_: None)}
    assert told[verify.MISSING].examples == ("ab" * 32,)
    assert told[verify.DAMAGED].examples == (path.name,)
    assert (told[verify.LOOSE].examples, told[verify.LOOSE].note) == ((loose,), True)
