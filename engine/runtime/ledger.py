"""The ledger of effects: written before an act on the outside world, and again when its end is known.

Keys are made of route, step, root run, child identity and generation, so a retry of the policy or after a crash is
the same effect, and a retry in a new generation is another one.
"""

from __future__ import annotations

import hashlib
from json.encoder import encode_basestring

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.frozen import frozen
from engine.message import Refused
from engine.runtime.outcome import EffectEnd, Run
from engine.store.schema import effect, folder_owner
from engine.store.sql import Row, Rows, Statement

P = bindparam

_GET = Statement(select(effect).where(effect.c.root == P("root"), effect.c.key == P("key")))
_ADD = Statement(
    insert(effect).values(
        root=P("root"), key=P("key"), run=P("run"), step=P("step"), connection=P("connection"),
        operation=P("operation"), generation=P("generation"), state="intended", attempts=1, at=P("at"), code="",
        reason="",
    )
)  # fmt: skip
_AGAIN = Statement(
    update(effect).where(effect.c.root == P("under"), effect.c.key == P("of"))
    .values(state="intended", attempts=effect.c.attempts + 1, code="", reason="", settled_at=None)
)  # fmt: skip
_END = Statement(
    update(effect).where(effect.c.root == P("under"), effect.c.key == P("of"))
    .values(state=P("state"), code=P("code"), reason=P("reason"), settled_at=P("settled_at"))
)  # fmt: skip
_FIRST = Rows.insert(
    effect,
    "root",
    "key",
    "run",
    "step",
    "connection",
    "operation",
    "generation",
    "state",
    "attempts",
    "at",
    "code",
    "reason",
)
_ENDS = Rows.update(
    effect, ("root", "effect", "state", "code", "reason", "at"),
    "state = given.state, code = given.code, reason = given.reason, settled_at = given.at",
    'effect.root = given.root AND effect."key" = given.effect',
)  # fmt: skip
_ANSWER = Statement(
    update(effect).where(effect.c.run == P("of"), effect.c.step == P("step"), effect.c.state == "doubt")
    .values(state=P("state"), settled_at=P("settled_at"))
)  # fmt: skip
_OWN = Statement(
    upsert(folder_owner).values(connection=P("connection"), path=P("path"), run=P("run"), at=P("at"))
    .on_conflict_do_nothing()
)  # fmt: skip
_OWNER = Statement(
    select(folder_owner.c.run).where(folder_owner.c.connection == P("connection"), folder_owner.c.path == P("path"))
)


@frozen
class Entry:
    """An effect as the ledger has it. state `fresh`: newly intended; else what it was before this attempt."""

    key: str
    state: str
    at: int
    attempt: int


@frozen
class Intent:
    key: str
    connection: str
    operation: str
    owns: str | None = None  # a folder that belongs to this run alone from now on


def effect_key(run: Run, step: str) -> str:
    """Hex SHA-256 of [route, step, root run, child identity, generation] as JSON."""
    child = encode_basestring(run.child_key) if run.child_key else run.seq
    text = f"[{encode_basestring(run.route)}, {encode_basestring(step)}, {run.root}, {child}, {run.generation}]"
    return hashlib.sha256(text.encode()).hexdigest()


def get(conn: Connection, run: Run, key: str) -> Entry | None:
    """What the ledger has of an effect of this run (or of another part of its family)."""
    row = _GET.one(conn, root=run.root, key=key)
    return None if row is None else _entry(row)


def intend(conn: Connection, run: Run, intent: Intent, at: int) -> Entry:
    """Write the intention. An effect whose last attempt is unknown or ended well is answered as it was."""
    if intent.owns is not None:
        _own(conn, run, intent, at)
    row = _GET.one(conn, root=run.root, key=intent.key)
    if row is None:
        _ADD.run(
            conn, root=run.root, key=intent.key, run=run.seq, step=run.step, connection=intent.connection,
            operation=intent.operation, generation=run.generation, at=at,
        )  # fmt: skip
        return Entry(intent.key, "fresh", at, 1)
    entry = _entry(row)
    if entry.state in ("unavailable", "refused", "again"):
        _AGAIN.run(conn, under=run.root, of=intent.key)
        return Entry(intent.key, "fresh", entry.at, entry.attempt + 1)
    return entry


def again(conn: Connection, run: Run, key: str) -> None:
    """The doubt about an attempt is settled: it may be made again."""
    _AGAIN.run(conn, under=run.root, of=key)


def intend_many(conn: Connection, intents: list[tuple[Run, Intent, int]]) -> None:
    """First attempts of many runs; raises when one of them is in the ledger already."""
    _FIRST.run(
        conn,
        [
            (run.root, i.key, run.seq, run.step, i.connection, i.operation, run.generation, "intended", 1, at, "", "")
            for run, i, at in intents
        ],
    )


def end_many(conn: Connection, ends: list[tuple[Run, EffectEnd, int]]) -> None:
    """How the effects of many runs ended."""
    _ENDS.run(conn, [(run.root, end.key, end.state, end.code, end.reason[:500], now) for run, end, now in ends])


def end(conn: Connection, run: Run, ended: EffectEnd, now: int) -> None:
    _END.run(
        conn,
        under=run.root,
        of=ended.key,
        state=ended.state,
        code=ended.code,
        reason=ended.reason[:500],
        settled_at=now,
    )


def answer(conn: Connection, run: int, step: str, state: str, now: int) -> int:
    """A person's word on an effect in doubt: `arrived`, `again` or `ask`; how many it settled."""
    return _ANSWER.run(conn, of=run, step=step, state=state, settled_at=now).rowcount


def _own(conn: Connection, run: Run, intent: Intent, at: int) -> None:
    _OWN.run(conn, connection=intent.connection, path=intent.owns, run=run.seq, at=at)
    owner = _OWNER.one(conn, connection=intent.connection, path=intent.owns)
    if owner is None or owner["run"] != run.seq:
        raise Refused("WB-3005", "the folder belongs to another run")


def _entry(row: Row) -> Entry:
    return Entry(row["key"], row["state"], row["at"], row["attempts"])
