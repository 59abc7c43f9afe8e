"""Paths that cannot find anything: compared with the XSD of `receive.check`, with samples, with what transforms make.

Samples of a route lie in a folder `samples` anywhere below `transforms/`; a file belongs to the route when its name
begins with the route's name, its operation or the name of its XSD (`samples/AddRisAppBillRt-two-orders.xml`), and ends
in `.xml` or `.json`.

False alarms are worse than silence: what the reader of a path, a schema or a stylesheet does not follow to its end is
left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import hl7
from engine.site import shapes
from engine.site.conditions import Condition
from engine.site.hl7_segments import FIELDS
from engine.site.model import Route, Site, Step
from engine.site.nodes import Map, Node, Place, Text, load_yaml
from engine.site.path_text import PathError, Reference
from engine.site.paths import Template, XPath
from engine.site.problems import UNKNOWN_VALUE, Invalid, Problem
from engine.site.settings import nearest
from engine.site.steps_of_paths import Move, branches, moves
from engine.site.units import TransformFile
from engine.site.walk import leaves, maps, place_of

NOTHING_THERE = "WB-6501"
"""A path that can find nothing in this document."""
NO_PLACE = "WB-6502"
"""A path into HL7 that no message has."""

HL7_SOURCES = ("mllp_in",)
INDEX = frozenset(("item", "index", "run"))


def check(site: Site, folder: Path) -> list[Problem]:
    """Every path of the site's routes and mapping tables that certainly finds nothing."""
    samples = sorted(path for path in (folder / "transforms").glob("**/samples/*") if path.is_file())
    problems: list[Problem] = []
    for route in site.routes.values():
        problems += _Route(site, route, folder, samples).problems()
    return problems


@dataclass(frozen=True, slots=True)
class _Use:
    """A path, where it is written, and the path that it starts from (an identity of a split)."""

    part: Reference | XPath
    place: Place
    base: XPath | None = None


