"""What a reload would change, and why: routes and connections, added, changed, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine.site.model import Connection, Route, Site
from engine.site.nodes import Map
from engine.site.problems import Problem
from engine.site.walk import transform_files

T = TypeVar("T")
ASIDE = ("help", "contact")
"""Keys of a connection whose change is taken up without a new channel."""


@dataclass
class Changes:
    """Names, each with why in one line."""

    added: dict[str, str] = field(default_factory=dict)
    changed: dict[str, str] = field(default_factory=dict)
    removed: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def names(self) -> list[str]:
        return [*self.added, *self.changed, *self.removed]

    def as_dict(self) -> dict[str, dict[str, str]]:
        return {"added": self.added, "changed": self.changed, "removed": self.removed}


@dataclass
class Plan:
    """With problems nothing may be changed. applied: it was done. notes: what else a person should know."""

    routes: Changes = field(default_factory=Changes)
    connections: Changes = field(default_factory=Changes)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    applied: bool = False

    def __bool__(self) -> bool:
        return bool(self.routes or self.connections or self.notes)

    def as_dict(self) -> dict[str, Any]:
        """As JSON: for commands, the socket and the API."""
        return {
            "routes": self.routes.as_dict(), "connections": self.connections.as_dict(), "notes": self.notes,
            "problems": [
                {
                    "place": str(one.place), "file": one.place.file, "line": one.place.line,
                    "column": one.place.column, "code": one.code, "text": one.text, "advice": one.advice,
                }
                for one in self.problems
            ],
            "applied": self.applied,
        }  # fmt: skip


def compare(old: Site, new: Site, secret_changed: Callable[[Connection], bool] = lambda _: False) -> Plan:
    """Both are sound sites; the new one may lie in another folder."""
    plan = Plan()
    plan.routes = _changes(old.routes, new.routes, why_route)

    def why(before: Connection, after: Connection) -> str:
        return why_connection(before, after) or ("a secret was changed" if secret_changed(after) else "")

    plan.connections = _changes(old.connections, new.connections, why)
    for what, before, after in (
        ("policies", old.policies, new.policies), ("alerts", old.alerts, new.alerts),
    ):  # fmt: skip
        names = _different(before, after)
        if names:
            plan.notes.append(f"{what}: {', '.join(names)}")
    if old.namespaces != new.namespaces:
        plan.notes.append(f"namespaces: {', '.join(_different(old.namespaces, new.namespaces))}")
    return plan


def _changes(old: Mapping[str, T], new: Mapping[str, T], why: Callable[[T, T], str]) -> Changes:
    found = Changes()
    found.added = {name: "new" for name in new if name not in old}
    found.removed = {name: "not in the text any more" for name in old if name not in new}
    for name in new:
        if name in old:
            reason = why(old[name], new[name])
            if reason:
                found.changed[name] = reason
    return found


def _different(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


# ---- connections


def why_connection(old: Connection, new: Connection) -> str:
    """Why its channel is replaced; empty when it is not touched. By the text, and the files that it names."""
    if old.type != new.type:
        return f"type: {old.type} becomes {new.type}"
    keys = [key for key in _different(dict(old.source), dict(new.source)) if key not in ASIDE]
    if keys:
        return f"changed: {', '.join(keys)}"
    return _files_differ(old.settings, new.settings)


# ---- routes


def why_route(old: Route, new: Route) -> str:
    """What is different, in one line; empty when the revision is the same."""
    if old.revision == new.revision:
        return ""
    parts = [f"{key} changed" for key in ("receive", "labels", "help", "contact") if _part(old, key) != _part(new, key)]
    parts += _steps(old, new)
    files = _files_differ([old.receive, *_settings(old)], [new.receive, *_settings(new)])
    if files:
        parts.append(files)
    return "; ".join(parts) or "a file that its transforms name, or a namespace, changed"


def _part(route: Route, key: str) -> Any:
    return route.source.get(key)


def _settings(route: Route) -> list[Any]:
    return [step.settings for step in sorted(route.steps, key=lambda step: step.id)]


def _steps(old: Route, new: Route) -> Iterable[str]:
    before, after = {step.id: step for step in old.steps}, {step.id: step for step in new.steps}
    for name in after:
        if name not in before:
            yield f"step {name} added"
        elif _plain(before[name].source) != _plain(after[name].source):
            yield f"step {name} changed"
    for name in before:
        if name not in after:
            yield f"step {name} removed"
    if [name for name in before if name in after] != [name for name in after if name in before]:
        yield "steps in another order"


def _plain(source: Map) -> dict[str, Any]:
    return dict(source)


def _files_differ(old: Any, new: Any) -> str:
    """The transform files that say something else now. Their folders may differ; the places that name them count."""
    before, after = transform_files(old), transform_files(new)
    names = sorted(
        {Path(after[key]).name for key in after if key in before and _read(before[key]) != _read(after[key])}
    )
    return f"changed: {', '.join(names)}" if names else ""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
