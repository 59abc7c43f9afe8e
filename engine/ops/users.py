"""Who may sign in: users are added, disabled, and get one-time links. Writer functions, but for `everyone`.

There is no default user and no password; a link is the way in, used once, within 15 minutes.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from engine.message import Refused
from engine.ops.read_audit import record
from engine.store.clock import now_ms
from engine.store.schema import one_time, session, users
from engine.store.schema_records import batch

ACTS = ("add", "disable", "link", "create_link", "everyone")
"""What commands may call over the control socket."""

NO_USER = "WB-7030"
BAD_USER = "WB-7031"

LINK_LIFE = 15 * 60_000
ROLES = {
    "AN": "interface analyst",
    "OP": "operator, technician",
    "SC": "scan operator",
    "CL": "records clerk",
    "PH": "physician",
    "AD": "administrator",
    "AU": "auditor",
}
BY_COMMAND = "command line"


def add(
    conn: Connection,
    login: str,
    name: str,
    roles: Sequence[str],
    staff_number: str | None = None,
    certificate_id: str | None = None,
    department: str = "",
    by: str = "",
    origin: str = BY_COMMAND,
) -> int:
    """A new user; its number. `Refused` when the login, staff number or certificate is taken."""
    check(login, name, roles)
    free(conn, login=login, staff_number=staff_number, certificate_id=certificate_id)
    given = list(dict.fromkeys(roles))
    row = {
        "login": login,
        "name": name.strip(),
        "roles": given,
        "department": department,
        "staff_number": staff_number or None,
        "certificate_id": certificate_id or None,
        "language": "en",
        "created_at": now_ms(),
    }
    key = conn.execute(insert(users).values(row)).inserted_primary_key
    assert key is not None
    record(conn, now_ms(), by, "user.add", subject=f"{login} {','.join(given)}", origin=origin)
    return int(key[0])


def free(conn: Connection, user: int = 0, **wanted: str | None) -> None:
    """`Refused` when a login, staff number or certificate belongs to another user than this one."""
    taken = [users.c[name] == value for name, value in wanted.items() if value]
    if taken and conn.execute(select(users.c.id).where(or_(*taken), users.c.id != user)).first() is not None:
        raise Refused(BAD_USER, "this login, staff number or certificate belongs to a user already")


def check(login: str, name: str, roles: Sequence[str]) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,59}", login):
        raise Refused(BAD_USER, "a login is small letters, digits and . _ @ - (at most 60)")
    if not name.strip() or len(name) > 100:
        raise Refused(BAD_USER, "a name has 1 to 100 characters")
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise Refused(BAD_USER, f"the roles are {', '.join(ROLES)}")


def disable(conn: Connection, login: str, by: str = "", origin: str = BY_COMMAND) -> None:
    """This user signs in no more; sessions and links end at once, and batches that he works on are free."""
    now = now_ms()
    user = _enabled(conn, login)
    conn.execute(update(users).where(users.c.id == user).values(disabled_at=now))
    conn.execute(delete(session).where(session.c.user == user))
    conn.execute(delete(one_time).where(one_time.c.user == user))
    conn.execute(update(batch).where(batch.c.locked_by == user).values(locked_by=None, locked_at=None))
    record(conn, now, by, "user.disable", subject=login, origin=origin)


def link(conn: Connection, login: str, by: str = "", origin: str = BY_COMMAND, at: int | None = None) -> str:
    """The token of a new one-time link, for the link's fragment."""
    now = at or now_ms()
    record(conn, now, by, "user.link", subject=login, origin=origin)
    return create_link(conn, login, now)


def create_link(conn: Connection, user_login: str, now_ms: int) -> str:
    """As `link`, without its audit row. The store keeps the SHA-256 only."""
    user = _enabled(conn, user_login)
    conn.execute(delete(one_time).where(one_time.c.expires_at < now_ms))
    token = secrets.token_urlsafe(32)
    row = {"token": digest(token), "user": user, "expires_at": now_ms + LINK_LIFE, "used_at": None}
    conn.execute(insert(one_time).values(row))
    return token


def everyone(conn: Connection) -> list[dict[str, Any]]:
    """All users by login, without what is secret. Reads."""
    columns = (users.c.login, users.c.name, users.c.roles, users.c.staff_number, users.c.disabled_at)
    return [dict(row._mapping) for row in conn.execute(select(*columns).order_by(users.c.login).limit(10_000))]


def digest(token: str) -> str:
    """What the store keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _enabled(conn: Connection, login: str) -> int:
    query = select(users.c.id).where(users.c.login == login, users.c.disabled_at.is_(None))
    user = conn.execute(query).scalar()
    if user is None:
        raise Refused(NO_USER, "there is no such user, or it is disabled")
    return int(user)
