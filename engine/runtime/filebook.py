"""The engine's book of files in watched folders: which wait takes which file, and what a person must decide.

Implements `engine.channel.Files`. A complete file that matches exactly one wait is taken: the blob's name, the
wait's value and the mark on the file go into one commit.
"""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, insert, select, update

from engine.channel import SeenFile, TakenFile
from engine.message import Blob, Unavailable
from engine.points import point
from engine.runtime import journal
from engine.runtime.outcome import FileWait
from engine.runtime.states import FINAL, State
from engine.runtime.values import encode
from engine.store.schema import attention, blob, file, folder_owner, run, wait
from engine.store.sql import Row, Statement

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

P = bindparam

KEEP_WATCHING = 7 * 86_400_000
"""Milliseconds after a run's end during which its folder is still looked at, for late files."""
MOST_FOLDERS = 5000
OPEN = ("unmatched", "ambiguous", "late")
"""States of a file that a person decides on."""
NOT_WAITING = "the run of this folder does not wait for a file (any more)"

_KNOWN = Statement(
    select(file).where(file.c.connection == P("connection"), file.c.path == P("path"), file.c.state != "gone")
    .order_by(file.c.id.desc()).limit(1)
)  # fmt: skip
_INSERT = Statement(
    insert(file).values(
        connection=P("connection"), path=P("path"), size=P("size"), mtime_ns=P("mtime_ns"), inode=P("inode"),
        state=P("state"), reason=P("reason"), blob=P("blob"), run=P("run"), first_seen=P("at"), changed_at=P("at"),
        moved=0, decided_by="",
    )
)  # fmt: skip
_UPDATE = Statement(
    update(file).where(file.c.id == P("of"))
    .values(
        size=P("size"), mtime_ns=P("mtime_ns"), inode=P("inode"), state=P("state"), reason=P("reason"),
        blob=P("blob"), run=P("run"), changed_at=P("changed_at"),
    )
)  # fmt: skip
_GONE = Statement(
    update(file).where(file.c.connection == P("in_connection"), file.c.path == P("of"), file.c.moved == 0,
                       file.c.state.in_(["incomplete", "unmatched", "ambiguous", "late"]))
    .values(state="gone", changed_at=P("changed_at"))
)  # fmt: skip
_MOVED = Statement(
    update(file).where(file.c.connection == P("in_connection"), file.c.path == P("of"),
                       file.c.state.in_(["taken", "discarded"]))
    .values(moved=1)
)  # fmt: skip
_TO_MOVE = Statement(
    select(file.c.path, file.c.blob).where(
        file.c.connection == P("connection"), file.c.moved == 0, file.c.state.in_(["taken", "discarded"])
    )
)
_INCOMPLETE = Statement(select(file.c.path).where(file.c.connection == P("connection"), file.c.state == "incomplete"))
_WAITS = Statement(
    select(wait, run.c.state).join(run, run.c.seq == wait.c.run)
    .where(wait.c.kind == "file", wait.c.connection == P("connection"), wait.c.folder == P("folder"))
)  # fmt: skip
_SEEN = Statement(
    select(file).where(
        file.c.connection == P("connection"), file.c.state == "late", file.c.run == P("owner"),
        file.c.reason == NOT_WAITING, file.c.blob.isnot(None), file.c.first_seen > P("after"),
    )
)  # fmt: skip
_TAKE_SEEN = Statement(
    update(file).where(file.c.id == P("of")).values(state="taken", reason="", run=P("taker"), changed_at=P("at"))
)
_OWNER = Statement(
    select(folder_owner.c.run).where(folder_owner.c.connection == P("connection"), folder_owner.c.path == P("path"))
)
_ADD_BLOB = Statement(
    insert(blob).prefix_with("OR IGNORE")
    .values(sha256=P("sha256"), size=P("size"), content_type=P("content_type"), name=P("name"), at=P("at"))
)  # fmt: skip
_BLOB = Statement(select(blob.c.content_type).where(blob.c.sha256 == P("sha256")))
_CLOSE = Statement(
    update(attention).where(attention.c.file == P("of"), attention.c.closed_at.is_(None))
    .values(closed_at=P("closed_at"), closed_by=P("closed_by"), answer=P("answer"))
)  # fmt: skip
_FOLDERS = Statement(
    select(wait.c.folder).where(wait.c.kind == "file", wait.c.connection == P("connection"))
    .union(
        select(folder_owner.c.path).join(run, run.c.seq == folder_owner.c.run)
        .where(folder_owner.c.connection == P("of_connection"),
               run.c.ended_at.is_(None) | (run.c.ended_at > P("since")))
    ).limit(MOST_FOLDERS)
)  # fmt: skip


