"""Pairs of pages that may be the same."""

from __future__ import annotations

from typing import Literal

from web.api.models_base import After, Answer, Asked, Limit, Note
from web.api.models_scan import PatientBrief

Why = Literal["bytes", "image", "text"]


class DuplicatesAsked(Asked):
    """The open pairs, newest first."""

    after: After = None
    limit: Limit = 50


class DuplicatePage(Answer):
    """One of the two. r: the key of its recipe, for its picture; document: in which it is filed."""

    page: str
    r: str
    number: int
    state: str
    file: str
    width: int
    height: int
    at: int
    patient: PatientBrief | None
    document: str | None
    title: str
    batch: str


class Duplicate(Answer):
    """a: the older. distance: bits of 64 in which their looks differ."""

    id: int
    why: Why
    distance: int
    a: DuplicatePage
    b: DuplicatePage


class Duplicates(Answer):
    """open: how many are not decided, 1000 at most."""

    items: list[Duplicate]
    next: str | None
    open: int


class DecisionAsked(Asked):
    """both: two pages that are alike. same: one page, there twice. patient: one of them is at the wrong patient."""

    decision: Literal["both", "same", "patient"]
    note: Note = ""


class Decided(Answer):
    """How many are left."""

    id: int
    state: str
    open: int
