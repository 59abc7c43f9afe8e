"""Tokens by which programs come in instead of persons: made, listed, revoked. Writer functions, but for `everything`.

A token is shown once; the store keeps its SHA-256. Each has one scope, and may be bound to one station.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, select, update

from engine.message import Refused
from engine.ops.read_audit import record
from engine.ops.users import BY_COMMAND, digest
from engine.store.clock import now_ms
from engine.store.schema_records import token

ACTS = ("add", "revoke")
"""What commands may call over the control socket."""

BAD_TOKEN = "WB-8611"  # noqa: S105 - a code: a token cannot be made so
NO_TOKEN = "WB-8612"  # noqa: S105 - a code: there is no such token, or it is revoked

SCOPES = {"scan-upload": "send scanned files"}
USED = 60_000
"""Milliseconds: how exactly the last use is kept."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The program behind a token. station: the one that it may send for; empty: any. stale: its use is to be noted."""

    key: int
    id: str
    name: str
    station: str
    stale: bool


def add(conn: Connection, name: str, scope: str, station: str = "", by: str = "") -> dict[str, str]:
    """A new token: `{id, token}`; the token is told this once."""
    if not name.strip() or len(name) > 100:
        raise Refused(BAD_TOKEN, "a token has a name of 1 to 100 characters: which computer has it")
    if scope not in SCOPES:
        raise Refused(BAD_TOKEN, f"the scopes are {', '.join(SCOPES)}")
    if len(station) > 40 or station != station.strip():
        raise Refused(BAD_TOKEN, "a station's code has at most 40 characters")
    made, public, now = f"wbt_{secrets.token_urlsafe(32)}", secrets.token_hex(6), now_ms()
    row = {"public_id": public, "hash": digest(made), "name": name.strip(), "scope": scope, "station": station}
    conn.execute(insert(token).values(**row, created_at=now))
    record(conn, now, by, "token.add", subject=f"{public} {scope}", origin=BY_COMMAND)
    return {"id": public, "token": made}


def revoke(conn: Connection, id: str, by: str = "") -> None:  # noqa: A002 - the word of the command
    """From now on it opens nothing."""
    now = now_ms()
    ended = update(token).where(token.c.public_id == id, token.c.revoked_at.is_(None)).values(revoked_at=now)
    if conn.execute(ended).rowcount != 1:
        raise Refused(NO_TOKEN, "there is no such token, or it is revoked")
    record(conn, now, by, "token.revoke", subject=id, origin=BY_COMMAND)


def everything(conn: Connection) -> list[dict[str, Any]]:
    """All tokens, without what is secret. Reads."""
    columns = (token.c.public_id, token.c.name, token.c.scope, token.c.station, token.c.created_at, token.c.used_at,
               token.c.revoked_at)  # fmt: skip
    rows = conn.execute(select(*columns).order_by(token.c.id).limit(1000))
    return [{("id" if name == "public_id" else name): value for name, value in row._mapping.items()} for row in rows]


def holder(conn: Connection, given: str, scope: str, at: int) -> Holder | None:
    """Who has this token, when it is valid for the scope. Reads; equally long for each that is not known."""
    hashed = digest(given)
    row = conn.execute(select(token).where(token.c.hash == hashed)).one_or_none()
    if row is None or not hmac.compare_digest(row.hash, hashed) or row.revoked_at is not None or row.scope != scope:
        return None
    return Holder(row.id, row.public_id, row.name, row.station, (row.used_at or 0) < at - USED)


def used(conn: Connection, key: int, at: int) -> None:
    """The token opened something."""
    conn.execute(update(token).where(token.c.id == key).values(used_at=at))
