"""Signing in: one-time links, sessions, attempts. No web framework here: the command line uses it too.

Tokens are 256 random bits; the store keeps their SHA-256 only. All functions with `conn` run in the writer unless
they say that they read.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from engine.ops.read_audit import record
from engine.ops.users import LINK_LIFE, create_link, digest
from engine.store.schema import one_time, session, users
from records.assign import Who
from web.api.rights import rights_of

__all__ = [
    "LINK_LIFE", "Attempts", "Open", "Opened", "Person", "create_link", "end_others", "end_session", "find_person",
    "sessions_of", "set_keys", "sign_in", "touch",
]  # fmt: skip

MINUTE = 60_000
IDLE = 30 * MINUTE
ABSOLUTE = 12 * 60 * MINUTE
SHORT = 16
"""Characters of a stored token that tell a person's sessions apart."""
TOUCH = MINUTE
"""How exactly the last use is kept: one write a minute for a session, not one a request."""

LINK_TEXT = "This link is not valid. Ask for a new one."
"""The one answer for an unknown, used or expired link and for a disabled user."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `session` is the stored (hashed) token; `origin` the address that the request came from."""

    id: int
    login: str
    name: str = field(repr=False)
    roles: tuple[str, ...]
    language: str
    csrf: str = field(repr=False)
    session: str = field(repr=False)
    origin: str = ""
    stale: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def who(self) -> Who:
        """As the records write down who acts."""
        return Who(self.id, self.login, self.origin)

    @property
    def rights(self) -> frozenset[str]:
        return rights_of(self.roles)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: `cookie` goes to the browser and is stored nowhere."""

    cookie: str = field(repr=False)
    csrf: str = field(repr=False)
    login: str = ""


def sign_in(conn: Connection, token: str, origin: str, now_ms: int) -> Opened | None:
    """Use a link's token up and open a session; None when it is not valid, for whatever reason."""
    stored = digest(token)
    used = conn.execute(
        update(one_time)
        .where(one_time.c.token == stored, one_time.c.used_at.is_(None), one_time.c.expires_at > now_ms)
        .values(used_at=now_ms)
    )
    query = (
        select(users.c.id, users.c.login)
        .join(one_time, one_time.c.user == users.c.id)
        .where(one_time.c.token == stored, users.c.disabled_at.is_(None))
    )
    user = conn.execute(query).first()
    if used.rowcount != 1 or user is None:
        record(conn, now_ms, "", "session.refused", origin=origin)
        return None
    record(conn, now_ms, user.login, "session.open", origin=origin)
    return _open(conn, user.id, user.login, now_ms)


def _open(conn: Connection, user: int, login: str, now_ms: int) -> Opened:
    opened = Opened(secrets.token_urlsafe(32), secrets.token_hex(32), login)
    conn.execute(delete(session).where(session.c.expires_at < now_ms))
    row = {"token": digest(opened.cookie), "user": user, "csrf": opened.csrf}
    times = {"created_at": now_ms, "seen_at": now_ms, "expires_at": now_ms + ABSOLUTE}
    conn.execute(insert(session).values(**row, **times))
    conn.execute(update(users).where(users.c.id == user).values(seen_at=now_ms))
    return opened


def find_person(conn: Connection, cookie: str, origin: str, now_ms: int) -> Person | None:
    """The person behind a cookie; None when the session ended, was idle too long, or the user is disabled. Reads."""
    query = (
        select(session.c.token, session.c.csrf, session.c.seen_at.label("last_used"), users)
        .join(users, users.c.id == session.c.user)
        .where(
            session.c.token == digest(cookie),
            session.c.expires_at > now_ms,
            session.c.seen_at > now_ms - IDLE,
            users.c.disabled_at.is_(None),
        )
    )
    row = conn.execute(query).first()
    return None if row is None else _person(row, origin, now_ms)


def _person(row: Row[tuple[object, ...]], origin: str, now_ms: int) -> Person:
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        roles=tuple(row.roles),
        language=row.language,
        csrf=row.csrf,
        session=row.token,
        origin=origin,
        stale=row.last_used < now_ms - TOUCH,
        settings=row.settings,
    )


def touch(conn: Connection, stored: str, now_ms: int) -> None:
    """The session was used, and its person seen."""
    conn.execute(update(session).where(session.c.token == stored).values(seen_at=now_ms))
    owner = select(session.c.user).where(session.c.token == stored).scalar_subquery()
    conn.execute(update(users).where(users.c.id == owner).values(seen_at=now_ms))


def end_session(conn: Connection, person: Person, now_ms: int) -> None:
    conn.execute(delete(session).where(session.c.token == person.session))
    record(conn, now_ms, person.login, "session.end", origin=person.origin)


@dataclass(frozen=True, slots=True)
class Open:
    """A session as its person sees it. `id` is the beginning of what is stored; it opens nothing."""

    id: str
    created_at: int
    seen_at: int
    expires_at: int
    mine: bool


def sessions_of(conn: Connection, person: Person, now_ms: int) -> list[Open]:
    """A person's open sessions, the one last used first; `mine` is the one that asks. Reads."""
    alive = (session.c.user == person.id, session.c.expires_at > now_ms, session.c.seen_at > now_ms - IDLE)
    rows = conn.execute(select(session).where(*alive).order_by(session.c.seen_at.desc(), session.c.created_at.desc()))
    return [
        Open(row.token[:SHORT], row.created_at, row.seen_at, row.expires_at, row.token == person.session)
        for row in rows
    ]


def end_others(conn: Connection, person: Person, now_ms: int, only: str | None = None) -> int:
    """End this person's other sessions, or the one of this id; how many ended."""
    others = [session.c.user == person.id, session.c.token != person.session]
    if only is not None:
        others.append(func.substr(session.c.token, 1, SHORT) == only)
    ended = conn.execute(delete(session).where(*others)).rowcount
    record(conn, now_ms, person.login, "session.end_others", subject=str(ended), origin=person.origin)
    return ended


def set_keys(conn: Connection, person: Person, keys: Mapping[str, str]) -> None:
    """What this person's keys mean: {pressed: meant}."""
    given = conn.execute(select(users.c.settings).where(users.c.id == person.id)).scalar_one()
    conn.execute(update(users).where(users.c.id == person.id).values(settings={**given, "keys": dict(keys)}))


class Attempts:
    """At most `each` attempts to sign in a minute from one address, and `total` from all of them."""

    KEPT = 1000

    def __init__(self, each: int = 10, total: int = 60) -> None:
        self._each = each
        self._total = total
        self._seen: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def allowed(self, address: str, now_ms: int) -> bool:
        """Counts this attempt."""
        mine = self._count(f"from {address}", now_ms, self._each)
        return self._count("all", now_ms, self._total) and mine

    def _count(self, key: str, now_ms: int, limit: int) -> bool:
        minute = now_ms // MINUTE
        at, count = self._seen.pop(key, (minute, 0))
        count = count + 1 if at == minute else 1
        self._seen[key] = (minute, count)
        while len(self._seen) > self.KEPT:
            self._seen.popitem(last=False)
        return count <= limit
