"""A restored store does nothing by itself, and says what to ask."""

from __future__ import annotations

from pathlib import Path

from engine.ops import restored
from engine.store.database import Store
from tests.engine.store.full import full_state


def test_what_was_not_at_its_end_is_held_and_listed(tmp_path: Path) -> None:
    ids = full_state(tmp_path)
    store = Store(tmp_path / "waybill.sqlite", None, durable=False)
    store.open()
    found = store.write_now(lambda conn: restored.hold(conn, 5, "lin", 9))
    sql = "SELECT id, state, code, reason FROM run"
    rows = {row[0]: tuple(row[1:]) for row in store.read_now(lambda conn: conn.exec_driver_sql(sql).fetchall())}
    for was in ("ready", "running", "waiting", "part"):
        state, code, reason = rows[ids[was]]
        assert (state, code) == ("held", "WB-7512")
        assert reason.startswith("restored from a backup")
    assert rows[ids["part"]][2] == "restored from a backup, it waited for a file"
    assert [rows[ids[was]][0] for was in ("held", "dead", "done", "parent")] == ["held", "dead", "done", "waiting"]
    assert rows[ids["held"]][1] == ""
    assert found["held"] == 4
    peers = {(one["connection"], one["operation"]): one for one in found["peers"]}
    assert peers["his_out", "RegisterDocumentRt"]["intended"] == 1
    assert ids["ready"] in peers["his_out", "Register"]["runs"]
    assert peers["ca", "sign"]["ahead"] == 3
    assert found["sign_jobs"] == [{"provider": "ca", "cancelled": 1}]

    def left(sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in store.read_now(lambda conn: conn.exec_driver_sql(sql).fetchall())]

    assert left("SELECT count(*) FROM session") == [(0,)]
    assert left("SELECT count(*) FROM wait") == [(0,)]
    assert left("SELECT state, findings FROM sign_job") == [("cancelled", '["restored from a backup"]')]
    assert left("SELECT count(*) FROM attention WHERE code = 'WB-7512'") == [(4,)]
    assert left("SELECT act FROM audit") == [("store.restored",)]
    store.close()
