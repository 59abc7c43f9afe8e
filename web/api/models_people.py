"""The shapes of looking patients up, assigning pages, repair, who comes tomorrow, boxes. Times are milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import Field

from web.api.models_base import Answer, Asked, Limit
from web.api.models_scan import PageId, PatientBrief

Ref = Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,40}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
After = Annotated[str | None, Field(max_length=20)]
FieldWord = Literal["number", "name", "birth_date"]
How = Literal["label", "typed", "scanned", "ocr", "file", "appointment", "previous"]


class LookupAsked(Asked):
    """A number, a name in any form, pinyin or its initials, a birth date, or several of them; or a label's code."""

    text: Annotated[str, Field(max_length=100)]
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class PatientFound(PatientBrief):
    """`why`: by what. `merged_from`: the old number, when a merge led here."""

    why: Literal["number", "birth", "name", "pinyin", "initials"]
    merged_from: str | None


class PatientsFound(Answer):
    items: list[PatientFound]


class CandidatesAsked(Asked):
    page: PageId


class PageCandidate(Answer):
    """Whose the page may be; `place`: where on the page that stands, in parts of it."""

    patient: PatientBrief
    why: Literal["label", "text", "file", "appointment", "previous"]
    place: list[float] | None
    page: str


class PageCandidates(Answer):
    items: list[PageCandidate]


class AssignAsked(Asked):
    """`pages`: ids, `all`, or `rest` (those of nobody yet). `patient`: null takes them away. `note`: why in spite of a
    contradiction, which another person then confirms."""

    pages: Annotated[list[PageId], Field(max_length=5000)] | Literal["all", "rest"]
    patient: Ref | None
    how: How = "typed"
    note: Annotated[str, Field(max_length=200)] = ""


class ConfirmAsked(Asked):
    act: Annotated[int, Field(ge=1, le=2**53)]


class Contradiction(Answer):
    """A problem that names the fields which the page says otherwise, and the pages; never a value."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    fields: list[FieldWord]
    pages: list[str]


class RepairAsked(Asked):
    """`pages` of a document or of a batch, whole `documents`, or both; all to one patient."""

    documents: Annotated[list[Ref], Field(max_length=500)] = Field(default_factory=list)
    pages: Annotated[list[PageId], Field(max_length=5000)] = Field(default_factory=list)
    to: Ref


class RepairNoted(RepairAsked):
    note: Annotated[str, Field(min_length=1, max_length=200)]


class RepairDocument(Answer):
    """What becomes of a document. moves: it goes whole; splits: some pages leave it and become `pages` of another."""

    id: str
    kind: str
    title: str
    date: str
    from_: Annotated[PatientBrief, Field(alias="from")]
    becomes: Literal["moved", "split"]
    pages: int
    left: int
    sent: bool


class RepairReader(Answer):
    """Somebody who saw what was filed wrongly."""

    who: str
    when: int


class RepairPreview(Answer):
    """`withdrawals`: documents whose former place was told onward. `conflicts`: words why it cannot be done so."""

    from_: Annotated[list[PatientBrief], Field(alias="from")]
    to: PatientBrief
    documents: list[RepairDocument]
    pages: int
    withdrawals: int
    readers: list[RepairReader]
    conflicts: list[str]


class Repaired(Answer):
    """`act`: what undoing it would name. `documents`: ids that are new."""

    act: int
    moved: list[str]
    made: list[str]
    pages: int


class TomorrowAsked(Asked):
    day: Day
    department: Annotated[str, Field(max_length=40)] = ""
    after: After = None
    limit: Limit = 100


class TomorrowRow(Answer):
    """Somebody who comes. scanned: documents; in_work: pages in none yet; paper: where the paper is said to be."""

    id: str
    patient: PatientBrief | None
    number: str
    name: str
    department: str
    time: str
    reason: str
    scanned: int
    in_work: int
    paper: str
    box: str
    first: bool


class Tomorrow(Answer):
    """`counts`: total, first, paper, and `department:CODE`."""

    items: list[TomorrowRow]
    next: str | None
    counts: dict[str, int]


class FirstAsked(Asked):
    on: bool


BoxId = Annotated[str, Path(pattern="^[0-9a-z]{1,14}$")]
BoxCode = Annotated[str, Field(min_length=1, max_length=60)]
Short = Annotated[str, Field(max_length=100)]
BoxState = Literal["open", "full", "stored"]
Sheets = Annotated[int | None, Field(ge=0, le=1_000_000)]


class BoxesAsked(Asked):
    """`project`: exactly this one; empty: boxes without one."""

    project: Short | None = None
    after: After = None
    limit: Limit = 50


class BoxFields(Asked):
    project: Short = ""
    shelf: Short = ""
    title: Annotated[str, Field(max_length=200)] = ""
    sheets: Sheets = None
    state: BoxState = "open"


class BoxNew(BoxFields):
    code: BoxCode


class BoxPatch(BoxFields):
    """What is not sent stays."""

    code: BoxCode | None = None


class Box(Answer):
    """`batches`: by state; `images` and `documents` that came out of it."""

    id: str
    code: str
    project: str
    shelf: str
    title: str
    sheets: int | None
    state: BoxState
    batches: dict[str, int]
    images: int
    documents: int
    created_at: int


class Boxes(Answer):
    items: list[Box]
    next: str | None


class Project(Answer):
    """`sheets`: said to be in its boxes (`unsaid`: boxes of which nobody said); `fed`: of its batches; `days`: left."""

    project: str
    boxes: dict[str, int]
    sheets: int
    unsaid: int
    fed: int
    images: int
    batches: dict[str, int]
    documents: int
    a_day: float
    days: int | None


class Projects(Answer):
    items: list[Project]
