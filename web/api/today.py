"""TODAY: the first screen, by role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from engine.ops import read_attention, read_counts, read_sign, read_worklist
from records import batch_list, problems
from web.api import alerts, models
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, need
from web.api.scan_problems import drops

router = APIRouter(prefix="/api/v1/today", tags=["today"])


@router.get("")
def get_today(person: Annotated[Person, Depends(need("today"))], bridge: Engine) -> models.Today:
    """A card for each thing that this person's roles look after."""
    needs = alerts.needs(bridge, person)
    cards = bridge.read(lambda conn: _cards(conn, person, bridge, needs))
    return models.Today(cards=cards, health=health_of(bridge))


def health_of(bridge: Bridge) -> models.Health:
    """The worst state of the connections, and why."""
    bad = {name: health for name, health in bridge.runtime.health().items() if health.state in ("degraded", "down")}
    reasons = [f"{name}: {health.reason or health.state}" for name, health in sorted(bad.items())]
    states = {str(health.state) for health in bad.values()}
    return models.Health(state="down" if "down" in states else "degraded" if states else "up", reasons=reasons)


def _cards(conn: Connection, person: Person, bridge: Bridge, alarms: Callable[[Connection], int]) -> list[models.Card]:
    rights, cards = person.rights, []
    if "alerts" in rights:
        cards.append(_card("alerts", alarms(conn), "/engine/alerts", "error"))
    if "attention" in rights:
        cards.append(_card("attention", read_attention.open_count(conn), "/engine/attention", "error"))
    if "sign" in rights:
        cards.append(_card("sign", read_sign.waiting_count(conn), "/sign", "warning"))
    if "unmatched" in rights:
        cards.append(_card("unmatched", read_attention.unmatched_count(conn), "/engine/unmatched", "warning"))
    if "capture" in rights:
        cards.append(_card("batches", batch_list.mine_open(conn, person.id), "/scan?mine=1", "info"))
    if "problems" in rights:
        waiting = problems.counts(conn, drops(bridge), bridge.now(), rights)
        cards.append(_card("problems", sum(waiting.values()), "/scan/problems", "warning"))
    if "worklist" in rights:
        for status, count in read_worklist.counts(conn).items():
            cards.append(_card(status.lower(), count, f"/worklist?status={status}", "info"))
    if "engine" in rights:
        cards.append(_card("dead", read_counts.by_state(read_counts.piles(conn)).get("dead", 0), "/engine", "error"))
    return cards


def _card(key: str, count: int, link: str, tone: str) -> models.Card:
    return models.Card.model_validate({"key": key, "count": count, "link": link, "tone": tone if count else "calm"})
