"""People as an administrator keeps them: found, changed, let in again, signed out. Writer functions, but for `search`.

Who is added, disabled or gets a link: `engine.ops.users`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, String, cast, delete, func, or_, select, update

from engine.message import Refused
from engine.ops import users as known
from engine.ops.read_audit import record
from engine.store.schema import session, sign_job, users

OWN = "WB-7032"  # an administrator would take his own way in away
HAS_SIGNED = "WB-7033"  # the staff number or certificate of somebody who has signed

State = Literal["active", "disabled"]
COLUMNS = (users.c.id, users.c.login, users.c.name, users.c.roles, users.c.department, users.c.staff_number,
           users.c.certificate_id, users.c.created_at, users.c.seen_at, users.c.disabled_at)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """text: a part of login, name, staff number or department. after: a login."""

    text: str = ""
    role: str = ""
    state: State | None = "active"
    after: str | None = None
    limit: int = 50


def search(conn: Connection, asked: Asked, now: int) -> list[dict[str, Any]]:
    """By login, one more than `limit`; `sessions`: how many are open. Reads."""
    opened = select(func.count()).where(session.c.user == users.c.id, session.c.expires_at > now).scalar_subquery()
    query = select(*COLUMNS, opened.label("sessions")).where(*_wanted(asked)).order_by(users.c.login)
    if asked.after is not None:
        query = query.where(users.c.login > asked.after)
    return [dict(row._mapping) for row in conn.execute(query.limit(asked.limit + 1))]


def counts(conn: Connection) -> dict[str, int]:
    """How many may sign in, and how many not any more. Reads."""
    row = conn.execute(select(func.count(), func.count(users.c.disabled_at)).select_from(users)).one()
    return {"active": row[0] - row[1], "disabled": row[1]}


def _wanted(asked: Asked) -> list[Any]:
    where: list[Any] = []
    if asked.state is not None:
        where.append(users.c.disabled_at.is_(None) if asked.state == "active" else users.c.disabled_at.is_not(None))
    if asked.role:
        where.append(cast(users.c.roles, String).contains(f'"{asked.role}"'))
    if asked.text:
        columns = (users.c.login, users.c.name, users.c.staff_number, users.c.department)
        where.append(or_(*(column.icontains(asked.text, autoescape=True) for column in columns)))
    return where


def one(conn: Connection, login: str, now: int) -> dict[str, Any]:
    """As `search` gives it. `Refused` when there is none. Reads."""
    row = _found(conn, login)
    query = select(func.count()).where(session.c.user == row.id, session.c.expires_at > now)
    return {**row._mapping, "sessions": conn.execute(query).scalar_one()}


def change(conn: Connection, login: str, said: dict[str, Any], *, by: str, origin: str, at: int) -> None:
    """Change what is said of name, roles, department, staff_number, certificate_id; it counts from the next request."""
    row = _found(conn, login)
    new = {**row._mapping, **said}
    known.check(login, new["name"], new["roles"])
    if login == by and "AD" in row.roles and "AD" not in new["roles"]:
        raise Refused(OWN, "nobody takes the role of administrator from himself: another administrator does it")
    said = {name: _kept(name, value) for name, value in said.items()}
    numbers = {name: value for name, value in said.items() if name in ("staff_number", "certificate_id")}
    changed = {name: value for name, value in said.items() if value != row._mapping[name]}
    if not changed:
        return
    if numbers.keys() & changed.keys():
        _may_renumber(conn, row)
        known.free(conn, row.id, **numbers)
    conn.execute(update(users).where(users.c.id == row.id).values(**changed))
    roles = f" {','.join(changed['roles'])}" if "roles" in changed else ""
    record(conn, at, by, "user.change", subject=f"{login}: {', '.join(sorted(changed))}{roles}", origin=origin)


def _kept(name: str, value: Any) -> Any:
    if name == "roles":
        return list(dict.fromkeys(value))
    text = (value or "").strip()
    return (text or None) if name in ("staff_number", "certificate_id") else text


def _may_renumber(conn: Connection, row: Row[Any]) -> None:
    """What was signed says who signed by these numbers: they stay with their first user."""
    if not (row.staff_number or row.certificate_id):
        return
    if conn.execute(select(sign_job.c.id).where(sign_job.c.owner == row.id).limit(1)).first() is not None:
        raise Refused(HAS_SIGNED, "this person has signed under the number: disable the user, and add another login")


def enable(conn: Connection, login: str, *, by: str, origin: str, at: int) -> None:
    """A disabled user may sign in again, by a new link."""
    row = _found(conn, login)
    if row.disabled_at is None:
        raise Refused(known.BAD_USER, "this user is not disabled")
    conn.execute(update(users).where(users.c.id == row.id).values(disabled_at=None))
    record(conn, at, by, "user.enable", subject=login, origin=origin)


def disable(conn: Connection, login: str, *, by: str, origin: str) -> None:
    """As `users.disable`, but not oneself."""
    if login == by:
        raise Refused(OWN, "nobody disables himself: another administrator does it")
    known.disable(conn, login, by, origin)


def sign_out(conn: Connection, login: str, *, by: str, origin: str, at: int) -> int:
    """End all sessions of a user; how many there were."""
    row = _found(conn, login)
    ended = conn.execute(delete(session).where(session.c.user == row.id)).rowcount
    record(conn, at, by, "user.sign_out", subject=login, origin=origin)
    return ended


def _found(conn: Connection, login: str) -> Row[Any]:
    columns: tuple[Any, ...] = COLUMNS
    row = conn.execute(select(*columns).where(users.c.login == login)).one_or_none()
    if row is None:
        raise Refused(known.NO_USER, "there is no such user")
    return row
