"""The shapes of the screen ALERTS."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from web.api.models_base import Answer, Asked, MaybeTime, Note, Time


class Alert(Answer):
    """`mine`: it is of a rule of my roles. `link` leads to where it can be looked into."""

    id: int
    rule: str
    condition: str
    subject: str
    state: str
    text: str
    began_at: Time
    ended_at: MaybeTime
    told_begin_at: MaybeTime
    told_end_at: MaybeTime
    acknowledged_by: str
    acknowledged_at: MaybeTime
    snoozed_until: MaybeTime
    note: str
    mine: bool
    roles: list[str]
    help: str
    contact: str
    link: str


class Untold(Answer):
    """A target that could not be told yet; it is tried again."""

    rule: str
    target: str
    connection: str
    attempts: int
    since: Time
    reason: str


class Alerts(Answer):
    """`rules` is how many the site has: none explains an empty screen."""

    alerts: list[Alert]
    untold: list[Untold]
    rules: int


class AlertAsked(Asked):
    note: Note = ""


class SnoozeAsked(Asked):
    minutes: Annotated[int, Field(ge=1, le=30 * 24 * 60)]
    note: Note = ""
