"""`waybill bench`: routes at several numbers of connections, as one result that can be printed or kept as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bench import machine
from bench.flow import Load, measure
from bench.messages import ROUTES, Route
from bench.rig import Rig

CONNECTIONS = (1, 8, 32, 128)
ROW = Load(1)
Tell = Callable[[str, dict[str, Any] | None], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is measured. in_flight: messages that the engine may have on the way to the sink. ordered: by patient."""

    routes: tuple[Route, ...] = ("mllp", "http")
    connections: tuple[int, ...] = CONNECTIONS
    load: Load = ROW
    in_flight: int = 8
    ordered: bool = False
    keep: bool = False


def route_named(word: str) -> Route:
    """Raises ValueError for what is none."""
    for route in ROUTES:
        if route == word:
            return route
    raise ValueError(f"there is no route `{word}`; write some of {','.join(ROUTES)}")


def run(wanted: Wanted, tell: Tell = lambda _word, _row: None) -> dict[str, Any]:
    """Each route on a site of its own. tell: of each step, and of each row as it comes."""
    parts = []
    about: dict[str, Any] = {}
    for route in wanted.routes:
        tell(f"starting the engine for {route}", None)
        with Rig(route, in_flight=wanted.in_flight, ordered=wanted.ordered, keep=wanted.keep) as rig:
            about = about or machine.about(rig.folder)
            part: dict[str, Any] = {"route": route, "in_flight": wanted.in_flight, "ordered": wanted.ordered}
            part["idle_pss_mb"] = round(rig.engine.pss())
            part["rows"] = _rows(rig, wanted.connections, wanted.load, tell)
            part["stop_s"] = round(rig.stop(), 1)
            if wanted.keep:
                part["folder"] = str(rig.folder)
            parts.append(part)
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": about, "parts": parts}


def _rows(rig: Rig, connections: Sequence[int], load: Load, tell: Tell) -> list[dict[str, Any]]:
    rows, first = [], 1
    for number in connections:
        tell(f"{rig.route}, {number} connections", None)
        row = measure(rig, replace(load, connections=number), first)
        first = row.pop("next")
        rows.append(row)
        tell("", row)
    return rows