class FileBook:
    """See the module."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def observe(self, connection: str, files: list[SeenFile], gone: list[str]) -> list[TakenFile]:
        mark = self._runtime.paused.connections.get(connection)
        if mark is not None:  # the files stay where they are, and are seen again when it goes on
            raise Unavailable("WB-7203", mark.text())
        now = self._runtime.now()
        if not files and not gone:
            return await self._runtime.store.read(lambda conn: to_move(conn, connection))

        def operation(conn: Connection) -> tuple[list[TakenFile], bool]:
            taken = [self._one(conn, connection, seen, now) for seen in files]
            for path in gone:
                _gone(conn, connection, path, now)
            return to_move(conn, connection), any(taken)

        answer, any_taken = await self._runtime.store.write(operation)
        if any_taken:
            point("file.taken")
            self._runtime.dispatcher.poke()
        self._runtime.notify({"unmatched", "worklist", "attention"})
        return answer

    async def watched(self, connection: str) -> list[str]:
        since = self._runtime.now() - KEEP_WATCHING
        rows = await self._runtime.store.read(
            lambda conn: _FOLDERS.all(conn, connection=connection, of_connection=connection, since=since)
        )
        folders = {row["folder"] for row in rows}
        parents = {str(parent) for folder in folders for parent in PurePosixPath(folder).parents}
        return sorted(folders | parents | {"."})

    async def incomplete(self, connection: str) -> list[str]:
        rows = await self._runtime.store.read(lambda conn: _INCOMPLETE.all(conn, connection=connection))
        return [row["path"] for row in rows]

    async def moved(self, connection: str, path: str) -> None:
        await self._runtime.store.write(lambda conn: _MOVED.run(conn, in_connection=connection, of=path).rowcount)

    def _one(self, conn: Connection, connection: str, seen: SeenFile, now: int) -> bool:
        """Write what is known of one file; True when it was taken."""
        known = _KNOWN.one(conn, connection=connection, path=seen.path)
        if known is not None and _unchanged(known, seen):
            return False
        if known is not None and known["state"] in ("taken", "discarded"):
            if known["moved"] == 0:
                return False  # it is about to be moved away
            known = None
        if seen.blob is not None:
            keep_blob(conn, seen.blob, now)
        state, reason, taker = self._judge(conn, connection, seen, known, now)
        columns: dict[str, Any] = {
            "size": seen.size, "mtime_ns": seen.mtime_ns, "inode": seen.inode, "state": state, "reason": reason,
            "blob": seen.blob.sha256 if seen.blob else None, "run": taker["run"] if taker else None,
        }  # fmt: skip
        if known is None:
            number = _INSERT.run(conn, connection=connection, path=seen.path, at=now, **columns).lastrowid
        else:
            number = known["id"]
            _UPDATE.run(conn, of=number, changed_at=now, **columns)
        assert isinstance(number, int)
        if state == "taken" and taker is not None and seen.blob is not None:
            give(conn, taker["run"], taker["step"], into_of(taker), seen.blob, now, "")
        if state not in OPEN:
            close_file_attention(conn, number, now, "", state)
        elif known is None or (known["state"], known["reason"]) != (state, reason) or not _unmoved(known, seen):
            _list(conn, number, state, reason, columns["run"], now)
        return state == "taken"

    def _judge(
        self, conn: Connection, connection: str, seen: SeenFile, known: Row | None, now: int
    ) -> tuple[str, str, Any]:
        """State, reason and the wait (or the owning run) of a file."""
        folder = str(PurePosixPath(seen.path).parent)
        if not seen.complete or seen.blob is None:
            return "incomplete", seen.reason, None
        first_seen = known["first_seen"] if known is not None else now
        waits = [row for row in _WAITS.all(conn, connection=connection, folder=folder) if _fits(row, seen, first_seen)]
        if seen.reason:  # complete, but not of the kind that the channel expects
            waits = [row for row in waits if json.loads(row["match"]).get("any")]
            if not waits:
                return "unmatched", seen.reason, None
        if len(waits) == 1:
            return "taken", "", waits[0]
        if waits:
            return "ambiguous", f"{len(waits)} runs wait for such a file here", None
        owner = _OWNER.one(conn, connection=connection, path=folder)
        if owner is not None:
            return "late", NOT_WAITING, owner
        return "unmatched", "no run waits for a file here", None


def into_of(waiting: Row) -> str:
    """The name of the value that a file wait is for."""
    return str(json.loads(waiting["match"])["into"])


def keep_blob(conn: Connection, kept: Blob, now: int) -> None:
    """The book of blobs: size and type by hash."""
    _ADD_BLOB.run(
        conn, sha256=kept.sha256, size=kept.size, content_type=kept.content_type, name=kept.name[:200], at=now
    )


def give(conn: Connection, seq: int, step: str, into: str, taken: Blob, now: int, user: str) -> None:
    """The file is what run `seq` waited for: its value, and the run is ready."""
    journal.put_value(conn, seq, into, encode(taken), None, now)
    journal.add_event(conn, seq, None, now, "taken", step, text=f"file {taken.sha256[:12]}", user=user)
    journal.drop_wait(conn, seq)
    row = journal.state_of(conn, seq)
    if row["state"] == State.WAITING:
        journal.move(conn, row, State.READY, now)


def close_file_attention(conn: Connection, number: int, now: int, user: str, answer: str) -> None:
    _CLOSE.run(conn, of=number, closed_at=now, closed_by=user, answer=answer)


def to_move(conn: Connection, connection: str) -> list[TakenFile]:
    return [TakenFile(row["path"], row["blob"] or "") for row in _TO_MOVE.all(conn, connection=connection)]


def take_seen(conn: Connection, seq: int, step: str, into: str, waiting: FileWait, now: int) -> bool:
    """Give a run that begins to wait the one file that came into its own folder before; several: a person says."""
    after = -1 if waiting.after is None else waiting.after
    found = [
        row
        for row in _SEEN.all(conn, connection=waiting.connection, owner=seq, after=after)
        if str(PurePosixPath(row["path"]).parent) == waiting.folder and _named(row["path"], waiting.pattern)
    ]
    if len(found) != 1:
        return False
    entry = found[0]
    _TAKE_SEEN.run(conn, of=entry["id"], taker=seq, at=now)
    close_file_attention(conn, entry["id"], now, "", "taken")
    kept = Blob(entry["blob"], entry["size"], type_of(conn, entry["blob"]), PurePosixPath(entry["path"]).name)
    give(conn, seq, step, into, kept, now, "")
    return True


def type_of(conn: Connection, sha256: str) -> str:
    """The content type of a blob, as the book has it."""
    row = _BLOB.one(conn, sha256=sha256)
    return str(row["content_type"]) if row is not None else "application/octet-stream"


def _gone(conn: Connection, connection: str, path: str, now: int) -> None:
    known = _KNOWN.one(conn, connection=connection, path=path)
    if _GONE.run(conn, in_connection=connection, of=path, changed_at=now).rowcount and known is not None:
        close_file_attention(conn, known["id"], now, "", "gone")


def _unmoved(known: Row, seen: SeenFile) -> bool:
    return (known["size"], known["mtime_ns"], known["inode"]) == (seen.size, seen.mtime_ns, seen.inode)


def _unchanged(known: Row, seen: SeenFile) -> bool:
    same = _unmoved(known, seen)
    if known["state"] == "incomplete":
        return same and not seen.complete and known["reason"] == seen.reason
    # What a person was told of is taken by nobody until a person says, whatever waits for it later.
    return same and known["state"] in (*OPEN, "discarded", "taken")


def _fits(row: Row, seen: SeenFile, first_seen: int) -> bool:
    after = json.loads(row["match"])["after"] if row["match"] else None
    if State(row["state"]) in FINAL or not _named(seen.path, row["pattern"]):
        return False
    return after is None or first_seen > after


def _named(path: str, pattern: str) -> bool:
    return fnmatch(PurePosixPath(path).name.lower(), pattern.lower())


def _list(conn: Connection, number: int, state: str, reason: str, owner: int | None, now: int) -> None:
    _CLOSE.run(conn, of=number, closed_at=now, closed_by="", answer="again")
    kind = "late" if state == "late" else "unmatched"
    journal.add_attention(conn, kind, now, "WB-5010", reason, file=number, run=owner)
