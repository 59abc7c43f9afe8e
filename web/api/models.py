"""The shapes of every question and answer. `web/ui` makes its TypeScript types from them.

Answers are read from the attributes of what `engine.ops.read_*` returns: a number of milliseconds there is an ISO
8601 UTC text here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def iso(value: Any) -> Any:
    """UTC milliseconds as `2026-01-31T09:15:00.123Z`; text and None stay."""
    if not isinstance(value, int):
        return value
    moment = datetime.fromtimestamp(value / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Time = Annotated[str, BeforeValidator(iso), Field(json_schema_extra={"format": "date-time"})]
MaybeTime = Annotated[str | None, BeforeValidator(iso), Field(json_schema_extra={"format": "date-time"})]
Language = Literal["en", "es", "zh"]
After = Annotated[str | None, Field(default=None, max_length=100)]
Limit = Annotated[int, Field(ge=1, le=200)]
Text = Annotated[str, Field(max_length=100)]
Note = Annotated[str, Field(max_length=1000)]


class Answer(BaseModel):
    """An answer of ours."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True, serialize_by_alias=True)


class Asked(BaseModel):
    """A body that a screen sends: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid")


class Problem(Answer):
    """RFC 9457; `code` is stable, `right` names what a person lacks."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    right: str | None = None


# Signing in


class LinkAsked(Asked):
    token: Annotated[str, Field(min_length=1, max_length=200)]


class LanguageAsked(Asked):
    language: Language


class User(Answer):
    login: str
    name: str
    roles: list[str]
    language: str


class Site(Answer):
    name: str
    band: Literal["DEMO", "TEST", "LIVE"]


class Session(Answer):
    """`nav` names the screens that this person may open; `rights` what they may do there."""

    user: User
    csrf: str
    site: Site
    version: str
    needs_me: int
    nav: list[str]
    rights: list[str]


# Today


class Card(Answer):
    key: str
    count: int
    link: str
    tone: Literal["calm", "info", "warning", "error"]


class Health(Answer):
    state: str
    reasons: list[str]


class Today(Answer):
    cards: list[Card]
    health: Health


# Worklist


Status = Literal["Pending", "Processing", "Processed", "Sent"]


class WorklistAsked(Asked):
    status: Status
    text: Text = ""
    after: After = None
    limit: Limit = 50


class WorklistRow(Answer):
    """`badge`: dead, held, doubt, late, blocked or none. `folder` is where the device puts its report."""

    run_id: str
    status: str
    state: str
    badge: str | None
    name: str
    patient_id: str | None
    patient_number: str
    order_id: str
    exam: str
    since: Time
    waits_for: str
    next_at: MaybeTime
    reason: str
    folder: str | None
    registered: str | None
    can_sign: bool


class Worklist(Answer):
    """`counts` stop at 10000."""

    items: list[WorklistRow]
    next: str | None
    counts: dict[str, int]


# Patients


class PatientsAsked(Asked):
    text: Annotated[str, Field(min_length=1, max_length=100)]
    after: After = None
    limit: Limit = 50


class PatientRow(Answer):
    id: str
    name: str
    birth_date: str
    sex: str
    number: str


class Patients(Answer):
    items: list[PatientRow]
    next: str | None


class Patient(PatientRow):
    details: dict[str, Any]


class PatientOrder(Answer):
    run_id: str
    order_id: str
    exam: str
    route: str
    status: str | None
    state: str
    since: Time
    created_at: Time


class PatientOrders(Answer):
    items: list[PatientOrder]
    next: str | None


class PatientDocument(Answer):
    id: str
    kind: str
    title: str
    url: str
    picture: str
    run_id: str | None
    created_at: Time


class PatientDocuments(Answer):
    items: list[PatientDocument]
    next: str | None


class PatientMessage(Answer):
    id: str
    connection: str
    operation: str
    received_at: Time
    size: int
    outcome: str
    run_id: str


class PatientMessages(Answer):
    items: list[PatientMessage]
    next: str | None


class Access(Answer):
    at: Time
    user: str
    act: str
    subject: str
    origin: str
    run_id: str | None


class PatientAccess(Answer):
    items: list[Access]
    next: str | None


# Dashboard


class EngineState(Answer):
    version: str
    started_at: Time
    pss_mb: float
    queue: int
    writer_queue: int
    wal_bytes: int
    workers: int


class ConnectionRow(Answer):
    name: str
    type: str
    state: str
    reason: str
    since: MaybeTime
    in_: Annotated[int, Field(alias="in")]
    out: int
    waiting: int
    oldest: MaybeTime
    dead: int
    last_error: str
    spark: list[int]
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
    done_today: int
    oldest: MaybeTime
    last_error: str
    spark: list[int]
    help: str
    contact: str


