"""SIGN IN and what every screen needs to know of the person."""

from __future__ import annotations

from importlib import metadata

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection, update

from engine.ops import read_attention, read_sign
from engine.store.schema import users
from web.api import alerts, models
from web.api.auth import ABSOLUTE, LINK_TEXT, Person, end_session, sign_in
from web.api.bridge import Bridge
from web.api.guard import COOKIE, Engine, Signed, address_of
from web.api.problems import BAD_LINK, TOO_MANY, Denied
from web.api.rights import nav_of

router = APIRouter(prefix="/api/v1/session", tags=["session"])

try:
    VERSION = metadata.version("waybill")
except metadata.PackageNotFoundError:  # run from a source tree that was not installed
    VERSION = "0"


@router.post("/link", status_code=204)
def use_link(asked: models.LinkAsked, request: Request, response: Response, bridge: Engine) -> None:
    """Use a one-time link up and begin a session. Every failure has the same answer."""
    now, origin = bridge.now(), address_of(request)
    if not bridge.attempts.allowed(origin, now):
        raise Denied(429, TOO_MANY, "Too many attempts. Wait a minute.")
    opened = bridge.store.write_now(lambda conn: sign_in(conn, asked.token, origin, now))
    if opened is None:
        raise Denied(401, BAD_LINK, LINK_TEXT)
    response.set_cookie(
        COOKIE,
        opened.cookie,
        max_age=ABSOLUTE // 1000,
        path="/",
        secure=bridge.secure,
        httponly=True,
        samesite="strict",
    )


@router.get("")
def get_session(person: Signed, bridge: Engine) -> models.Session:
    """Who is signed in, what they may open, and how many things need them."""
    return models.Session(
        user=models.User(
            login=person.login,
            name=person.name,
            roles=list(person.roles),
            language=person.language,
            keys=person.settings.get("keys", {}),
        ),
        csrf=person.csrf,
        site=models.Site(name=bridge.name, band=bridge.band),
        version=VERSION,
        needs_me=bridge.read(lambda conn: _needs(conn, person, bridge)),
        nav=nav_of(person.rights),
        rights=sorted(person.rights),
    )


def _needs(conn: Connection, person: Person, bridge: Bridge) -> int:
    rights = person.rights
    alarms = alerts.needs(bridge, person)(conn) if "alerts" in rights else 0
    total = read_attention.open_count(conn) if "attention" in rights else 0
    return total + alarms + (read_sign.waiting_count(conn) if "sign" in rights else 0)


@router.delete("", status_code=204)
def delete_session(person: Signed, response: Response, bridge: Engine) -> None:
    """Sign out."""
    now = bridge.now()
    bridge.store.write_now(lambda conn: end_session(conn, person, now))
    response.delete_cookie(COOKIE, path="/", secure=bridge.secure, httponly=True, samesite="strict")


@router.put("/language", status_code=204)
def put_language(asked: models.LanguageAsked, person: Signed, bridge: Engine) -> None:
    """The language of this person's screens."""
    change = update(users).where(users.c.id == person.id).values(language=asked.language)
    bridge.store.write_now(lambda conn: conn.execute(change).rowcount)
