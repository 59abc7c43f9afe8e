"""The shapes of every question and answer but those of the waybill. `web/ui` makes its TypeScript types from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from web.api.models_base import After, Answer, Asked, Language, Limit, MaybeTime, Text, Time

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
    keys: dict[str, str]


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


# Health


class Live(Answer):
    status: Literal["alive"]


class Ready(Answer):
    ready: bool
    reasons: list[str]