class Dashboard(Answer):
    engine: EngineState
    connections: list[ConnectionRow]
    routes: list[RouteRow]


# Waybill


Act = Literal["retry", "cancel", "arrived", "again", "ask", "choose", "sign"]


class Line(Answer):
    """One line: what it waits for, since when, what happens next, what you may do."""

    text: str
    waits_for: str
    since: Time
    next_at: MaybeTime
    may: list[Act]


class MessageFacts(Answer):
    id: str
    connection: str
    operation: str
    received_at: Time
    size: int
    outcome: str
    code: str
    reason: str
    repeats: int


class RunLink(Answer):
    id: str
    state: str
    status: str | None


class Label(Answer):
    name: str
    value: str
    phi: bool
    masked: bool


class Step(Answer):
    id: str
    verb: str
    state: Literal["done", "current", "ahead", "skipped", "failed"]
    at: MaybeTime
    attempts: int
    has_value: bool
    kind: str | None
    value: str | None
    help: str
    contact: str


class Effect(Answer):
    step: str
    connection: str
    operation: str
    state: str
    attempts: int
    at: Time
    settled_at: MaybeTime
    code: str
    reason: str


class Event(Answer):
    at: Time
    kind: str
    step: str
    code: str
    text: str
    user: str


class RunAttention(Answer):
    id: int
    kind: str
    code: str
    reason: str
    created_at: Time
    acknowledged_by: str


class Waybill(Answer):
    """A run, or (`state` = the outcome, no steps) a message that no run came from."""

    id: str
    route: str | None
    revision: str | None
    state: str
    status: str | None
    step: str | None
    created_at: Time
    line: Line
    message: MessageFacts | None
    parent: RunLink | None
    children: list[RunLink]
    labels: list[Label]
    steps: list[Step]
    effects: list[Effect]
    events: list[Event]
    attention: list[RunAttention]
    patient_id: str | None


class OpenedValue(Answer):
    """`text` is None for bytes; `truncated` when the text was longer than what is shown."""

    kind: str
    content_type: str
    text: str | None
    size: int
    truncated: bool


class NoteAsked(Asked):
    note: Note = ""


class DoubtAsked(Asked):
    answer: Literal["arrived", "again", "ask"]
    note: Note = ""


# Attention


class AttentionItem(Answer):
    id: int
    run_id: str | None
    message_id: str | None
    file_id: int | None
    order_id: str
    reason: str
    created_at: Time
    acknowledged_by: str


class AttentionGroup(Answer):
    """`count` counts all, `items` holds the 50 newest. `answers` are what `close` takes."""

    kind: str
    code: str
    cause: str
    route: str
    step: str
    count: int
    oldest: Time
    help: str
    contact: str
    answers: list[str]
    items: list[AttentionItem]


class Attention(Answer):
    groups: list[AttentionGroup]


class AcknowledgeAsked(Asked):
    note: Note = ""


class CloseAsked(Asked):
    answer: Annotated[str, Field(min_length=1, max_length=40)]
    note: Note = ""


# Unmatched files


class Candidate(Answer):
    run_id: str
    label: str
    why: str


class UnmatchedFile(Answer):
    id: int
    connection: str
    path: str
    size: int
    first_seen: Time
    state: str
    reason: str
    has_content: bool
    candidates: list[Candidate]


class Unmatched(Answer):
    items: list[UnmatchedFile]


class ChooseAsked(Asked):
    run_id: Annotated[str, Field(min_length=36, max_length=36)]


class ReasonAsked(Asked):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


# Signing


class SignJob(Answer):
    id: int
    state: str
    owner_me: bool
    expires_at: MaybeTime
    reason: str


class SignRow(Answer):
    run_id: str
    name: str
    patient_number: str
    exam: str
    order_id: str
    since: Time
    urgent: bool
    job: SignJob | None
    blocked: str | None


class SignQueue(Answer):
    mine: list[SignRow]
    pool: list[SignRow]


class SignDocument(Answer):
    """`pages` is None until the document was looked into."""

    url: str
    sha256: str
    size: int
    pages: int | None


class Match(Answer):
    """A red one (`ok` false) stops the signature."""

    rule: str
    ok: bool
    text: str


class SignReport(Answer):
    """`order` holds the order's fields by name; `next` is the run that follows in the queue."""

    run_id: str
    status: str | None
    state: str
    title: str
    order: dict[str, str]
    patient: PatientRow | None
    document: SignDocument | None
    matches: list[Match]
    job: SignJob | None
    blocked: str | None
    can_sign: bool
    why_not: str | None
    phone_url: str | None
    next: str | None


# Health


class Live(Answer):
    status: Literal["alive"]


class Ready(Answer):
    ready: bool
    reasons: list[str]
