"""The shapes of uploads, and of what is listed as a problem of the scan desk."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from web.api.models_base import After, Answer, Asked, Limit

ProblemKind = Literal["incomplete", "unreadable", "stopped", "text", "pdf", "upload", "flagged"]


class UploadAsked(Asked):
    """A file that is about to come in pieces. `batch`: the batch that it is meant for."""

    name: Annotated[str, Field(min_length=1, max_length=500)]
    size: Annotated[int, Field(ge=1, le=2 << 30)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    station: Annotated[str, Field(min_length=1, max_length=40)]
    content_type: Annotated[str, Field(max_length=100)] = ""
    batch: Annotated[str, Field(max_length=20, pattern="^[0-9A-Za-z]*$")] = ""


class Upload(Answer):
    """`received`: bytes that are durable; the next piece begins there. `done`: the server has the file and its hash."""

    id: str
    received: int
    state: Literal["open", "done", "refused"]


class ScanProblemsAsked(Asked):
    """`after`: `next` of the page before."""

    after: After
    limit: Limit = 50


class ScanProblem(Answer):
    """`subject`: a file's name or a document's kind; `since`: milliseconds since 1970.

    `flagged` is what a reader marked as wrong: `reason` is the word, `patient`, `document` and `page` say where. It is
    listed for who may answer it.
    """

    id: str
    kind: ProblemKind
    batch: str | None
    subject: str
    code: str
    reason: str
    since: int
    can_retry: bool
    patient: str | None
    document: str | None
    page: int | None


class ScanProblems(Answer):
    """`counts`: of all, by kind."""

    items: list[ScanProblem]
    next: str | None
    counts: dict[str, int]


class ScanProblemsRetry(Asked):
    """Which, by their ids."""

    ids: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=200)]


class ScanProblemsRetried(Answer):
    """How many are tried again; the others are gone, or a person must look."""

    retried: int
    left: int
