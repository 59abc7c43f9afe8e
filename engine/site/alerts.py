"""The rules under `alerts:`: when somebody is told, who, and through which connections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from engine.site.nodes import Items, Map, Node, Text
from engine.site.problems import (
    BAD_VALUE,
    NO_CARRIER,
    NOT_TOLD_OF,
    UNKNOWN_CONNECTION,
    UNKNOWN_ROUTE,
    Invalid,
    Problem,
    invalid,
)
from engine.site.settings import build, nearest, option
from engine.site.units import Duration, Percent, Rate, Size

if TYPE_CHECKING:
    from engine.site.settings import Context

FOR = Duration(60)
INTERVAL = Duration(60)
OVER = Duration(3600)
MAIL, POST = "mail", "post"
"""The operations that a connection must have to carry an e-mail, or a webhook."""


# ---- names of routes and connections


@dataclass(frozen=True, slots=True)
class _Names:
    """`all`, or a list of names; `names` is None for all."""

    names: tuple[str, ...] | None = None

    def has(self, name: str) -> bool:
        return self.names is None or name in self.names

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        return {"anyOf": [{"const": "all"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}

    @classmethod
    def _read(cls, node: Node, known: Any, code: str, what: str) -> Self:
        if isinstance(node, Text) and node == "all":
            return cls(None)
        if not isinstance(node, Items) or not node or not all(isinstance(item, Text) for item in node):
            raise invalid(node, BAD_VALUE, f"{what}s are needed here", "write `all`, or a list of names: `[a, b]`")
        problems = [
            Problem(item.at, code, f"there is no {what} `{item}`", nearest(str(item), known))
            for item in node
            if item not in known
        ]
        if problems:
            raise Invalid(problems)
        return cls(tuple(str(item) for item in node))


class RouteNames(_Names):
    """Routes."""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        return cls._read(node, sorted(context.routes), UNKNOWN_ROUTE, "route")


class ConnectionNames(_Names):
    """Connections."""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        return cls._read(node, sorted(context.connections), UNKNOWN_CONNECTION, "connection")


class Secured(ConnectionNames):
    """Connections with a certificate of their own."""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        found = cls._read(node, sorted(context.connections), UNKNOWN_CONNECTION, "connection")
        for item in node if isinstance(node, Items) else ():
            module = context.connections[str(item)].module
            if module is not None and "tls" not in module.Settings.__dataclass_fields__:
                text, advice = f"`{item}` has no certificate", "name connections with `tls`, or write `all`"
                raise invalid(item, NOT_TOLD_OF, text, advice)
        return found


ALL_ROUTES, ALL_CONNECTIONS, ALL_SECURED = RouteNames(), ConnectionNames(), Secured()


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the day, local time; written `07:00-19:00`. Over midnight when the end is the earlier one."""

    begin: int
    end: int

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        clock = r"([01]\d|2[0-3]):([0-5]\d)"
        match = re.fullmatch(f"{clock}-{clock}", node) if isinstance(node, Text) else None
        if match is None or match[1] + match[2] == match[3] + match[4]:
            raise invalid(node, BAD_VALUE, "these are no hours of the day", "write `07:00-19:00`")
        return cls(int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4]))

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\d\d:\d\d-\d\d:\d\d$", "examples": ["07:00-19:00"]}

    def has(self, minute: int) -> bool:
        """Whether this minute of the day lies within."""
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


# ---- conditions, each by its word


@dataclass(frozen=True)
class DeadLetter:
    """Runs of these routes are dead."""

    dead_letter: RouteNames = option("`all`, or a list of routes")


@dataclass(frozen=True)
class Held:
    """Runs of these routes are held until a person decides."""

    held: RouteNames = option("`all`, or a list of routes")


@dataclass(frozen=True)
class Doubt:
    """Nobody knows whether a call of these routes arrived."""

    doubt: RouteNames = option("`all`, or a list of routes")


@dataclass(frozen=True)
class Overdue:
    """A wait of these routes is over its time, whatever alert its `on_timeout` names."""

    overdue: RouteNames = option("`all`, or a list of routes")


@dataclass(frozen=True)
class IdentityConflict:
    """A message came with an identity that was there, and other content."""

    identity_conflict: ConnectionNames = option("`all`, or a list of connections")


@dataclass(frozen=True)
class QueueOlderThan:
    """A run stands at a call for so long; `since` is the first attempt of that step."""

    queue_older_than: Duration = option("the age of the oldest")
    connections: ConnectionNames = option("whose calls; all when left out", ALL_CONNECTIONS)
    routes: RouteNames = option("of which routes; all when left out", ALL_ROUTES)


@dataclass(frozen=True)
class ConnectionIs:
    """A connection says that it is down; `degraded`: degraded or down. One that a person has stopped is neither."""

    connection: Literal["down", "degraded"] = option("how bad")
    of: ConnectionNames = option("which; all when left out", ALL_CONNECTIONS)


@dataclass(frozen=True)
class DiskLow:
    """Less than so much is left on the disk of the state folder."""

    disk_low: Size | Percent = option("what should be left, as `5GiB` or `10%`")


@dataclass(frozen=True)
class CertificateEnds:
    """The certificate of a connection ends within this time, or has ended."""

    certificate: Duration = option("how long before its end")
    of: Secured = option("which connections; all when left out", ALL_SECURED)


@dataclass(frozen=True)
class Clock:
    """The clock of this computer jumped by more than this; the alert ends ten minutes after the jump."""

    clock: Duration = option("how far")


