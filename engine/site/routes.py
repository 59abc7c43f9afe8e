"""One route from its node: receive, labels, steps, and its revision."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from engine.site.conditions import Condition
from engine.site.fragments import expand
from engine.site.model import DEFAULT_KEEP, DEFAULT_WITHIN, Label, OnError, Order, Receive, Route, Step
from engine.site.nodes import Items, Map, Node, Text, load_yaml
from engine.site.paths import Pointer, Where
from engine.site.problems import (
    BAD_VALUE,
    BAD_VERB,
    DUPLICATE_NAME,
    MISSING_KEY,
    UNKNOWN_CONNECTION,
    UNKNOWN_KEY,
    UNKNOWN_POLICY,
    Invalid,
    Problem,
    invalid,
)
from engine.site.settings import Context, build, key_of, nearest, option
from engine.site.units import Duration, TransformFile
from engine.site.walk import maps, transform_files

RESERVED = ("body", "meta", "run", "values", "labels", "answer")
_ID = re.compile(r"[a-z][a-z0-9_]{0,62}")

Verbs = Callable[[str], Any]


@dataclass(frozen=True)
class StepKeys:
    """The keys that every step may have beside its verb."""

    id: str = option("its name: lower-case letters, digits and _")
    status: str = option("the worklist's word from here on", "")
    when: Condition | None = option("skip the step when this does not hold", None)
    into: str = option("the name of its value (default: the id)", "")
    policy: str = option("how often what is unavailable is tried again", "default")
    on_error: OnError = option("where to go after a failure", OnError())
    help: str = option("what a person can do when it stops here", "")
    contact: str = option("whom to call when it stops here", "")


@dataclass(frozen=True)
class _Check:
    xsd: TransformFile = option("the schema that the message must satisfy")

    def __post_init__(self) -> None:
        if self.xsd.suffix != ".xsd":
            raise ValueError("`xsd` names a file that ends in .xsd")


@dataclass(frozen=True)
class _Reply:
    when: Literal["stored", "done"] = option("the answer leaves when the message is stored, or its run done", "stored")
    within: Duration | None = option("done: how long at most; later the answer says that it is stored", None)
    ok: TransformFile | None = option("the stylesheet of the answer to a good message", None)
    invalid: TransformFile | None = option("the stylesheet of the answer to an invalid message", None)

    def __post_init__(self) -> None:
        if self.within is not None and self.when == "stored":
            raise ValueError("`within` belongs to `when: done`: leave it out, or write `when: done`")


@dataclass(frozen=True)
class _Order:
    key: Pointer = option("where the key is read from the message, or the part")
    until: str = option("the step after whose end the next of this key may go (default: the route's end)", "")
    on_failure: Literal["hold", "pass"] = option("whether the next wait behind a dead one, or pass it", "hold")


@dataclass(frozen=True)
class ReceiveKeys:
    """What a route takes in."""

    from_: Text | Items = option("the connection, or a list of them", key="from")
    operation: str = option("the operation, where the connection has several", "")
    identity: tuple[Pointer, ...] = option(
        "what makes a message the same one again (default: the channel's own key)", ()
    )
    keep: Duration = option("how long identities are remembered", DEFAULT_KEEP)
    check: _Check | None = option("checked before the answer", None)
    reply: _Reply = option("the answer", _Reply())
    order: _Order | None = option("runs with the same key go one after the other", None)


@dataclass(frozen=True)
class LabelKeys:
    """A text of the run that lists show and searches find."""

    path: Pointer | None = option("where it is read from the message, or the part", None)
    value: str = option("a fixed text", "")
    phi: bool = option("it says who the patient is: masked without the right", False)
    optional: bool = option("it may be empty", False)

    def __post_init__(self) -> None:
        if self.path is not None and self.value:
            raise ValueError("a label has a `path` or a `value`, not both")


@dataclass(frozen=True)
class RouteKeys:
    """A route."""

    receive: Map = option("what it takes in")
    steps: Items = option("what it does")
    labels: dict[str, LabelKeys] = option("texts for lists and searches", {})
    help: str = option("what a person can do", "")
    contact: str = option("whom to call", "")


def build_route(name: str, node: Node, context: Context, verbs: Verbs) -> Route | None:
    """The route, or None when it has faults; they are added to `context.problems`."""
    before = len(context.problems)
    keys = _try(context, lambda: build(RouteKeys, node, context))
    if keys is None or not isinstance(node, Map):
        return None
    written = expand(keys.steps, context)
    if written is not keys.steps:
        node = Map({**node, "steps": written}, node.at, node.key_at)
    receive = _try(context, lambda: _receive(keys.receive, context))
    for label in keys.labels:
        _check_name(label, node["labels"], context)
    steps = tuple(_steps(written, context, verbs))
    if receive is None or len(steps) < len(written) or len(context.problems) > before:
        return None
    labels = tuple(
        Label(name, cast("Where | None", t.path), t.value, t.phi, t.optional) for name, t in keys.labels.items()
    )
    revision = _revision(node, context, receive, steps)
    return Route(name, revision, receive, labels, steps, keys.help, keys.contact, node)


def _try(context: Context, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except Invalid as error:
        context.problems.extend(error.problems)
        return None


def _check_name(name: str, source: Node, context: Context) -> None:
    if isinstance(source, Map) and not _ID.fullmatch(name):
        advice = "write lower-case letters, digits and _, a letter first"
        context.problems.append(Problem(source.place_of(name), BAD_VALUE, f"`{name}` is no name", advice))


def _receive(node: Map, context: Context) -> Receive:
    keys = build(ReceiveKeys, node, context)
    sources = [keys.from_] if isinstance(keys.from_, Text) else list(keys.from_)
    names = tuple(_source(item, context) for item in sources)
    if not names:
        raise invalid(keys.from_, MISSING_KEY, "no connection is named", "write `from: NAME` or `from: [A, B]`")
    xsd = keys.check.xsd if keys.check else None
    order = None
    if keys.order is not None:
        order = Order(cast(Where, keys.order.key), keys.order.until, keys.order.on_failure)
    return Receive(
        names, keys.operation, cast("tuple[Where, ...]", keys.identity), keys.keep, xsd, keys.reply.ok,
        keys.reply.invalid, keys.reply.when, keys.reply.within or DEFAULT_WITHIN, order,
    )  # fmt: skip


def _source(node: Node, context: Context) -> str:
    if not isinstance(node, Text) or node not in context.connections:
        shown = f"`{node}`" if isinstance(node, Text) else "this"
        advice = nearest(str(node)[:60], context.connections)
        raise invalid(node, UNKNOWN_CONNECTION, f"there is no connection {shown}", advice)
    return str(node)


def _steps(nodes: Items, context: Context, verbs: Verbs) -> Iterator[Step]:
    ids = tuple(str(i["id"]) for i in nodes if isinstance(i, Map) and isinstance(i.get("id"), Text))
    inner = dataclasses.replace(context, steps=ids)  # shares the list of problems
    seen: dict[str, Text] = {}
    if not nodes:
        context.problems.append(Problem(nodes.at, MISSING_KEY, "the route has no step", "write one under `steps:`"))
    for node in nodes:
        step = _try(inner, lambda n=node: _step(n, inner, verbs))  # type: ignore[misc]
        for word in ("id", "into"):
            name = node.get(word) if isinstance(node, Map) else None
            if isinstance(name, Text):
                _check_unique(name, seen, inner)
        if step is not None:
            if step.verb == "split" and node is nodes[-1]:
                text = "a split is the last step, so nothing would be done with the parts"
                context.problems.append(Problem(step.place, BAD_VERB, text, "write the steps of a part after it"))
            yield step


def _check_unique(name: Text, seen: dict[str, Text], context: Context) -> None:
    advice = "choose a name with lower-case letters, digits and _ that no other step or value has"
    if not _ID.fullmatch(name) or name in RESERVED:
        context.problems.append(Problem(name.at, DUPLICATE_NAME, f"`{name}` cannot name a step or value", advice))
    elif name in seen:
        text = f"`{name}` is already the name in line {seen[name].at.line}"
        context.problems.append(Problem(name.at, DUPLICATE_NAME, text, advice))
    seen.setdefault(str(name), name)


def _step(node: Node, context: Context, verbs: Verbs) -> Step:
    known = {key_of(part) for part in dataclasses.fields(StepKeys)}
    if not isinstance(node, Map):
        raise invalid(node, BAD_VALUE, "a step is a mapping", "write `- {id: NAME, VERB: {...}}`")
    problems: list[Problem] = []
    keys: StepKeys | None = None
    try:
        common = Map({key: value for key, value in node.items() if key in known}, node.at, node.key_at)
        keys = build(StepKeys, common, context)
    except Invalid as error:
        problems += error.problems
    policy = node.get("policy")
    if isinstance(policy, Text) and policy not in context.policies:
        advice = nearest(policy, context.policies)
        problems.append(Problem(policy.at, UNKNOWN_POLICY, f"there is no policy `{policy}`", advice))
    try:
        verb, settings = _verb(node, known, context, verbs)
    except Invalid as error:
        raise Invalid(problems + error.problems) from None
    if problems or keys is None:
        raise Invalid(problems)
    return Step(
        verb=verb, settings=settings, place=node.at, source=node, **{**vars(keys), "into": keys.into or keys.id}
    )


def _verb(node: Map, known: set[str], context: Context, verbs: Verbs) -> tuple[str, Any]:
    others = [key for key in node if key not in known]
    modules: dict[str, Any] = {}
    every: tuple[str, ...] = ()
    for key in others:
        try:
            modules[key] = verbs(key)
        except LookupError as error:
            every = getattr(error, "known", ())
        except ImportError as error:
            text = f"the verb `{key}` cannot be loaded: {error}"
            raise invalid(node.place_of(key), BAD_VERB, text, "install what is missing") from None
    strange = [key for key in others if key not in modules]
    if len(modules) != 1:
        raise _no_verb(node, strange, modules, every)
    verb, module = next(iter(modules.items()))
    if strange:
        text = f"unknown key `{strange[0]}` beside the verb `{verb}`"
        raise invalid(node.place_of(strange[0]), UNKNOWN_KEY, text, nearest(strange[0], sorted(known)))
    make = getattr(module, "build_settings", None)
    settings = make(node[verb], context) if make else build(module.Settings, node[verb], context)
    return verb, settings


def _no_verb(node: Map, strange: list[str], modules: dict[str, Any], every: tuple[str, ...]) -> Invalid:
    if modules:
        first, second = list(modules)[:2]
        return invalid(node.place_of(second), BAD_VERB, f"two verbs, `{first}` and `{second}`", "write two steps")
    if strange:
        text = f"this version has no verb `{strange[0]}`"
        return invalid(node.place_of(strange[0]), BAD_VERB, text, nearest(strange[0], every))
    return invalid(node, BAD_VERB, "the step has no verb", "say what it does, for example `call: {to: NAME, ...}`")


# ---- revision


def _revision(node: Map, context: Context, receive: Receive, steps: tuple[Step, ...]) -> str:
    """SHA-256 over the route's text without its form (order of keys, blanks, comments) and its files' content."""
    files: dict[str, str] = {}
    named = [*transform_files(receive).values()]
    for step in steps:
        named += transform_files(step.settings).values()
    for path in named:
        _digest(path, context.folder, files)
    canonical = {"namespaces": dict(context.namespaces), "route": node, "files": files}
    text = json.dumps(canonical, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_INCLUDED = re.compile(rb"""(?:schemaLocation|href)\s*=\s*["']([^"':]{1,200})["']""")


def _digest(path: Path, folder: Path, files: dict[str, str]) -> None:
    """The file's hash, and those of the local files that it includes or imports."""
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
    if name in files or len(files) >= 500:
        return
    try:
        data = path.read_bytes()
    except OSError:
        files[name] = "missing"  # lint and the compiler of transforms say it better
        return
    files[name] = hashlib.sha256(data).hexdigest()
    if path.suffix in (".xsl", ".xslt", ".xsd"):
        for inner in _INCLUDED.findall(data):
            target = path.parent / inner.decode("utf-8", "replace")
            if target.is_file():
                _digest(target, folder, files)
    elif path.suffix == ".yaml":
        for table in lookup_files(path, folder):
            _digest(table, folder, files)


def lookup_files(path: Path, folder: Path) -> list[Path]:
    """The look-up tables (`table: {file: x.csv}`) that a mapping table names, from the site's folder."""
    try:
        named = [node.get("file") for node in maps(load_yaml(path))]
    except Invalid:  # lint says it better
        return []
    return [folder / text for text in named if isinstance(text, Text) and text.endswith(".csv")]
