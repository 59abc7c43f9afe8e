"""Shapes of the patient's record: tree, reader, search, edit, bulk, history, export.

Ids are public ids, times milliseconds since 1970.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from web.api.models_base import After, Answer, Asked, Limit
from web.api.models_scan import PatientBrief, Person

Level = Literal["episode", "department", "kind", "date"]
Ref = Annotated[str, Field(pattern="^[0-9A-Za-z_-]{1,40}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
MaybeDay = Annotated[str, Field(pattern=r"^(\d{4}-\d\d-\d\d)?$")]
Code = Annotated[str, Field(max_length=60)]
Short = Annotated[str, Field(max_length=100)]
Title = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(max_length=200)]
Box = tuple[float, float, float, float]


class DocBrief(Answer):
    """A document as lists show it. `unread`: this person has not opened it since it last changed. `flagged`: a reader
    marked it as wrong, and nobody has answered yet."""

    id: str
    kind: str
    title: str
    date: str
    department: str
    author: str
    episode: str
    pages: int
    version: int
    state: Literal["current", "withdrawn"]
    origin: Literal["scan", "route"]
    unread: bool
    pinned: bool
    flagged: bool


class TreeNode(Answer):
    """A branch. At the last level `documents` holds them, or is null: then they are asked for with the keys above."""

    key: str
    label: str
    count: int
    nodes: list[TreeNode] = Field(default_factory=list)
    documents: list[DocBrief] | None = None


class InWork(Answer):
    """Pages of this patient that are in no document yet."""

    pages: int
    since: int


class PageInWork(Answer):
    """`checked`: its batch was closed. `r` names the recipe: an address with it may be kept for ever."""

    n: int
    page: str
    width: int
    height: int
    r: str
    checked: bool
    at: int


class PagesInWork(Answer):
    """Those that nobody has checked first, each part in the order in which it was scanned."""

    pages: list[PageInWork]


class Unchecked(Answer):
    """Pages of this patient in a batch that is not closed: readable, under a banner."""

    batch: str
    pages: list[str]


class Tree(Answer):
    by: list[Level]
    patient: PatientBrief
    total: int
    nodes: list[TreeNode]
    in_work: InWork | None
    unchecked: list[Unchecked]


class BranchAsked(Asked):
    """The documents of one branch: the keys from the root to it, in the order of `by`."""

    by: list[Level] = Field(max_length=4)
    keys: list[Code] = Field(max_length=4)
    withdrawn: bool = False
    after: After = None
    limit: Limit = 100


class DocBriefs(Answer):
    items: list[DocBrief]
    next: str | None


class ReaderVersion(Answer):
    """`foreign`: a repair gave pages of it to another patient; only who may repair opens it."""

    version: int
    form: Literal["pictures", "searchable"]
    at: int
    by: str | None
    reason: str
    checks: list[str]
    foreign: bool


class ReaderPage(Answer):
    """`r` names the recipe: an address with it may be kept for ever. `width`, `height`: as the page is shown."""

    n: int
    page: str
    width: int
    height: int
    r: str


Wrong = Literal["patient", "kind", "unreadable", "other"]


class DocumentFlag(Answer):
    """A reader's mark: this is wrong. `whole`: it is on the document; else on page `n` of the newest version, or on one
    that left it (null). `answer`: empty while nobody has answered; `fine`: nothing is wrong."""

    id: int
    whole: bool
    n: int | None
    version: int
    reason: Wrong
    note: str
    by: Person
    at: int
    answer: Literal["", "repaired", "fine"]
    answer_note: str
    answered_by: Person | None
    answered_at: int | None


class FlagAsked(Asked):
    """`n`: a page of the newest version; null: the whole document. With the reason `other` a note says what it is."""

    reason: Wrong
    note: Annotated[str, Field(max_length=500)] = ""
    n: Annotated[int, Field(ge=1, le=100_000)] | None = None


class FlagAnswerAsked(Asked):
    answer: Literal["repaired", "fine"]
    note: Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S")]


class DocumentFlags(Answer):
    items: list[DocumentFlag]


class ReaderDocument(Answer):
    """`pages` is null for a document without pages here: then the PDF itself is shown."""

    document: DocBrief
    patient: PatientBrief
    details: dict[str, Any]
    versions: list[ReaderVersion]
    pages: list[ReaderPage] | None
    flags: list[DocumentFlag]


class FindAsked(Asked):
    text: Annotated[str, Field(min_length=1, max_length=200)]


class PageHits(Answer):
    n: int
    boxes: list[Box]


class Found(Answer):
    hits: list[PageHits]


class PinAsked(Asked):
    on: bool


class RecordsAsked(Asked):
    """What to look for. Everything that is given must hold."""

    text: Annotated[str, Field(max_length=200)] = ""
    patient: Ref | None = None
    kinds: list[Code] = Field(default_factory=list, max_length=100)
    departments: list[Code] = Field(default_factory=list, max_length=100)
    since: MaybeDay = ""
    until: MaybeDay = ""
    author: Short = ""
    states: list[Literal["current", "withdrawn"]] = Field(default_factory=list, max_length=2)
    order: Literal["newest", "oldest"] = "newest"
    after: After = None
    limit: Limit = 50


class SnippetPart(Answer):
    text: str
    hit: bool


class SearchHit(Answer):
    """A document that was found; `page`: the first of its pages with a hit, `hits`: how many pages have one."""

    document: str
    patient: PatientBrief
    kind: str
    title: str
    date: str
    department: str
    pages: int
    hits: int
    page: int | None
    snippet: list[SnippetPart]


class SearchHits(Answer):
    items: list[SearchHit]
    next: str | None
    ms: int


class Attributes(Asked):
    """Attributes of a document; what is left out stays."""

    kind: Annotated[Code, Field(min_length=1)] | None = None
    date: Day | None = None
    department: Code | None = None
    author: Short | None = None
    title: Title | None = None
    episode: Code | None = None
    details: dict[Code, Title] | None = Field(default=None, max_length=40)


class AttributesAsked(Attributes):
    reason: Reason = ""


class WhyAsked(Asked):
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class PagesAsked(WhyAsked):
    """The pages of the new version, in their order."""

    pages: list[Ref] = Field(min_length=1, max_length=2000)


class AttributeChange(Answer):
    name: str
    before: Any
    after: Any


class HistoryEntry(Answer):
    """One act on a document. `by` is a login; null: the machine."""

    id: int
    kind: str
    by: str | None
    at: int
    note: str
    changes: list[AttributeChange]
    bulk: str
    undone_at: int | None
    undone_by: str | None
    can_undo: bool


class History(Answer):
    items: list[HistoryEntry]
    next: str | None


class BulkSearch(Asked):
    """Documents by their attributes."""

    patient: Ref | None = None
    kinds: list[Code] = Field(default_factory=list, max_length=100)
    departments: list[Code] = Field(default_factory=list, max_length=100)
    since: MaybeDay = ""
    until: MaybeDay = ""
    author: Short = ""


class BulkEditAsked(Asked):
    """Which documents (these, or those that the search finds), and what is set in each."""

    documents: list[Ref] | None = Field(default=None, max_length=5000)
    search: BulkSearch | None = None
    set: Attributes
    reason: Reason = ""


class BulkSample(Answer):
    document: str
    changes: list[AttributeChange]


class BulkPreview(Answer):
    """`count`: documents found; `changes`: of these, which would change."""

    count: int
    changes: int
    sample: list[BulkSample]


class BulkDone(Answer):
    bulk: str
    count: int


class BulkUndo(Asked):
    bulk: Ref


class BulkUndone(Answer):
    """`left`: documents that were changed again since, and stay as they are."""

    bulk: str
    count: int
    left: int


class ExportAsked(Asked):
    """These documents, or all current ones of a patient."""

    documents: list[Ref] | None = Field(default=None, min_length=1, max_length=1000)
    patient: Ref | None = None
    form: Literal["pdf", "zip"]


class DraftLeft(Answer):
    """A draft that was not filed, and the words of what it waits for."""

    draft: str
    missing: list[str]


class FiledAll(Answer):
    filed: int
    left: list[DraftLeft]
