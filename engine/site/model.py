"""A site in memory: frozen objects, made only by `engine.site.load`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from engine.site.alerts import Alert as Alert
from engine.site.conditions import Condition
from engine.site.nodes import Map, Node, Place, Text
from engine.site.paths import Where
from engine.site.problems import BAD_VALUE, invalid
from engine.site.settings import option
from engine.site.units import Duration, Percent, Rate, TransformFile

if TYPE_CHECKING:
    from engine.site.settings import Context

DEFAULT_KEEP = Duration(400 * 86400)
DEFAULT_WITHIN = Duration(30)


@dataclass(frozen=True, slots=True)
class Then:
    """What follows an error: written `dead`, `hold` or `go:STEP`."""

    kind: Literal["dead", "hold", "go"]
    step: str = ""

    @classmethod
    def from_node(cls, node: Node, context: Context) -> Self:
        match = re.fullmatch(r"(dead|hold)|go:([a-z][a-z0-9_]*)", node) if isinstance(node, Text) else None
        if match is None:
            raise invalid(node, BAD_VALUE, "this is no way to go on", "write `dead`, `hold` or `go:STEP`")
        return cls(match[1], "") if match[1] else cls("go", match[2])  # type: ignore[arg-type]


@dataclass(frozen=True)
class Policy:
    """How often, and for how long, what is unavailable is tried again."""

    first: Duration = option("pause before the second attempt")
    factor: float = option("each pause is the last one times this", 2.0)
    max: Duration = option("longest pause", Duration(1800))
    jitter: Percent = option(
        "share of a pause that is left to chance, so that many retries do not come at once", Percent(0.2)
    )
    give_up: Duration | None = option("after this time since the first attempt", None)
    times: int | None = option("after so many attempts", None)
    then: Then = option("when given up: dead, hold or go:STEP", Then("dead"))

    def __post_init__(self) -> None:
        if self.first <= 0 or self.max < self.first:
            raise ValueError("`first` must be more than 0 and at most `max`")
        if not 1 <= self.factor <= 100:
            raise ValueError("`factor` must be from 1 to 100")
        if self.times is not None and self.times < 1:
            raise ValueError("`times` must be 1 or more")


@dataclass(frozen=True)
class OnError:
    """Where a step goes on after a failure, before its policy's `then`."""

    refused: Then | None = option("the input, or the peer for good, says no", None)
    unavailable: Then | None = option("the policy has given up", None)


@dataclass(frozen=True)
class Breaker:
    """After so many failures one after the other, nothing is sent for a while; then one is tried."""

    after: int = option("failures one after the other")
    pause: Duration = option("how long nothing is sent", Duration(30))

    def __post_init__(self) -> None:
        if self.after < 1 or self.pause <= 0:
            raise ValueError("`after` must be 1 or more and `pause` more than 0")


@dataclass(frozen=True)
class Connection:
    """A named, configured channel. settings: an instance of the channel module's `Settings`.

    max_in_flight, rate, breaker: limits of what is sent to it; None where there is none (of a sink, its default).
    """

    name: str
    type: str
    settings: Any
    max_in_flight: int | None = None
    rate: Rate | None = None
    breaker: Breaker | None = None
    help: str = ""
    contact: str = ""
    source: Map = field(default_factory=Map, repr=False, compare=False)

    @property
    def tls(self) -> Any:
        """Its TLS settings, also those by which its agent is reached; None without."""
        return getattr(self.settings, "tls", None) or getattr(getattr(self.settings, "agent", None), "tls", None)


@dataclass(frozen=True)
class Order:
    """Runs with the same text at `key` go one after the other until the step `until` settled ('': until their end).

    on_failure: what a dead run means for the later ones: they wait behind it, or pass.
    """

    key: Where
    until: str = ""
    on_failure: Literal["hold", "pass"] = "hold"


@dataclass(frozen=True)
class Receive:
    """What a route takes in, from which connections.

    identity: empty when the channel's own key counts. check: an XSD. reply_ok, reply_invalid: stylesheets.
    reply_when: the answer leaves when the message is stored, or when its run is done, at most reply_within later.
    """

    from_: tuple[str, ...]
    operation: str = ""
    identity: tuple[Where, ...] = ()
    keep: Duration = DEFAULT_KEEP
    check: TransformFile | None = None
    reply_ok: TransformFile | None = None
    reply_invalid: TransformFile | None = None
    reply_when: Literal["stored", "done"] = "stored"
    reply_within: Duration = DEFAULT_WITHIN
    order: Order | None = None


@dataclass(frozen=True)
class Label:
    """A text of a run that people search and lists show.

    path: where it is read; value: a fixed text; with neither it is empty until a step sets it. phi: masked without
    the right. optional: an empty one is no error in a part of a split.
    """

    name: str
    path: Where | None = None
    value: str = ""
    phi: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Step:
    """One checkpoint. settings: an instance of the verb module's. into: the name of its value. policy: a name."""

    id: str
    verb: str
    settings: Any
    when: Condition | None = None
    status: str = ""
    into: str = ""
    policy: str = "default"
    on_error: OnError = OnError()
    help: str = ""
    contact: str = ""
    place: Place = field(default=Place("", 0, 0), compare=False)
    source: Map = field(default_factory=Map, repr=False, compare=False)


@dataclass(frozen=True)
class Route:
    """A durable program. revision: SHA-256 of its canonical text, with the content of the transforms that it names."""

    name: str
    revision: str
    receive: Receive
    labels: tuple[Label, ...]
    steps: tuple[Step, ...]
    help: str = ""
    contact: str = ""
    source: Map = field(default_factory=Map, repr=False, compare=False)

    def step(self, id: str) -> Step:  # noqa: A002 - the word of routes.yaml
        """The step with this id; raises KeyError."""
        return self.steps[self.index(id)]

    def index(self, id: str) -> int:  # noqa: A002
        """Where a step stands; raises KeyError."""
        for index, step in enumerate(self.steps):
            if step.id == id:
                return index
        raise KeyError(id)


@dataclass(frozen=True)
class Site:
    """Everything that `routes.yaml` and its included files say. secrets: where each secret is first named.

    text: the sections as they are written, with the parts that could not be read.
    """

    folder: Path
    connections: dict[str, Connection]
    policies: dict[str, Policy]
    routes: dict[str, Route]
    alerts: dict[str, Alert]
    namespaces: dict[str, str]
    secrets: dict[str, Place] = field(default_factory=dict)
    text: Map = field(default_factory=Map, repr=False, compare=False)

    def receiving(self, connection: str) -> dict[str, Route]:
        """The first route in the file for each operation of a connection: it has the identity and gives the reply."""
        return {operation: routes[0] for operation, routes in self.receivers(connection).items()}

    def receivers(self, connection: str) -> dict[str, tuple[Route, ...]]:
        """All routes that receive from a connection, by operation, in the order of the file."""
        found: dict[str, tuple[Route, ...]] = {}
        for route in self.routes.values():
            if connection in route.receive.from_:
                found[route.receive.operation] = (*found.get(route.receive.operation, ()), route)
        return found
