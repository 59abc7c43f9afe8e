"""The text of a route as the store keeps it with each revision: which steps there are, what they leave, whom they call.

Enough for acts of operators, which run in the writer and have no loaded site at hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from engine.message import Refused
from engine.store.schema import revision
from engine.store.sql import Statement

P = bindparam
NO_REVISION = "WB-7502"

_TEXT = Statement(select(revision.c.text).where(revision.c.route == P("route"), revision.c.revision == P("revision")))
_CURRENT = Statement(
    select(revision.c.revision, revision.c.text)
    .where(revision.c.route == P("route"))
    .order_by(revision.c.deployed_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class StepText:
    """`to`: connections that the step calls, with their operation when it names one."""

    id: str
    verb: str
    into: str
    status: str | None
    to: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RouteText:
    """One revision of a route. ordered: whether its runs keep an order."""

    name: str
    revision: str
    steps: tuple[StepText, ...]
    ordered: bool = False

    def index(self, step: str) -> int:
        """The place of a step; `Refused` when this revision does not have it."""
        for place, one in enumerate(self.steps):
            if one.id == step:
                return place
        raise Refused(NO_REVISION, f"this revision of {self.name} has no step {step}")

    def after_split(self) -> StepText | None:
        """The first step of a part."""
        for place, one in enumerate(self.steps[:-1]):
            if one.verb == "split":
                return self.steps[place + 1]
        return None


def of_run(conn: Connection, route: str, revision_: str) -> RouteText:
    """The revision that a run is on; `Refused` when it is not kept."""
    row = _TEXT.one(conn, route=route, revision=revision_)
    if row is None:
        raise Refused(NO_REVISION, f"the revision {revision_[:12]} of {route} is not kept")
    return _read(route, revision_, row["text"])


def current(conn: Connection, route: str) -> RouteText:
    """The revision that was deployed last; `Refused` for a route that never was."""
    row = _CURRENT.one(conn, route=route)
    if row is None:
        raise Refused(NO_REVISION, f"there is no route {route}")
    return _read(route, row["revision"], row["text"])


COMMON = frozenset({"id", "when", "status", "into", "policy", "on_error", "help", "contact"})


def _read(route: str, revision_: str, text: str) -> RouteText:
    read = json.loads(text)
    steps, receive = read.get("steps") or [], read.get("receive")
    ordered = isinstance(receive, Mapping) and "order" in receive
    return RouteText(route, revision_, tuple(_step(step) for step in steps if isinstance(step, Mapping)), ordered)


def _step(step: Mapping[str, Any]) -> StepText:
    verb = next((word for word in step if word not in COMMON), "")
    settings = step.get(verb)
    calls = tuple(_calls(verb, settings)) if isinstance(settings, Mapping) else ()
    return StepText(
        str(step.get("id", "")), verb, str(step.get("into") or step.get("id", "")), step.get("status"), calls
    )


def _calls(verb: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if verb == "call":
        yield str(settings.get("to", "")), str(settings.get("operation", ""))
    elif verb == "sign":
        yield str(settings.get("with", "")), "sign"
