"""A test of a route as it is written: typed, with the line of everything that may fail.

Unknown keys are errors with line, column and what to write, as in routes.yaml.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, Self

from engine.site.conditions import Condition
from engine.site.nodes import NOWHERE, Items, Map, Node, Place, Text
from engine.site.problems import BAD_VALUE, MISSING_KEY, UNKNOWN_KEY, invalid
from engine.site.settings import Context, build, nearest, option
from engine.site.units import Duration, SitePath

MISSING_FILE = "WB-7315"
"""A test names a file that is not there."""


class TestFile(SitePath):
    """A file; its path starts at the folder of the test."""

    __test__ = False  # not a test class of pytest

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        path = super().from_node(node, context)
        if not path.is_file():
            raise invalid(node, MISSING_FILE, f"there is no file `{node}`", f"it is looked for in {context.folder}")
        return path


@dataclass(frozen=True)
class Given:
    """A message as its channel would hand it over. One of `file` and `body`."""

    connection: str = option("the connection that it comes in by")
    operation: str = option("what the channel would call it", "")
    file: TestFile | None = option("the file with its body", None)
    body: Text | None = option("its body, written here", None)
    content_type: str = option("its content type (default: by the file's name, else XML)", "")
    meta: dict[str, str] = option("what the channel tells beside it", {})
    identity: tuple[str, ...] = option("the channel's own key, where it has one", ())
    set: dict[str, str] = option("texts that are changed in the body: by XPath in XML, by field in HL7", {})
    at: Place = option("", NOWHERE)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        made = _fields(cls, node, context)
        if (made["file"] is None) == (made["body"] is None):
            raise invalid(node, MISSING_KEY, "a message has one of `file` and `body`", "write `file: order.xml`")
        return cls(**made, at=node.at)


@dataclass(frozen=True)
class Answer:
    """What a peer answers: one of the keys."""

    value: Any = option("texts, lists and mappings", None)
    file: TestFile | None = option("a file: .xml, .json, .hl7 and .txt are read, others are documents", None)
    xml: Text | None = option("XML, written here", None)
    json: Text | None = option("JSON, written here as text", None)
    text: Text | None = option("text", None)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        made = _fields(cls, node, context)
        if sum(one is not None for one in made.values()) != 1:
            raise invalid(node, MISSING_KEY, "an answer has one of its keys", "write `xml: '<Response>..</Response>'`")
        return cls(**made)


@dataclass(frozen=True)
class Mock:
    """How a peer treats the requests that fit. The first one that fits and has `times` left counts."""

    operation: str = option("only this operation", "")
    when: Condition | None = option(
        "only requests for which this holds: `body` is the request's body, `request` all its arguments", None
    )
    answer: Answer | None = option("what it answers (nothing when left out)", None)
    fail: Literal["unavailable", "refused", "in_doubt"] | None = option("how it fails instead", None)
    arrived: bool = option("in doubt: whether the peer has done it all the same", True)
    reason: str = option("the reason of the failure", "the test says so")
    times: int | None = option("for so many requests; then the next one counts", None)
    at: Place = option("", NOWHERE)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        made = _fields(cls, node, context)
        if made["answer"] is not None and made["fail"] is not None:
            raise invalid(node, BAD_VALUE, "`answer` and `fail` exclude each other", "write one of them")
        return cls(**made, at=node.at)


Mocks = dict[str, tuple[Mock, ...]]


@dataclass(frozen=True)
class FileCame:
    """A finished file lies in a watched folder."""

    connection: str = option("the connection of the folder")
    file: TestFile = option("the file")
    path: str = option("where, below the connection's folder (default: where the one run waits, with its own name)", "")
    name: str = option("its name there, when `path` is left out (default: its own)", "")
    complete: bool = option("false: still being written", True)


@dataclass(frozen=True)
class PersonSays:
    """What a person does with the run that is held, dead, or waiting."""

    do: Literal["arrived", "again", "ask", "retry", "cancel", "refuse", "reread", "ignore", "anew"] = option(
        "an answer to a doubt (arrived, again, ask), retry, cancel, refuse or reread the report, "
        "or what becomes of a repeat with other content (ignore, anew)"
    )
    run: dict[str, str] = option("labels of the run (default: the one that it can mean)", {})
    note: str = option("what the person writes", "in a test")


@dataclass(frozen=True)
class Signed:
    """A physician asks for the signature and answers on the phone."""

    answer: Literal["accepted", "refused", "expired", "broken"] = option(
        "accepted; refused; expired: never answers; broken: the acceptance gate refuses what comes back"
    )
    run: dict[str, str] = option("labels of the run (default: the one that waits)", {})
    file: TestFile | None = option("the signed document (default: the document as it was sent)", None)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        if isinstance(node, Text):
            return cls(**_fields(cls, Map({"answer": node}, node.at, {"answer": node.at}), context))
        return cls(**_fields(cls, node, context))


@dataclass(frozen=True)
class SignalSent:
    """A signal, as the step `signal` of another route would send it."""

    route: str = option("whose runs are meant")
    labels: dict[str, str] = option("labels that they have")
    do: Literal["set", "cancel", "wake"] = option("what happens to them")
    values: dict[str, str] = option("for set: texts by path", {})
    set_labels: dict[str, str] = option("for set: labels", {})


@dataclass(frozen=True)
class Matcher:
    """What a text must be: written as the text itself, or as one of these."""

    text: str | None = None
    form: str = "is"
    at: Place = NOWHERE

    FORMS = ("is", "contains", "matches", "present", "absent", "count")

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        if isinstance(node, Text):
            return cls(str(node), "is", node.at)
        if not isinstance(node, Map) or len(node) != 1:
            raise invalid(node, BAD_VALUE, "a text or one comparison is needed", f"write one of {', '.join(cls.FORMS)}")
        form, wish = next(iter(node.items()))
        if form not in cls.FORMS or not isinstance(wish, Text):
            raise invalid(node.place_of(form), UNKNOWN_KEY, f"unknown comparison `{form}`", nearest(form, cls.FORMS))
        return cls(str(wish), form, node.at)


Paths = dict[str, Matcher]


@dataclass(frozen=True)
class Arguments:
    """One request that went out: any argument of the call, as a text or by paths into it."""

    operation: str = ""
    attempts: Matcher | None = None
    arguments: dict[str, Matcher | Paths] = dataclasses.field(default_factory=dict)
    at: Place = NOWHERE

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        if not isinstance(node, Map):
            raise invalid(node, BAD_VALUE, "a request is needed here", "write `{operation: NAME, body: {PATH: TEXT}}`")
        found: dict[str, Matcher | Paths] = {}
        for name, wish in node.items():
            if name in ("operation", "attempts"):
                continue
            one = isinstance(wish, Text) or (isinstance(wish, Map) and len(wish) == 1 and set(wish) <= {*Matcher.FORMS})
            found[name] = Matcher.from_node(wish, context) if one else build(dict[str, Matcher], wish, context)
        operation = build(str, node["operation"], context) if "operation" in node else ""
        attempts = Matcher.from_node(node["attempts"], context) if "attempts" in node else None
        return cls(operation, attempts, found, node.at)


@dataclass(frozen=True)
class Replied:
    """The reply to a message."""

    kind: Literal["accepted", "repeat", "invalid", "conflict", "unavailable", "refused"] | None = option(
        "what became of it", None
    )
    code: Matcher | None = option("its code", None)
    reason: Matcher | None = option("its reason", None)
    contains: str = option("a text in its body", "")
    xpath: Paths = option("texts in its body, by XPath", {})
    at: Place = option("", NOWHERE)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        return cls(**_fields(cls, node, context), at=node.at)


@dataclass(frozen=True)
class RunIs:
    """How a run is."""

    route: str = option("its route (default: the test's)", "")
    state: Matcher | None = option("its state", None)
    status: Matcher | None = option("its status", None)
    step: Matcher | None = option("the step that it is at", None)
    waits_for: Matcher | None = option("what it waits for", None)
    code: Matcher | None = option("code of its last failure", None)
    reason: Matcher | None = option("reason of its last failure", None)
    labels: Paths = option("its labels", {})
    values: Paths = option("texts of its values, by `name/path`", {})
    events: tuple[str, ...] | None = option("kinds of its events: these, in this order, others between them", None)
    at: Place = option("", NOWHERE)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        return cls(**_fields(cls, node, context), at=node.at)


@dataclass(frozen=True)
class Expect:
    """What must be so. The keys of a run stand here when the route has one run, under `runs` when it has several."""

    reply: Replied | tuple[Replied, ...] | None = option("the last reply; a list: each reply, in order", None)
    runs: tuple[RunIs, ...] | None = option("every run of these routes (without parents of parts), in order", None)
    run: RunIs | None = option("", None)
    sent: dict[str, tuple[Arguments, ...]] = option("what reached these connections, all of it, in order", {})
    attention: tuple[str, ...] | None = option("kinds of the open entries in Attention", None)
    messages: tuple[str, ...] | None = option("outcomes of all messages, in order", None)
    at: Place = option("", NOWHERE)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        if not isinstance(node, Map):
            raise invalid(node, BAD_VALUE, "a mapping is needed here", "write `expect: {state: done}`")
        of_run = {part.name for part in dataclasses.fields(RunIs)} - {"at", "route"}
        own = {part.name for part in dataclasses.fields(cls)} - {"at", "run"}
        for key in node:
            if key not in of_run | own:
                advice = nearest(key, sorted(of_run | own))
                raise invalid(node.place_of(key), UNKNOWN_KEY, f"unknown key `{key}`", advice)
        rest = Map({k: v for k, v in node.items() if k in own}, node.at, node.key_at)
        single = Map({k: v for k, v in node.items() if k in of_run}, node.at, node.key_at)
        made = _fields(cls, rest, context)
        made["run"] = RunIs.from_node(single, context) if single else None
        return cls(**made, at=node.at)


@dataclass(frozen=True)
class Event:
    """One thing that happens, in order: a mapping with one key."""

    advance: Duration | None = option("time passes", None)
    message: Given | None = option("another message comes", None)
    file: FileCame | None = option("a file comes", None)
    sign: Signed | None = option("a physician signs", None)
    signal: SignalSent | None = option("a signal comes", None)
    answer: PersonSays | None = option("a person answers", None)
    restart: Literal["kill", "stop"] | None = option("the engine ends and starts again", None)
    mocks: Mocks = option("from now on these peers answer so", {})
    expect: Expect | None = option("what must be so at this moment", None)
    at: Place = option("", NOWHERE)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        made = _fields(cls, node, context)
        if not isinstance(node, Map) or len(node) != 1:
            raise invalid(node, BAD_VALUE, "an event has one key", "begin the next one with its own `- `")
        return cls(**made, at=node.at)


@dataclass(frozen=True)
class Case:
    """One test."""

    test: str = option("its name")
    route: str = option("the route that `expect` speaks of")
    given: tuple[Given, ...] = option("the messages that come first, in order")
    mocks: Mocks = option("the peers, by the name of their connection", {})
    then: tuple[Event, ...] = option("what happens after that, in order", ())
    expect: Expect | None = option("what must be so at the end", None)
    kill: Literal["each", "every"] | None = option(
        "also run it once for each point of the engine that it passes, killed there (every: at each passing)", None
    )
    at: Place = option("", NOWHERE)

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        if isinstance(node, Map) and isinstance(node.get("given"), Map):
            given = node["given"]
            node = Map({**node, "given": Items([given], given.at)}, node.at, node.key_at)
        made = _fields(cls, node, context)
        if made["expect"] is None and not any(event.expect for event in made["then"]):
            raise invalid(node, MISSING_KEY, "the key `expect` is missing", "write `expect: {state: done}`")
        return cls(**made, at=node.at)


def _fields(cls: Any, node: Node, context: Context) -> dict[str, Any]:
    """The fields of a class as `build` reads them, but for those without a text for analysts."""
    written = [part for part in dataclasses.fields(cls) if part.metadata.get("help")]
    plain = dataclasses.make_dataclass(
        cls.__name__, [(part.name, _hint(cls, part.name), _again(part)) for part in written], frozen=True
    )
    made: Any = build(plain, node, context)
    return {part.name: getattr(made, part.name) for part in written}


def _hint(cls: Any, name: str) -> Any:
    import typing

    return typing.get_type_hints(cls)[name]


def _again(part: dataclasses.Field[Any]) -> Any:
    return dataclasses.field(default=part.default, default_factory=part.default_factory, metadata=part.metadata)
