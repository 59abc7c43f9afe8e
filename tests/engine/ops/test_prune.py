"""Pruning as acts: rules from JSON, small pieces, and blobs that go only when nothing names them and nobody copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.message import Refused
from engine.ops import prune
from engine.store.blobs import Blobs
from engine.store.database import Store
from engine.store.lease import BlobLease
from engine.store.prune import NAMING
from tests.engine.ops import seed
from tests.engine.store.full import old_blob


@pytest.mark.parametrize(
    "rule", [{}, {"before": "x"}, {"before": 5, "states": ["dead"]}, {"before": 5, "outcomes": ["lost"]}]
)
def test_a_wrong_rule(rule: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="WB-7501"):
        prune.read_rule(rule)


def test_a_piece_and_what_is_written_down(store: Store) -> None:
    rule = {"before": seed.NOW + 5, "states": ["done"]}
    store.write_now(lambda conn: seed.run(conn, message_id=seed.message(conn), state="done", ended_at=seed.NOW))
    store.write_now(lambda conn: seed.event(conn, run=seed.run(conn, message_id=seed.message(conn))[0]))
    store.write_now(lambda conn: prune.begun(conn, rule, "lin"))
    made = store.write_now(lambda conn: prune.piece(conn, rule, 0, 2))
    assert made == {"messages": 1, "runs": 1, "seen": 2, "next": None}
    assert store.write_now(lambda conn: prune.identities(conn, 5)) == {"gone": 0, "next": None}
    assert store.write_now(prune.free) == 0
    audit = store.read_now(lambda conn: conn.exec_driver_sql("SELECT act, subject FROM audit").one())
    assert audit[0] == "prune"
    assert "done, whole" in audit[1]


def test_a_blob_goes_when_nothing_names_it(store: Store, tmp_path: Path) -> None:
    names = [old_blob(tmp_path, b"one"), old_blob(tmp_path, b"two"), old_blob(tmp_path, b"three")]
    Blobs(tmp_path / "blobs", durable=False).put(b"two")  # somebody is about to name it

    def name(conn: Any) -> None:
        seed.message(conn, body=None, blob=names[2])  # since it was looked for

    seen = dict.fromkeys(NAMING, 0)
    store.write_now(name)
    with BlobLease(tmp_path).to_copy():
        assert store.write_now(lambda conn: prune.sweep(conn, names, seen)) == []
    assert store.write_now(lambda conn: prune.sweep(conn, names, seen)) == [names[0]]
    assert {found for found, _ in Blobs(tmp_path / "blobs").names()} == set(names[1:])
