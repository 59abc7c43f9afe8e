"""A trained model is used unless its report speaks against it; a person may decide otherwise."""

from __future__ import annotations

import pytest

from engine.message import Refused
from engine.ops import models
from engine.store.database import Store


def put(store: Store, accuracy: float) -> dict[str, object]:
    return store.write_now(lambda conn: models.put(conn, "0" * 64, {"accuracy": accuracy}, "lin"))


def test_a_good_one_replaces_a_worse_one_never(store: Store) -> None:
    assert store.read_now(models.active) is None
    assert put(store, 0.5)["state"] == "refused"
    assert put(store, 0.9)["state"] == "active"
    assert put(store, 0.88)["state"] == "active"
    refused = put(store, 0.80)
    assert refused["state"] == "refused"
    assert "88%" in str(refused["reason"])
    active = store.read_now(models.active)
    assert active is not None
    assert active.report["accuracy"] == 0.88
    assert [row.state for row in store.read_now(models.newest)] == ["refused", "active", "old", "refused"]


def test_a_person_decides(store: Store) -> None:
    put(store, 0.9)
    number = put(store, 0.5)["id"]
    store.write_now(lambda conn: models.use(conn, number, "lin"))  # type: ignore[arg-type]
    active = store.read_now(models.active)
    assert active is not None
    assert active.id == number
    with pytest.raises(Refused):
        store.write_now(lambda conn: models.use(conn, 99, "lin"))
    acts = store.read_now(lambda conn: conn.exec_driver_sql("SELECT act FROM audit ORDER BY rowid").fetchall())
    assert [row[0] for row in acts] == ["train", "train", "train.use"]
