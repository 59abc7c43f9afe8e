"""What the shapes of questions and answers have in common.

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
