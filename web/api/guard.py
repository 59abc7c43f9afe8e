"""Who asks, and may they? One dependency per right; a request without session, right or CSRF token ends here."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Path, Query, Request

from web.api.auth import Person, find_person, touch
from web.api.bridge import Bridge
from web.api.problems import BAD_REQUEST, FOREIGN, NO_RIGHT, NOT_SIGNED_IN, Denied

COOKIE = "waybill"
CSRF = "x-csrf"
SAFE = ("GET", "HEAD")
LARGEST_KEY = 2**63 - 1
"""Beyond it the store takes no number at all."""


def bridge_of(request: Request) -> Bridge:
    """The bridge that the application was made with."""
    bridge: Bridge = request.app.state.bridge
    return bridge


def address_of(request: Request) -> str:
    """The peer's address: what the audit keeps as origin."""
    return request.client.host if request.client else ""


def person_of(request: Request) -> Person:
    """Who is signed in; 401 without a session, 403 for a change without the session's CSRF token."""
    cookie = request.cookies.get(COOKIE, "")
    person = _known(request, cookie) if cookie else None
    if person is None:
        raise Denied(401, NOT_SIGNED_IN, "Sign in first.")
    given = request.headers.get(CSRF, "")
    if request.method not in SAFE and not hmac.compare_digest(given.encode(), person.csrf.encode()):
        raise Denied(403, FOREIGN, "This request did not come from the screens of this session.")
    return person


def _known(request: Request, cookie: str) -> Person | None:
    bridge = bridge_of(request)
    now = bridge.now()
    person = bridge.read(lambda conn: find_person(conn, cookie, address_of(request), now))
    if person is not None and person.stale:
        stored = person.session
        bridge.store.write_now(lambda conn: touch(conn, stored, now))
    return person


def need(right: str) -> Callable[[Request], Person]:
    """A dependency: the signed-in person, who has this right."""

    def person_with_right(request: Request) -> Person:
        person = person_of(request)
        if right not in person.rights:
            raise Denied(403, NO_RIGHT, f"You lack the right `{right}`.", right)
        return person

    return person_with_right


def key_of(after: str | None) -> int | None:
    """The number behind an opaque `after`."""
    if after is None:
        return None
    if not after.isascii() or not after.isalnum() or len(after) > 14:
        raise Denied(422, BAD_REQUEST, "`after` is not one of ours.")
    key = int(after, 36)
    if key > LARGEST_KEY:
        raise Denied(422, BAD_REQUEST, "`after` is not one of ours.")
    return key


def opaque(key: int | None) -> str | None:
    """The `next` of a page."""
    if key is None:
        return None
    digits = ""
    while key:
        key, digit = divmod(key, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


Engine = Annotated[Bridge, Depends(bridge_of)]
Signed = Annotated[Person, Depends(person_of)]
RunId = Annotated[str, Path(pattern="^[0-9a-f-]{36}$")]
PublicId = Annotated[str, Path(pattern="^[0-9A-Za-z_-]{1,40}$")]
Name = Annotated[str, Path(pattern=r"^[0-9A-Za-z_.-]{1,100}$")]
Number = Annotated[int, Path(ge=1, le=2**53)]
AfterQuery = Annotated[str | None, Query(max_length=20)]
LimitQuery = Annotated[int, Query(ge=1, le=200)]
