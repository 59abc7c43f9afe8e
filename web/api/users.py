"""PEOPLE: who may sign in, with which roles; their one-time links. Everything here is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from engine.ops import people
from engine.ops import users as known
from web.api import models_users as models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, need

router = APIRouter(prefix="/api/v1/users", tags=["users"])

Keeper = Annotated[Person, Depends(need("users"))]


@router.post("/search")
def search_users(asked: models.UsersAsked, person: Keeper, bridge: Engine) -> models.Users:
    """By login."""
    state = None if asked.state == "all" else asked.state
    wanted = people.Asked(asked.text.strip(), asked.role or "", state, asked.after, asked.limit)
    rows, counts = bridge.read(lambda conn: (people.search(conn, wanted, bridge.now()), people.counts(conn)))
    shown = rows[: asked.limit]
    following = shown[-1]["login"] if len(rows) > asked.limit else None
    return models.Users(
        items=[_row(row, person) for row in shown], next=following, counts=models.UserCounts.model_validate(counts)
    )


@router.post("")
def add_user(asked: models.UserNew, person: Keeper, bridge: Engine) -> models.UserRow:
    """A new user; nobody can sign in as it before a link is made."""
    said = asked.model_dump()

    def add(conn: Connection) -> None:
        known.add(conn, **said, by=person.login, origin=person.origin)

    return _done(bridge, person, asked.login, add)


@router.patch("/{login}")
def change_user(login: models.Login, asked: models.UserPatch, person: Keeper, bridge: Engine) -> models.UserRow:
    """Roles count from the user's next request."""
    said = asked.model_dump(exclude_none=True)

    def change(conn: Connection) -> None:
        people.change(conn, login, said, by=person.login, origin=person.origin, at=bridge.now())

    return _done(bridge, person, login, change)


@router.post("/{login}/disable")
def disable_user(login: models.Login, person: Keeper, bridge: Engine) -> models.UserRow:
    """Signs out at once, and frees the batches that this user works on."""
    done = _done(bridge, person, login, lambda conn: people.disable(conn, login, by=person.login, origin=person.origin))
    bridge.notify({"scan"})
    return done


@router.post("/{login}/enable")
def enable_user(login: models.Login, person: Keeper, bridge: Engine) -> models.UserRow:
    """May sign in again, by a new link."""
    at = bridge.now()
    return _done(
        bridge, person, login, lambda conn: people.enable(conn, login, by=person.login, origin=person.origin, at=at)
    )


@router.post("/{login}/sign-out")
def sign_out_user(login: models.Login, person: Keeper, bridge: Engine) -> models.UserRow:
    """End all sessions of this user."""
    at = bridge.now()
    return _done(
        bridge, person, login, lambda conn: people.sign_out(conn, login, by=person.login, origin=person.origin, at=at)
    )


@router.post("/{login}/link")
def make_link(login: models.Login, person: Keeper, bridge: Engine) -> models.UserLink:
    """A link that signs this user in, once, within 15 minutes. It is told this once; hand it over in person."""
    at = bridge.now()
    token = bridge.act(lambda conn: known.link(conn, login, person.login, person.origin, at))
    bridge.notify({"users"})
    return models.UserLink(path=f"/login#{token}", expires_at=at + known.LINK_LIFE)  # type: ignore[arg-type]


def _done(bridge: Bridge, person: Person, login: str, act: Callable[[Connection], object]) -> models.UserRow:
    bridge.act(act)
    bridge.notify({"users"})
    return _row(bridge.read(lambda conn: people.one(conn, login, bridge.now())), person)


def _row(row: dict[str, Any], person: Person) -> models.UserRow:
    numbers = {name: row[name] or "" for name in ("staff_number", "certificate_id")}
    return models.UserRow.model_validate(row | numbers | {"me": row["login"] == person.login})
