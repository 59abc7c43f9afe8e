"""An edited body on its way: read as the route would read it, in a worker, and only then sent."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool

from engine.message import Refused
from engine.ops import editing, read
from engine.store.schema import message
from web.api.acts import Edited
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.problems import not_found

NO_ROUTE = "WB-7604"


async def send_edited(bridge: Bridge, person: Person, run_id: str, body: str, note: str) -> str:
    """The new run's id; `Refused` with the first finding when the route's check does not take the body."""
    route_name, part, content_type = await run_in_threadpool(bridge.read, lambda conn: _about(conn, run_id))
    labels = None if part else await _labels(bridge, route_name, body.encode(), content_type)
    edited = Edited(body, content_type, labels)
    made: str = await run_in_threadpool(
        bridge.act, lambda conn: bridge.acts.edit(conn, run_id, person.login, note, edited, origin=person.origin)
    )
    return made


def _about(conn: Connection, run_id: str) -> tuple[str, bool, str]:
    row = read.run_by_id(conn, run_id)
    if row is None:
        raise not_found()
    kind = conn.execute(select(message.c.content_type).where(message.c.id == row.message_id)).scalar()
    return row.route, row.parent is not None, _as_text(kind or "")


def _as_text(content_type: str) -> str:
    """What comes from a screen is UTF-8, whatever the original was."""
    kind, *rest = content_type.split(";")
    kept = [part for part in rest if not part.strip().lower().startswith("charset=")]
    said = len(kept) != len(rest) or "hl7" in kind.lower()  # of HL7, MSH-18 would say it otherwise
    return ";".join([kind, *kept, " charset=utf-8"]) if said else content_type


async def _labels(bridge: Bridge, name: str, body: bytes, content_type: str) -> dict[str, list[Any]]:
    route, site = bridge.route(name), bridge.site
    if route is None or site is None:
        raise Refused(NO_ROUTE, f"there is no route {name} any more")
    read_as = await bridge.work("engine.transform.jobs:accept", editing.spec_of(site, route), body, content_type)
    return editing.labels_of(route, read_as)