class _Route:
    def __init__(self, site: Site, route: Route, folder: Path, samples: list[Path]) -> None:
        self._site = site
        self._route = route
        self._folder = folder
        receive = route.receive
        types = {site.connections[name].type for name in receive.from_ if name in site.connections}
        self._is_hl7 = bool(types) and types <= set(HL7_SOURCES)
        self._shape = shapes.of_schema(receive.check) if receive.check else None
        words = [word for word in (route.name, receive.operation, receive.check.stem if receive.check else "") if word]
        self._samples = shapes.of_samples(path for path in samples if path.name.startswith(tuple(words)))
        self._made = {step.into: names for step in route.steps if (names := _made(step)) is not None}
        split = next((step for step in route.steps if step.verb == "split"), None)
        by = split.settings.by.where if split is not None else None
        # After a split of a list the body is one item of it, of which nothing is known.
        self._is_list = isinstance(by, Template)

    def problems(self) -> Iterator[Problem]:
        for use in self._uses():
            yield from self._path(use)
        for step in self._route.steps:
            for path in _tables(step):
                yield from self._table(step, path)

    # ---- what paths there are

    def _uses(self) -> Iterator[_Use]:
        receive, source = self._route.receive, self._route.source
        own = source.get("receive")
        for where in receive.identity:
            yield from self._parts(where, own if isinstance(own, Map) else source)
        if receive.order is not None:
            yield from self._parts(receive.order.key, own if isinstance(own, Map) else source)
        labels = source.get("labels")
        for label in self._route.labels:
            node = labels.get(label.name) if isinstance(labels, Map) else None
            if label.path is not None:
                yield from self._parts(label.path, node if isinstance(node, Map) else source)
        for step in self._route.steps:
            yield from self._of_step(step)

    def _of_step(self, step: Step) -> Iterator[_Use]:
        by = step.settings.by.where if step.verb == "split" else None
        if step.when is not None:
            for template in step.when.templates():
                yield from self._parts(template, step.source)
        for name, value in leaves(step.settings):
            if "expect" in name.split("."):  # of an answer, not of the message
                continue
            if isinstance(value, Condition):
                for template in value.templates():
                    yield from self._parts(template, step.source)
            elif isinstance(value, Template | XPath) and not self._is_segment(step, name):
                base = by if isinstance(by, XPath) and name.startswith("identity") else None
                yield from self._parts(value, step.source, base)

    def _is_segment(self, step: Step, name: str) -> bool:
        """Whether this is the `by: OBR` of a split, which is an XPath only on XML."""
        return step.verb == "split" and name.startswith("by") and bool(step.settings.by.segment)

    def _parts(self, where: Template | XPath, source: Map, base: XPath | None = None) -> Iterator[_Use]:
        place = place_of(where.text, source)
        if isinstance(where, XPath):
            yield _Use(where, place, base)
        else:
            yield from (_Use(part, place) for part in where.parts if not isinstance(part, str))

    # ---- one path

    def _path(self, use: _Use) -> Iterator[Problem]:
        part = use.part
        if isinstance(part, Reference) and part.name != "body":
            if part.name in self._made and part.segments:
                yield from _among(self._made[part.name], part, use.place)
            return
        if self._is_hl7:
            yield from self._in_hl7(part, use.place)
            return
        text = part.text if isinstance(part, XPath) else _slashed(part)
        if isinstance(part, Reference) and len(part.segments) == 1 and hl7.is_path(part.segments[0].name):
            yield from implausible(part.segments[0].name, use.place)
        elif text and not self._is_list:
            for branch in branches(text):
                yield from self._branch(branch, text, use)

    def _in_hl7(self, part: Reference | XPath, place: Place) -> Iterator[Problem]:
        if self._is_list:
            return
        if isinstance(part, XPath):
            advice = "write a place in the message, for example `PID-3.1`"
            yield Problem(place, NO_PLACE, f"the XPath {part.text} finds nothing in HL7", advice)
        elif part.segments:
            yield from implausible("".join(map(str, part.segments)).removeprefix("/"), place)

    def _branch(self, branch: str, text: str, use: _Use) -> Iterator[Problem]:
        steps = moves(branch)
        if steps is None:
            return
        if branch.startswith("/"):
            ways = [steps]
        elif use.base is None:
            ways = [[Move("*"), *steps]]  # from the root element
        else:
            before = [moves(one) for one in branches(use.base.text)]
            if any(one is None for one in before):
                return
            ways = [[*one, *steps] for one in before if one is not None]
        faults = [self._fault(way) for way in ways]
        if faults and all(fault is not None for fault in faults):
            fault = faults[0]
            assert fault is not None
            name, known, where = fault
            advice = nearest(name.lstrip("@"), _close(name, known))
            shown = text if isinstance(use.part, XPath) else f"$({use.part})"
            yield Problem(use.place, NOTHING_THERE, f"the path {shown} finds nothing: {where} `{name}`", advice)

    def _fault(self, steps: list[Move]) -> tuple[str, set[str], str] | None:
        """The step that leads nowhere, what could stand there, and in what; None when it may lead somewhere."""
        if self._shape is not None:
            return _in_shape(self._shape, self._samples, steps)
        if self._route.receive.check is None and self._samples.names:
            names = set(self._samples.names)
            for step in steps:
                if step.name not in ("*", ".") and step.name not in names:
                    return step.shown, names, "no sample has"
        return None

    # ---- tables

    def _table(self, step: Step, path: Path) -> Iterator[Problem]:
        name = path.relative_to(self._folder).as_posix() if path.is_relative_to(self._folder) else str(path)
        try:
            top = load_yaml(path, name)
        except Invalid:
            return
        own = {str(node["name"]) for node in maps(top) if isinstance(node.get("name"), Text)} | INDEX
        made = [other.into for other in self._route.steps] + [*_set(self._route)]
        for node, text in _table_paths(top):
            try:
                template = Template(str(text))
            except PathError:
                continue
            for part in template.parts:
                if isinstance(part, str):
                    continue
                value = "body" if isinstance(part, XPath) else part.name
                if value in own:
                    continue
                if value not in ("body", "meta") and value not in made:
                    if _is_needed(node, part):
                        text_ = f"the value `{value}` is made by no step of the route `{self._route.name}`"
                        yield Problem(text.at, UNKNOWN_VALUE, text_, nearest(value, ["body", "meta", *made]))
                elif _is_needed(node, part):
                    yield from self._path(_Use(part, text.at))


def implausible(text: str, place: Place) -> Iterator[Problem]:
    """What is wrong with a path into an HL7 message."""
    try:
        path = hl7.Path.parse(text)
    except ValueError as error:
        if not re.fullmatch("[A-Z][A-Z0-9]{2}", text):  # a segment alone stands for its groups
            yield Problem(place, NO_PLACE, f"`{text}` is no place in an HL7 message", str(error))
        return
    if path.segment.startswith("Z"):
        return
    if path.segment not in FIELDS:
        text = f"HL7 v2 has no segment `{path.segment}`"
        yield Problem(place, NO_PLACE, text, _few(path.segment, FIELDS))
    elif 0 < FIELDS[path.segment] < path.field:
        text = f"`{path.segment}-{path.field}`: {path.segment} has {FIELDS[path.segment]} fields"
        yield Problem(place, NO_PLACE, text, "compare the number with the interface description")


