"""A state folder with a bit of everything: runs in all states, blobs, effects, signing jobs, a revision."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from engine.message import Blob
from engine.store.blobs import KEEP, Blobs
from engine.store.database import Store
from tests.engine.ops import seed
from tests.engine.ops.test_texts import deploy


def full_state(state: Path, runs: int = 1) -> dict[str, str]:
    """Ids of the runs by their state; `parent` has an open part that is `waiting`."""
    state.mkdir(parents=True, exist_ok=True)
    blobs, store = Blobs(state / "blobs", durable=False), Store(state / "waybill.sqlite", None, durable=False)
    kept = blobs.put(b"%PDF a report", "application/pdf", "report.pdf")
    (state / "revisions" / "r1").mkdir(parents=True, exist_ok=True)
    (state / "revisions" / "r1" / "routes.yaml").write_text("routes: {}\n")
    store.open()
    ids = store.write_now(lambda conn: _rows(conn, kept, runs))
    store.close()
    return ids


def _rows(conn: Connection, kept: Blob, runs: int) -> dict[str, str]:
    deploy(conn)
    seed.blob(conn, kept)
    ids: dict[str, str] = {}
    user = seed.user(conn)
    for _ in range(runs):
        for state in ("ready", "running", "waiting", "held", "dead", "done", "filtered", "cancelled"):
            words: dict[str, Any] = {"step": "signed", "state": state}
            if state in ("done", "filtered", "cancelled"):
                words["ended_at"] = seed.NOW
            number, ids[state] = seed.run(conn, seed.labels(), message_id=seed.message(conn), **words)
            seed.value(conn, number, "report", "blob", kept)
            seed.effect(conn, number, state={"running": "intended"}.get(state, "done"))
            if state in ("held", "dead"):
                seed.attention(conn, kind=state, run=number)
            if state == "waiting":
                seed.wait(conn, number)
                seed.job(conn, number, user, kept.sha256, reference="R1")
        words_: dict[str, Any] = {"state": "waiting", "children": 2, "open_children": 1, "waits_for": "2 parts"}
        parent, ids["parent"] = seed.run(conn, message_id=seed.message(conn), **words_)
        seed.run(conn, message_id=seed.message(conn), parent=parent, state="done", ended_at=seed.NOW)
        part, ids["part"] = seed.run(conn, message_id=seed.message(conn), parent=parent, waits_for="a file")
        seed.wait(conn, part, kind="file")
    conn.exec_driver_sql("INSERT INTO session VALUES ('t', 1, 'c', 1, 1, 1)")
    return ids


def old_blob(state: Path, data: bytes = b"nobody's") -> str:
    """A blob that nothing names, and that lies there for long."""
    Blobs(state / "blobs", durable=False).put(data)
    name = hashlib.sha256(data).hexdigest()
    path = state / "blobs" / name[:2] / name[2:4] / name
    long_ago = time.time() - KEEP - 60
    os.utime(path, (long_ago, long_ago))
    return name
