"""The audit's rows of what the record's own operations do, written in the same commit."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, insert

from engine.store.schema import audit
from engine.store.sql import Statement

P = bindparam
_INSERT = Statement(
    insert(audit).values(
        at=P("at"), user=P("user"), act=P("act"), patient=P("patient"), subject=P("subject"), origin=P("origin")
    )
)


def record(
    conn: Connection, *, at: int, user: str, act: str, patient: int | None = None, subject: str = "", origin: str = ""
) -> None:
    """One row. `user` is a login, or the connection by which a message did it; `subject` never names a patient."""
    _INSERT.run(conn, at=at, user=user, act=act, patient=patient, subject=subject[:200], origin=origin[:60])
