"""The shapes of people as an administrator keeps them, and of a person's own sessions and settings."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field, model_validator

from engine.ops.users import ROLES
from web.api.models_base import Answer, Asked, Limit, MaybeTime, Text, Time

Login = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._@-]{0,59}$")]
Role = Annotated[str, Field(pattern=f"^({'|'.join(ROLES)})$")]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(ROLES))]
Number = Annotated[str, Field(max_length=40)]
Certificate = Annotated[str, Field(max_length=120)]
Department = Annotated[str, Field(max_length=60)]


class UsersAsked(Asked):
    """`text`: a part of login, name, staff number or department."""

    text: Text = ""
    role: Role | None = None
    state: Literal["active", "disabled", "all"] = "active"
    after: Annotated[str, Field(max_length=60)] | None = None
    limit: Limit = 50


class UserRow(Answer):
    """`seen_at` to the minute; `sessions` that are open; `me`: the person who asks."""

    login: str
    name: str
    roles: list[str]
    department: str
    staff_number: str
    certificate_id: str
    created_at: Time
    seen_at: MaybeTime
    disabled_at: MaybeTime
    sessions: int
    me: bool


class UserCounts(Answer):
    active: int
    disabled: int


class Users(Answer):
    items: list[UserRow]
    next: str | None
    counts: UserCounts


class UserNew(Asked):
    """Empty numbers are none."""

    login: Annotated[str, Field(max_length=60)]
    name: Text
    roles: Roles
    department: Department = ""
    staff_number: Number = ""
    certificate_id: Certificate = ""


class UserPatch(Asked):
    """What is not sent stays."""

    name: Text | None = None
    roles: Roles | None = None
    department: Department | None = None
    staff_number: Number | None = None
    certificate_id: Certificate | None = None


class UserLink(Answer):
    """The end of the address that signs in, told this once; it works once, until `expires_at`."""

    path: str
    expires_at: Time


class OpenSession(Answer):
    """`mine`: the one in which this is asked."""

    id: str
    created_at: Time
    seen_at: Time
    expires_at: Time
    mine: bool


class OpenSessions(Answer):
    items: list[OpenSession]


class Ended(Answer):
    count: int


Press = Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[!-~]$")]


class KeysAsked(Asked):
    """`keys`: what a pressed key means instead, both as one character; each key is meant by exactly one."""

    keys: Annotated[dict[Press, Press], Field(max_length=94)]

    @model_validator(mode="after")
    def _each_once(self) -> KeysAsked:
        if set(self.keys) != set(self.keys.values()):
            raise ValueError("a key that means another one needs another that means it")
        return self
