"""MESSAGES: runs and messages by label, time, state, connection, route and the text of an error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from engine.ops import search
from engine.ops.filters import Filter, read_filter
from engine.runtime.states import State
from web.api import models_messages
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, need
from web.api.problems import BAD_REQUEST, Denied

router = APIRouter(prefix="/api/v1", tags=["messages"])

Searcher = Annotated[Person, Depends(need("messages"))]


@router.post("/runs/search")
def search_runs(asked: models_messages.SearchAsked, person: Searcher, bridge: Engine) -> models_messages.RunHits:
    """A page of runs, newest first; what was asked for is recorded, without its values."""
    wanted, names = filter_of(asked), "names" in person.rights
    found = bridge.read(lambda conn: search.runs(conn, wanted, asked.after, asked.limit, names=names))
    bridge.audit(person, "runs.search", subject=wanted.words())
    return models_messages.RunHits.model_validate(found)


@router.post("/messages/search")
def search_messages(
    asked: models_messages.SearchAsked, person: Searcher, bridge: Engine
) -> models_messages.MessageHits:
    """A page of messages: also those that no run came from."""
    wanted, names = filter_of(asked), "names" in person.rights
    found = bridge.read(lambda conn: search.messages(conn, wanted, asked.after, asked.limit, names=names))
    bridge.audit(person, "messages.search", subject=wanted.words())
    return models_messages.MessageHits.model_validate(found)


@router.get("/messages/filters/words")
def get_filters(person: Searcher, bridge: Engine) -> models_messages.Filters:
    """The words of the site that a search may use."""
    del person
    return filters_of(bridge)


def filters_of(bridge: Bridge) -> models_messages.Filters:
    """Labels, routes, steps, connections and operations, each once in the order of the file."""
    site = bridge.site
    routes = list(site.routes.values()) if site is not None else []
    operations = [route.receive.operation for route in routes if route.receive.operation]
    return models_messages.Filters(
        labels=_once(label.name for route in routes for label in route.labels),
        routes=[route.name for route in routes],
        steps=_once(step.id for route in routes for step in route.steps),
        connections=list(site.connections) if site is not None else [],
        operations=_once(operations),
        states=[str(state) for state in State],
    )


def filter_of(asked: models_messages.FilterAsked) -> Filter:
    """The engine's filter of a screen's."""
    given: dict[str, Any] = asked.model_dump(exclude={"after", "limit"}, exclude_defaults=True)
    for name in ("since", "until"):
        if given.get(name):
            given[name] = _milliseconds(given[name])
    return read_filter(given)


def _milliseconds(moment: str) -> int:
    try:
        read = datetime.fromisoformat(moment)
        return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Denied(422, BAD_REQUEST, "a time is written as 2026-01-31T09:15:00Z") from None


def _once(words: Any) -> list[str]:
    return list(dict.fromkeys(words))
