"""The shapes of the waybill and of what people do with it: attention, unmatched files, signing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web.api.models import PatientRow
from web.api.models_base import Answer, Asked, MaybeTime, Note, Time

# Waybill


Act = Literal["retry", "retry_from", "edit", "release", "cancel", "arrived", "again", "ask", "choose", "sign", "answer"]


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
    """`reads`: the names of the values that its text names; `value` is what it left."""

    id: str
    verb: str
    state: Literal["done", "current", "ahead", "skipped", "failed"]
    at: MaybeTime
    attempts: int
    has_value: bool
    kind: str | None
    value: str | None
    reads: list[str]
    help: str
    contact: str


class Question(Answer):
    """What a person is asked, and the words of which one is the answer."""

    step: str
    text: str
    answers: list[str]
    since: Time
    until: MaybeTime


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
    origin: RunLink | None
    resent: list[RunLink]
    order_held: bool
    question: Question | None
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


class RetryFromAsked(Asked):
    step: Annotated[str, Field(min_length=1, max_length=63)]
    note: Note = ""


class EditAsked(Asked):
    """The new body as text; of HL7 with its segments ended by CR."""

    body: Annotated[str, Field(min_length=1, max_length=600_000)]
    note: Note = ""


class AnswerAsked(Asked):
    answer: Annotated[str, Field(min_length=1, max_length=100)]
    note: Note = ""


class NewRun(Answer):
    run_id: str


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
