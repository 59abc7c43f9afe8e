"""The shapes of the lists: kinds of documents, departments, stations; and of what the machine has learnt."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from web.api.models_base import Answer, Asked, Time

Code = Annotated[str, Field(min_length=1, max_length=60)]


class Kind(Answer):
    """`values`: rules by which values are looked for on pages of this kind."""

    code: str
    names: dict[str, str]
    family: str
    loinc: str
    kdl: str
    department: str
    threshold: float | None
    values: list[dict[str, Any]]
    position: int
    active: bool


class Department(Answer):
    code: str
    names: dict[str, str]
    position: int
    active: bool


class Station(Answer):
    code: str
    title: str
    languages: str
    options: dict[str, Any]
    active: bool


class Lists(Answer):
    """Also what is not offered any more: documents may have it."""

    kinds: list[Kind]
    departments: list[Department]
    stations: list[Station]


class ImportAsked(Asked):
    """`yaml`: as the export gives it. `apply` false: only say what it would do."""

    yaml: Annotated[str, Field(max_length=1 << 20)]
    apply: bool = False


class ListChanges(Answer):
    """Codes that are added, changed, and not offered any more."""

    added: list[str]
    changed: list[str]
    retired: list[str]


class ListFault(Answer):
    """Where the text is wrong, and what to write."""

    line: int
    column: int
    code: str
    text: str
    advice: str


class ImportResult(Answer):
    """With `faults` nothing was done."""

    applied: bool
    changes: dict[str, ListChanges]
    faults: list[ListFault]


class TrainedModel(Answer):
    """`report`: accuracy, named, precision and top3 are shares of the documents that were held out."""

    id: int
    state: str
    at: Time
    report: dict[str, Any]
