"""The shapes of the search of messages and runs, and of acts over many of them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web.api.models_base import Answer, Asked, Limit, MaybeTime, Note, Time
from web.api.models_runs import Label

Words = Annotated[list[Annotated[str, Field(max_length=100)]], Field(default_factory=list, max_length=20)]
Moment = Annotated[str | None, Field(default=None, max_length=40, json_schema_extra={"format": "date-time"})]


class FilterAsked(Asked):
    """Everything given must hold; of several words of one kind, one. A label's value may end in `*`: so it begins."""

    labels: Annotated[dict[str, Annotated[str, Field(max_length=400)]], Field(default_factory=dict, max_length=20)]
    since: Moment
    until: Moment
    state: Words
    route: Words
    step: Words
    connection: Words
    operation: Words
    outcome: Words
    code: Annotated[str, Field(max_length=8)] = ""
    text: Annotated[str, Field(max_length=200)] = ""


class SearchAsked(FilterAsked):
    after: Annotated[str | None, Field(default=None, max_length=20)]
    limit: Limit = 50


class RunHit(Answer):
    id: str
    message_id: str
    route: str
    state: str
    status: str | None
    step: str | None
    code: str
    reason: str
    waits_for: str
    since: Time
    created_at: Time
    due_at: MaybeTime
    labels: list[Label]


class RunHits(Answer):
    """A page may hold fewer than asked for and still have a `next`: only one without it is the last."""

    items: list[RunHit]
    next: str | None


class MessageHit(Answer):
    id: str
    connection: str
    operation: str
    route: str | None
    received_at: Time
    outcome: str
    code: str
    reason: str
    size: int
    repeats: int
    runs: list[str]


class MessageHits(Answer):
    items: list[MessageHit]
    next: str | None


class Filters(Answer):
    """What may be chosen in a search: the words of the site."""

    labels: list[str]
    routes: list[str]
    steps: list[str]
    connections: list[str]
    operations: list[str]
    states: list[str]


Act = Literal["retry", "cancel", "resend"]
RunIds = Annotated[list[Annotated[str, Field(pattern="^[0-9a-f-]{36}$")]], Field(default_factory=list, max_length=1000)]


class BulkAsked(Asked):
    """On the runs of `ids`, or without any on all that fit the filter."""

    act: Act
    ids: RunIds
    filter: FilterAsked | None = None


class BulkStart(BulkAsked):
    note: Note = ""


class BulkExample(Answer):
    run_id: str
    route: str
    state: str
    step: str | None
    order_id: str
    reason: str


class BulkGroup(Answer):
    """Runs of one route in one state; `able`: the act is done to them, else they are left as they are."""

    route: str
    state: str
    able: bool
    count: int


class BulkAgain(Answer):
    """Effects that were made and will be made once more."""

    step: str
    connection: str
    operation: str
    count: int


class BulkReason(Answer):
    """Why some were left as they are."""

    reason: str
    count: int


class Preview(Answer):
    """What the act would do: of `runs` that fit, it is done to `count`. `complete` is false where looking stopped."""

    act: str
    runs: int
    count: int
    complete: bool
    groups: list[BulkGroup]
    again: list[BulkAgain]
    examples: list[BulkExample]


class BulkJob(Answer):
    """An act over many runs, while it goes on and a while after. `seen` were looked at, `done` were changed."""

    id: str
    act: str
    by: str
    state: Literal["running", "done", "stopped", "failed"]
    done: int
    seen: int
    all: int
    failed: list[BulkReason]
    started_at: Time
    ended_at: MaybeTime
