"""The shapes of the lists: kinds of documents, departments, stations; and of what the machine has learnt."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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


class ListVersions(Answer):
    """What each list is now; it is sent back with a change of that list."""

    kinds: str
    departments: str
    stations: str


class Lists(Answer):
    """Also what is not offered any more: documents may have it."""

    kinds: list[Kind]
    departments: list[Department]
    stations: list[Station]
    versions: ListVersions


ListName = Literal["kinds", "departments", "stations"]


class ListUse(Answer):
    """By code, how often it is used; what is not named is used nowhere."""

    kinds: dict[str, int]
    departments: dict[str, int]
    stations: dict[str, int]


class ListAsked(Asked):
    """`items`: all rows in their order, as the YAML has them and checked as it is (`records.lists`); what is left out
    is not offered any more. `version`: what the editor saw."""

    version: Annotated[str, Field(max_length=40)]
    items: Annotated[list[Annotated[dict[str, Any], Field(max_length=40)]], Field(max_length=5000)]


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


class RowFault(Answer):
    """What is wrong in a row (from 0). field: `names.en` and the like; empty: the row as a whole."""

    row: int
    field: str
    code: str
    text: str
    advice: str


class ListSaved(Answer):
    """The lists as they are now; with `faults` nothing was done."""

    changes: ListChanges
    faults: list[RowFault]
    lists: Lists


class TrainedModel(Answer):
    """`report`: accuracy, named, precision and top3 are shares of the documents that were held out."""

    id: int
    state: str
    at: Time
    report: dict[str, Any]