@dataclass(frozen=True)
class RateBelow:
    """Fewer messages than expected: silence is an alarm. Not judged before the engine has run for `over`."""

    rate_below: Rate = option("messages in a time, as `10/h`")
    of: ConnectionNames = option("which connections; received, of a connection that is only called: sent")
    over: Duration = option("measured over the last", OVER)
    between: Hours | None = option("judged only at these hours of the day, as `07:00-19:00`", None)


@dataclass(frozen=True)
class RateAbove:
    """More messages than expected."""

    rate_above: Rate = option("messages in a time, as `5000/h`")
    of: ConnectionNames = option("which connections; received, of a connection that is only called: sent")
    over: Duration = option("measured over the last", OVER)
    between: Hours | None = option("judged only at these hours of the day", None)


@dataclass(frozen=True)
class StoreRefuses:
    """The store takes no writes: a full disk, a disk that is gone. Told even then."""

    store: Literal["refuses"] = option("takes no writes")


WORDS: dict[str, type] = {
    "dead_letter": DeadLetter, "held": Held, "doubt": Doubt, "overdue": Overdue,
    "identity_conflict": IdentityConflict, "queue_older_than": QueueOlderThan, "connection": ConnectionIs,
    "disk_low": DiskLow, "certificate": CertificateEnds, "clock": Clock, "rate_below": RateBelow,
    "rate_above": RateAbove, "store": StoreRefuses,
}  # fmt: skip


@dataclass(frozen=True)
class When:
    """One condition: its word, and the settings of its class in `WORDS`."""

    word: str
    settings: Any

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        words = [key for key in node if key in WORDS] if isinstance(node, Map) else []
        if len(words) != 1:
            known = ", ".join(WORDS)
            if isinstance(node, Map) and not words:
                wrong = next(iter(node), "")
                advice = nearest(wrong, WORDS)
            else:
                advice = f"write one of them: {known}"
            raise invalid(node, BAD_VALUE, "a condition has one of the words that are known", advice)
        return cls(words[0], build(WORDS[words[0]], node, context))


# ---- who is told, and how


@dataclass(frozen=True)
class Email:
    """`email: {through: mail_out, to: [it@hospital.example]}`"""

    through: str = option("a connection that sends mail (smtp_out)")
    to: tuple[str, ...] = option("addresses")


@dataclass(frozen=True)
class Webhook:
    """`webhook: {through: pager, path: /alerts}`"""

    through: str = option("a connection that posts (http_out)")
    path: str = option("after the address of the connection", "")


@dataclass(frozen=True)
class AlertKeys:
    """`ward_desk: {roles: [OP], when: [{dead_letter: all}], for: 2m, email: {through: mail_out, to: [...]}}`"""

    roles: tuple[str, ...] = option("whose it is: roles")
    help: str = option("what to do", "")
    contact: str = option("whom to call", "")
    when: tuple[When, ...] = option("conditions, each of which begins an alert of its own", ())
    for_: Duration = option("a condition must hold so long before it begins, and be gone so long before it ends", FOR)
    email: Email | None = option("tell by e-mail", None)
    webhook: Webhook | None = option("tell by a POST of JSON", None)
    language: Literal["en", "es", "zh"] = option("of the e-mail", "en")
    interval: Duration = option("at most one message in this time: what begins and ends meanwhile goes together",
                                INTERVAL)  # fmt: skip


@dataclass(frozen=True)
class Alert:
    """A rule: when somebody is told, who and how. Without `when` it is raised only where a route names it."""

    name: str
    roles: tuple[str, ...]
    help: str = ""
    contact: str = ""
    when: tuple[When, ...] = ()
    for_: Duration = FOR
    email: Email | None = None
    webhook: Webhook | None = None
    language: str = "en"
    interval: Duration = INTERVAL
    source: Map = field(default_factory=Map, repr=False, compare=False)


_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


def build_alert(name: str, node: Node, context: Context) -> Alert:
    """The rule of this name; raises `Invalid` with every fault."""
    keys = build(AlertKeys, node, context)
    problems: list[Problem] = []
    assert isinstance(node, Map)
    for key, way, operation, what in (
        ("email", keys.email, MAIL, "sends no mail"), ("webhook", keys.webhook, POST, "posts nothing"),
    ):  # fmt: skip
        if way is not None:
            problems += _through(way.through, node[key], context, operation, what)
    if keys.email is not None:
        problems += _addresses(node["email"])
    if problems:
        raise Invalid(problems)
    given = {part: getattr(keys, part) for part in AlertKeys.__dataclass_fields__}
    return Alert(name, **given, source=node)


def _through(name: str, node: Node, context: Context, operation: str, what: str) -> list[Problem]:
    assert isinstance(node, Map)
    place, known = node["through"].at, context.connections.get(name)
    if known is None:
        return [
            Problem(place, UNKNOWN_CONNECTION, f"there is no connection `{name}`", nearest(name, context.connections))
        ]
    if known.module is None or operation in getattr(known.module, "CALLS", {}):
        return []
    able = [one for one, it in context.connections.items() if operation in getattr(it.module, "CALLS", {})]
    word = "smtp_out" if operation == MAIL else "http_out"
    advice = f"write one of: {', '.join(able)}" if able else f"add a connection of `type: {word}`"
    return [Problem(place, NO_CARRIER, f"`{name}` is {known.type}, which {what}", advice)]


def _addresses(node: Node) -> list[Problem]:
    items = node.get("to") if isinstance(node, Map) else None
    assert isinstance(items, Items)
    if not items:
        return [Problem(items.at, BAD_VALUE, "nobody is named", "write `to: [name@host]`")]
    return [
        Problem(item.at, BAD_VALUE, f"`{str(item)[:60]}` is no address", "write `name@host` in plain letters")
        for item in items
        if not isinstance(item, Text) or not _ADDRESS.fullmatch(item)
    ]
