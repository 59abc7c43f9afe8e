"""Programs that come in with a token instead of a person's session: for one scope, and perhaps for one station."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import Connection

from engine.ops import tokens
from engine.ops.read_audit import record
from web.api.bridge import Bridge
from web.api.guard import address_of, bridge_of, need
from web.api.problems import NO_RIGHT, TOO_MANY, Denied

BAD_TOKEN = "WB-8610"  # noqa: S105 - a code: the token opens nothing here
SCOPE = "scan-upload"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends. by: `users.id` of a person; None of a program. station: the one it may send for; empty: any."""

    name: str
    by: int | None
    token: str
    station: str
    origin: str

    def may_send_for(self, station: str) -> None:
        """Raises `Denied` for another station than the token's."""
        if self.station and station != self.station:
            raise Denied(403, NO_RIGHT, "This token is for another station.", SCOPE)

    def audit(self, conn: Connection, at: int, act: str, subject: str) -> None:
        record(conn, at, self.name, act, subject=subject, origin=self.origin)


def sender_of(request: Request) -> Sender:
    """A dependency: a token of the scope, or a person with the right `capture`."""
    given = request.headers.get("authorization")
    if given is None:
        person = need("capture")(request)
        return Sender(person.login, person.id, "", "", person.origin)
    return _holder(bridge_of(request), given, address_of(request))


def _holder(bridge: Bridge, given: str, origin: str) -> Sender:
    """A wrong token counts as an attempt to sign in; a program that has the right one is not slowed down."""
    now = bridge.now()
    word, _, token = given.partition(" ")
    found = bridge.read(lambda conn: tokens.holder(conn, token.strip(), SCOPE, now)) if word == "Bearer" else None
    if found is None:
        if not bridge.attempts.allowed(origin, now):
            raise Denied(429, TOO_MANY, "Too many attempts. Wait a minute.")
        raise Denied(401, BAD_TOKEN, "This token is not valid.")
    if found.stale:
        key = found.key
        bridge.store.write_now(lambda conn: tokens.used(conn, key, now))
    return Sender(f"token:{found.id}", None, found.id, found.station, origin)
