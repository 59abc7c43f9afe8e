"""Files that nothing claims by itself: a person gives them to a run, or discards them. Writer functions."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from engine.message import Blob, Refused
from engine.ops.read_audit import record
from engine.ops.runs import UNKNOWN, by_id
from engine.runtime import filebook, journal
from engine.runtime.states import State
from engine.store.clock import now_ms
from engine.store.schema import file, run, wait
from engine.store.sql import Row, Statement

ACTS = ("candidates", "choose", "discard")
"""What commands may call over the control socket."""

P = bindparam
_GET = Statement(select(file).where(file.c.id == P("id")))
_DECIDE = Statement(
    update(file)
    .where(file.c.id == P("of"))
    .values(state=P("state"), run=P("run"), reason=P("reason"), decided_by=P("decided_by"), changed_at=P("changed_at"))
)
_WAITING = Statement(
    select(wait.c.run, wait.c.folder, wait.c.step, wait.c.match, run.c.id, run.c.since)
    .join(run, run.c.seq == wait.c.run)
    .where(wait.c.kind == "file", wait.c.connection == P("connection"))
    .order_by(wait.c.run.desc())
    .limit(200)
)
_WAIT_OF = Statement(
    select(wait.c.step, wait.c.match).where(
        wait.c.kind == "file", wait.c.connection == P("connection"), wait.c.run == P("run")
    )
)


def candidates(conn: Connection, file_id: int) -> list[dict[str, Any]]:
    """Runs that wait for a file on this connection, likeliest first; `why` in a few words. At most 5."""
    entry = _open(conn, file_id)
    path = PurePosixPath(entry["path"])
    rows = [(_likeness(row["folder"], path), row) for row in _WAITING.all(conn, connection=entry["connection"])]
    rows.sort(key=lambda pair: -pair[0])
    why = {2: "the same folder", 1: "the same patient's folder", 0: "waits for a file"}
    return [
        {"run_id": row["id"], "run": row["run"], "folder": row["folder"], "why": why[likeness]}
        for likeness, row in rows[:5]
    ]


def _likeness(folder: str, path: PurePosixPath) -> int:
    if folder == str(path.parent):
        return 2
    return int(PurePosixPath(folder).parts[:1] == path.parts[:1] and len(path.parts) > 1)


def choose(conn: Connection, file_id: int, run_id: str, user: str, origin: str = "") -> None:
    """This file is what that run waits for: taken in one commit, moved away later by its channel."""
    entry, row, now = _open(conn, file_id), by_id(conn, run_id), now_ms()
    waiting = _WAIT_OF.one(conn, connection=entry["connection"], run=row["seq"])
    if waiting is None or row["state"] != State.WAITING:
        raise Refused("WB-7305", "this run does not wait for a file")
    if entry["blob"] is None:
        raise Refused("WB-7306", "the file is not complete")
    name = PurePosixPath(entry["path"]).name
    taken = Blob(entry["blob"], entry["size"], filebook.type_of(conn, entry["blob"]), name)
    _decide(conn, file_id, "taken", row["seq"], "chosen by a person", user, now)
    filebook.give(conn, row["seq"], waiting["step"], filebook.into_of(waiting), taken, now, user)
    record(conn, now, user, "file.choose", run=row["seq"], subject=f"file {file_id}", origin=origin)


def discard(conn: Connection, file_id: int, reason: str, user: str, origin: str = "") -> None:
    """Nobody's report; its bytes stay in the blob store, the file goes to `.done/`."""
    if not reason.strip():
        raise Refused("WB-7307", "say why the file is discarded")
    entry, now = _open(conn, file_id), now_ms()
    _decide(conn, file_id, "discarded", entry["run"], reason.strip()[:400], user, now)
    record(conn, now, user, "file.discard", run=entry["run"], subject=f"file {file_id}", origin=origin)


def _decide(conn: Connection, file_id: int, state: str, seq: int | None, reason: str, user: str, now: int) -> None:
    _DECIDE.run(conn, of=file_id, state=state, run=seq, reason=reason, decided_by=user, changed_at=now)
    filebook.close_file_attention(conn, file_id, now, user, state)
    if seq is not None:
        journal.add_event(conn, seq, None, now, "file", "", text=f"{state}: {reason}", user=user)


def _open(conn: Connection, file_id: int) -> Row:
    entry = _GET.one(conn, id=file_id)
    if entry is None or entry["state"] not in filebook.OPEN:
        raise Refused(UNKNOWN, "there is no such open file")
    return entry