def _few(word: str, known: Mapping[str, int]) -> str:
    close = nearest(word, known).partition(" (known")[0]
    return close if close.startswith("did you mean") else "segments of your own begin with Z"


def _close(name: str, known: set[str]) -> list[str]:
    """At most the dozen names that look most alike: a schema may have thousands."""
    import difflib

    return difflib.get_close_matches(name.lstrip("@"), sorted(known), 12, 0.3) or sorted(known)[:12]


def _slashed(part: Reference) -> str:
    """A slash path on the body as an XPath; empty when it is the whole body or not for XML."""
    if not part.segments or part.index is not None:
        return ""
    text = "".join(map(str, part.segments))
    return text if part.segments[0].anywhere else f"/*{text}"


def _among(names: frozenset[str], part: Reference, place: Place) -> Iterator[Problem]:
    for segment in part.segments:
        name = segment.name.lstrip("@").rpartition(":")[2]
        if "*" in names:
            return
        if name not in names:
            text = f"the path $({part}) finds nothing: the step that makes `{part.name}` makes no `{name}`"
            yield Problem(place, NOTHING_THERE, text, nearest(name, _close(name, set(names))))
            return


def _in_shape(shape: shapes.Shape, samples: shapes.Samples, steps: list[Move]) -> tuple[str, set[str], str] | None:
    scope: list[Any] = []
    where, is_start = "the document", True
    for step in steps:
        if step.name == ".":
            continue
        children, is_open = _below(shape, scope, is_start, step.anywhere)
        if step.is_attribute:
            return _attribute(shape, scope, step, where) if not step.anywhere and not is_start else None
        found = list(children.values()) if step.name == "*" else children.get(step.name, [])
        flat = [node for nodes in found for node in nodes] if step.name == "*" else found
        if not flat:
            names = set(children)
            if is_open and (step.name == "*" or not samples.names or step.name in samples.names):
                return None
            if is_open and step.name in shape.names:
                return None
            return (step.shown, names | (set(samples.names) if is_open else set()), f"{where} has no")
        scope, is_start = flat, False
        where = f"`{step.name}`" if step.name != "*" else where
    return None


def _below(shape: shapes.Shape, scope: list[Any], is_start: bool, anywhere: bool) -> tuple[dict[str, list[Any]], bool]:
    """What may stand under the elements of a scope, by name; whether anything else may too."""
    found: dict[str, list[Any]] = {}
    seen: set[Any] = set()
    is_open = False
    waiting = [("", None)] if is_start else [("", node) for node in scope]
    while waiting:
        _, node = waiting.pop()
        if node is None:
            children: Mapping[str, Any] = shape.roots
        else:
            content = shape.content(node)
            children = {**shape.roots, **content.children} if content.is_open else content.children
            is_open |= content.is_open
        for name, child in children.items():
            known = found.setdefault(name, [])
            if child not in known:
                known.append(child)
            if anywhere and child not in seen:
                seen.add(child)
                waiting.append((name, child))
    return found, is_open


def _attribute(shape: shapes.Shape, scope: list[Any], step: Move, where: str) -> tuple[str, set[str], str] | None:
    contents = [shape.content(node) for node in scope]
    names = {name for content in contents for name in content.attributes}
    if any(content.is_attributed for content in contents) or step.name in names or step.prefix:
        return None
    return step.shown, names, f"{where} has no"


# ---- what steps make


def _made(step: Step) -> frozenset[str] | None:
    """The names in the value that a transform makes; None when they cannot be told."""
    if step.verb != "transform":
        return None
    settings = step.settings
    if settings.xslt is not None:
        return shapes.of_stylesheet(settings.xslt)
    return shapes.of_table(settings.map) if settings.map is not None else None


def _tables(step: Step) -> Iterator[Path]:
    yield from (value for _, value in leaves(step.settings) if _is_table(value))


def _is_table(value: Any) -> bool:
    return isinstance(value, TransformFile) and value.suffix == ".yaml"


def _set(route: Route) -> Iterator[str]:
    for step in route.steps:
        body = step.source.get(step.verb)
        values = body.get("values") if step.verb == "set" and isinstance(body, Map) else None
        yield from values if isinstance(values, Map) else ()


def _table_paths(top: Map) -> Iterator[tuple[Map, Text]]:
    for node in maps(top):
        for key in ("from", "base", "for_each"):
            text: Node | None = node.get(key)
            if isinstance(text, Text):
                yield node, text


def _is_needed(row: Map, part: Reference | XPath) -> bool:
    """Whether a row fails when its path finds nothing."""
    if "default" in row or row.get("required") == Text("no"):
        return False
    return not (isinstance(part, Reference) and part.has_default)
