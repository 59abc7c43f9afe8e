"""From a folder to a `Site`: `routes.yaml`, what it includes, and the files that it names.

`read_site` goes on after a fault, so that lint can show all of them; `load_site` is all or nothing.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, TypeVar

from engine.site import references
from engine.site.alerts import build_alert
from engine.site.model import Breaker, Connection, Policy, Site
from engine.site.nodes import Items, Map, Node, Place, Text, load_yaml
from engine.site.problems import (
    BAD_VALUE,
    DUPLICATE_NAME,
    MISSING_KEY,
    UNKNOWN_KEY,
    UNKNOWN_POLICY,
    UNKNOWN_TYPE,
    UNREADABLE,
    Invalid,
    Problem,
    invalid,
)
from engine.site.routes import build_route
from engine.site.settings import Context, Known, Rate, build, key_of, nearest, option
from engine.site.walk import maps

FILE = "routes.yaml"
MAX_FILES = 50
_SECTIONS = ("connections", "alerts", "policies", "steps", "routes")
_TOP = ("include", "namespaces", *_SECTIONS)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PREFIX = re.compile(r"[A-Za-z_][\w.-]*")

T = TypeVar("T")


class Registry(Protocol):
    """Where modules come from; both raise LookupError (with `known`, when it can tell) or ImportError."""

    def channel(self, type: str) -> Any: ...  # noqa: A002 - the word of routes.yaml
    def verb(self, name: str) -> Any: ...


def load_site(folder: Path, registry: Registry) -> Site:
    """The site in a folder; raises `Invalid` with every fault of its text and of what refers to what."""
    site, problems = read_site(folder, registry)
    if problems:
        raise Invalid(problems)
    return site


def read_site(folder: Path, registry: Registry) -> tuple[Site, list[Problem]]:
    """As much of the site as can be read, and every fault."""
    loader = _Loader(folder.absolute(), registry)
    site = loader.site()
    problems = loader.problems + references.check(site, loader.context)
    seen: dict[tuple[Place, str], Problem] = {}
    for problem in problems:
        seen.setdefault((problem.place, problem.code), problem)
    return site, Invalid(seen.values()).problems


@dataclasses.dataclass(frozen=True)
class ConnectionKeys:
    """The keys that every connection may have beside those of its channel."""

    max_in_flight: int | None = option("requests under way at a time (of connections that are called)", None)
    rate: Rate | None = option("most requests in a time (of connections that are called)", None)
    breaker: Breaker | None = option(
        "after so many failures, nothing is sent for a while (of connections that are called)", None
    )
    help: str = option("what a person can do when something is stuck here", "")
    contact: str = option("whom to call when something is stuck here", "")

    def __post_init__(self) -> None:
        if self.max_in_flight is not None and self.max_in_flight < 1:
            raise ValueError("`max_in_flight` must be 1 or more")


_LIMITS = ("max_in_flight", "rate", "breaker")


class _Loader:
    def __init__(self, folder: Path, registry: Registry) -> None:
        self.folder = folder
        self.registry = registry
        self.problems: list[Problem] = []
        self.context = Context(folder)
        self.section_at: dict[str, Place] = {}
        self.top: dict[str, Map] = {section: Map() for section in (*_SECTIONS, "namespaces")}

    def site(self) -> Site:
        readable = self.read(FILE, included=False)
        namespaces = dict(self.each("namespaces", self.namespace, _PREFIX))
        modules = self.modules()
        self.context = context = Context(
            self.folder,
            namespaces,
            modules,
            frozenset(self.top["routes"]),
            frozenset(self.top["policies"]),
            frozenset(self.top["alerts"]),
            fragments=dict(self.each("steps", self.fragment)),
            problems=self.problems,
        )
        alerts = dict(self.each("alerts", lambda name, node: build_alert(name, node, context)))
        policies = dict(self.each("policies", lambda _, node: build(Policy, node, context)))
        if readable and "default" not in self.top["policies"]:
            place = self.section_at.get("policies", Place(FILE, 1, 1))
            advice = "write `policies: {default: {first: 200ms, max: 30s, give_up: 10m}}`"
            self.problems.append(Problem(place, UNKNOWN_POLICY, "there is no policy `default`", advice))
        connections = dict(self.each("connections", lambda name, node: self.connection(name, node, context)))
        built = self.each("routes", lambda name, node: build_route(name, node, context, self.registry.verb))
        routes = {name: route for name, route in built if route is not None}
        text = Map({section: node for section, node in self.top.items() if section != "namespaces"})
        return Site(self.folder, connections, policies, routes, alerts, namespaces, self.secrets(), text)

    # ---- files and sections

    def read(self, name: str, included: bool) -> bool:
        """Whether the file is readable YAML; its sections are kept."""
        try:
            top = load_yaml(self.folder / name, name)
        except Invalid as error:
            self.problems += error.problems
            return False
        for key, node in sorted(top.items(), key=lambda item: item[0] == "include"):  # the file itself comes first
            if key not in _TOP or (included and key == "include"):
                advice = "an included file includes no further ones" if key == "include" else nearest(key, _TOP)
                self.problems.append(Problem(top.key_at[key], UNKNOWN_KEY, f"unknown key `{key}`", advice))
            elif key == "include":
                self.include(node)
            elif isinstance(node, Map):
                self.section_at.setdefault(key, top.key_at[key])
                self.merge(key, node)
            else:
                text = f"`{key}` is not a mapping"
                self.problems.append(Problem(node.at, BAD_VALUE, text, f"write `{key}: {{name: {{...}}}}`"))
        return True

    def include(self, node: Node) -> None:
        if not isinstance(node, Items) or len(node) > MAX_FILES:
            self.problems.append(
                Problem(node.at, BAD_VALUE, "a list of files is needed", "write `include: [more.yaml]`")
            )
            return
        for item in node:
            path = self.folder / item if isinstance(item, Text) and _is_below(item) else None
            if path is None or not path.resolve().is_relative_to(self.folder.resolve()) or path.suffix != ".yaml":
                text, advice = "this is no file of the site", "name a `.yaml` file below the site's folder"
                self.problems.append(Problem(item.at, UNREADABLE, text, advice))
            elif not path.is_file():
                self.problems.append(Problem(item.at, UNREADABLE, f"there is no file `{item}`", "correct the name"))
            else:
                self.read(str(item), included=True)

    def merge(self, section: str, node: Map) -> None:
        known = self.top[section]
        for name, value in node.items():
            if name in known:
                text = f"`{name}` stands already in {known.key_at[name]}"
                self.problems.append(Problem(node.key_at[name], DUPLICATE_NAME, text, "choose another name"))
            else:
                known[name] = value
                known.key_at[name] = node.key_at[name]

    def each(
        self, section: str, make: Callable[[str, Node], T], pattern: re.Pattern[str] = _NAME
    ) -> Iterable[tuple[str, T]]:
        """The entries of a section that can be made; the faults of the others are kept."""
        known = self.top[section]
        for name, node in known.items():
            if not pattern.fullmatch(name):
                text, advice = f"`{name}` is no name", "write lower-case letters, digits and _, a letter first"
                self.problems.append(Problem(known.key_at[name], BAD_VALUE, text, advice))
            try:
                yield name, make(name, node)
            except Invalid as error:
                self.problems += error.problems

    # ---- entries

    def namespace(self, prefix: str, node: Node) -> str:
        if not isinstance(node, Text) or not node:
            raise invalid(node, BAD_VALUE, "a namespace is needed here", f"write `{prefix}: 'urn:...'`")
        return str(node)

    def modules(self) -> dict[str, Known]:
        """The channel of each connection, even where its settings have faults, so that calls are still checked."""
        found: dict[str, Known] = {}
        for name, node in self.top["connections"].items():
            kind = node.get("type") if isinstance(node, Map) else None
            if not isinstance(kind, Text):
                text, advice = "the key `type` is missing", f"write `{name}: {{type: CHANNEL, ...}}`"
                self.problems.append(Problem(node.at, MISSING_KEY, text, advice))
                continue
            found[name] = Known(str(kind), None)
            try:
                found[name] = Known(str(kind), self.registry.channel(kind))
            except LookupError as error:
                advice = nearest(kind, getattr(error, "known", ()))
                self.problems.append(Problem(kind.at, UNKNOWN_TYPE, f"there is no channel type `{kind}`", advice))
            except ImportError as error:
                text = f"the channel `{kind}` cannot be loaded: {error}"
                self.problems.append(Problem(kind.at, UNKNOWN_TYPE, text, "install what is missing"))
        return found

    def connection(self, name: str, node: Node, context: Context) -> Connection:
        known = context.connections.get(name)
        if not isinstance(node, Map) or known is None or known.module is None:
            raise Invalid([])  # `modules` has said why
        module = known.module
        own = {key_of(part) for part in dataclasses.fields(module.Settings) if part.init}
        common = {key_of(part) for part in dataclasses.fields(ConnectionKeys)} - own
        if not getattr(module, "CALLS", {}):
            common -= set(_LIMITS)
        problems: list[Problem] = []
        settings = _part(problems, module.Settings, node, set(node) - common - {"type"}, context)
        keys = _part(problems, ConnectionKeys, node, common, context)
        if problems:
            raise Invalid(problems)
        limits = {key: getattr(settings, key, None) or getattr(keys, key) for key in _LIMITS}
        return Connection(name, known.type, settings, **limits, help=keys.help, contact=keys.contact, source=node)

    def fragment(self, name: str, node: Node) -> Node:
        if not isinstance(node, Items) or not node:
            text = f"the list of steps `{name}` is empty or no list"
            raise invalid(node, BAD_VALUE, text, f"write `{name}: [{{id: NAME, VERB: {{...}}}}]`")
        return node

    def secrets(self) -> dict[str, Place]:
        """Where each secret is first named."""
        found: dict[str, Place] = {}
        for node in maps(self.top["connections"]):
            name = node.get("secret")
            if isinstance(name, Text) and len(node) == 1:
                found.setdefault(str(name), name.at)
        return found


def _is_below(name: str) -> bool:
    """A revision keeps the file under this name: one that leads out and back, or begins at the root, has no place."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _part(problems: list[Problem], cls: type, node: Map, keys: set[str], context: Context) -> Any:
    """An instance from some of the keys of a node; the faults go to the list."""
    try:
        return build(cls, Map({key: node[key] for key in node if key in keys}, node.at, node.key_at), context)
    except Invalid as error:
        problems += error.problems
        return None
