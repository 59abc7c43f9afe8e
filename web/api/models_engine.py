"""The shapes of the engine's screens: dashboard, connections, routes, and what operators do to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web.api.models_base import Answer, Asked, MaybeTime, Note, Time


class EngineState(Answer):
    version: str
    started_at: Time
    pss_mb: float
    queue: int
    writer_queue: int
    wal_bytes: int
    workers: int


class Pause(Answer):
    """Somebody has paused or stopped it."""

    state: str
    by: str
    at: Time
    note: str


class ConnectionRow(Answer):
    """`waiting` is the depth of its queue: runs that stand at a step of this connection, `oldest` since when.

    `counts`: those runs by state. Rates are of the last minute; `in`, `out`, `refused`, `repeats` and `failed` count
    since the start.
    """

    name: str
    type: str
    state: str
    reason: str
    since: MaybeTime
    in_: Annotated[int, Field(alias="in")]
    out: int
    refused: int
    repeats: int
    failed: int
    rate_in: float
    rate_out: float
    counts: dict[str, int]
    waiting: int
    oldest: MaybeTime
    dead: int
    last_error: str
    spark: list[int]
    pause: Pause | None
    help: str
    contact: str


class RouteRow(Answer):
    name: str
    revision: str
    ready: int
    running: int
    waiting: int
    held: int
    dead: int
    in_: Annotated[int, Field(alias="in")]
    done_today: int
    rate_in: float
    rate_out: float
    oldest: MaybeTime
    last_error: str
    spark: list[int]
    pause: Pause | None
    help: str
    contact: str


class Dashboard(Answer):
    engine: EngineState
    connections: list[ConnectionRow]
    routes: list[RouteRow]


# One connection


class Setting(Answer):
    """A key of its settings as it is written; `given` is false for what was left out and stands for itself."""

    name: str
    value: str
    given: bool
    secret: bool


class HealthChange(Answer):
    at: Time
    state: str
    reason: str


class Use(Answer):
    """A step that uses the connection, with the runs that stand there by state."""

    route: str
    step: str
    verb: str
    counts: dict[str, int]
    oldest: MaybeTime


class ConnectionPage(Answer):
    """`certificate_ends` is None without a certificate of our own."""

    row: ConnectionRow
    settings: list[Setting]
    health: list[HealthChange]
    receives: list[str]
    uses: list[Use]
    certificate_ends: MaybeTime


class OperateAsked(Asked):
    note: Note = ""


class Probed(Answer):
    """`ok` false with the reason; `findings` are the single looks."""

    ok: bool
    text: str
    findings: list[str]


# Routes


class RouteEntry(Answer):
    row: RouteRow
    deployed_at: MaybeTime
    deployed_by: str


class Change(Answer):
    """What a reload would do to one route or connection."""

    kind: str
    name: str
    change: str
    detail: str


class Fault(Answer):
    """What keeps the edited text from being deployed."""

    place: str
    code: str
    text: str
    advice: str


class Plan(Answer):
    """What differs between the text on disk and what runs; `applied` when a reload has done it."""

    changes: list[Change]
    notes: list[str]
    problems: list[Fault]
    applied: bool


class Routes(Answer):
    routes: list[RouteEntry]
    plan: Plan | None


class Node(Answer):
    """A step in the diagram; `at` are the runs that stand there by state, on whatever revision."""

    id: str
    verb: str
    connection: str
    status: str
    conditional: bool
    at: dict[str, int]
    oldest: MaybeTime
    help: str
    contact: str


Way = Literal["next", "choose", "else", "error", "timeout", "refused", "expired", "policy"]


class Edge(Answer):
    """A way from a step to another; `to` is empty for the end."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    way: Way
    label: str


class Diagram(Answer):
    nodes: list[Node]
    edges: list[Edge]


class Revision(Answer):
    revision: str
    deployed_at: Time
    deployed_by: str
    open: int
    current: bool


class RoutePage(Answer):
    row: RouteRow
    diagram: Diagram
    text: str
    receives: list[str]
    revisions: list[Revision]


class RevisionText(Answer):
    """`files`: the transforms that the revision names, by path."""

    revision: str
    text: str
    files: dict[str, str]


class ReloadAsked(Asked):
    """`route` and `revision`: back to an earlier one; neither: what is on disk."""

    route: Annotated[str, Field(max_length=100)] = ""
    revision: Annotated[str, Field(max_length=64)] = ""
    note: Note = ""
