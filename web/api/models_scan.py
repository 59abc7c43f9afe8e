"""The shapes of the scan desk: batches, their pages, drafts, files and ledger. Times are milliseconds since 1970.

Ids are public ids; those of files and acts are numbers that mean something within their batch only.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from web.api.models_base import Answer, Asked, Limit

BatchState = Literal["open", "stopped", "closed", "filed", "cancelled"]
PageState = Literal["kept", "rescan", "header", "separator", "label", "blank", "dropped", "replaced"]
Sides = Literal["one", "both", "twice"]
Why = Literal["unknown", "count", "documents", "rescan", "pending", "failed", "stopped"]
PageId = Annotated[str, Field(pattern=r"^[0-9A-Za-z]+$", max_length=20)]
PageIds = Annotated[list[PageId], Field(max_length=5000)]
ShortText = Annotated[str, Field(max_length=200)]
Code40 = Annotated[str, Field(max_length=40)]
Sheets = Annotated[int | None, Field(ge=0, le=100_000)]
Languages = Annotated[str, Field(max_length=60, pattern=r"^[a-z_+]*$")]
Part = Annotated[float, Field(ge=0, le=1)]
Crop = Annotated[list[Part], Field(min_length=4, max_length=4)]
FileNumber = Annotated[int, Field(ge=1, le=2**53)]


class Person(Answer):
    """`me`: it is who asks."""

    login: str
    name: str
    me: bool


class PatientBrief(Answer):
    """What is echoed when a page is assigned."""

    id: str
    number: str
    name: str
    birth_date: str
    sex: str


class PageCode(Answer):
    """A barcode on a page; `box` in parts of the page: x, y, width, height."""

    format: str
    kind: Literal["header", "separator", "label", "other"]
    text: str
    box: list[float]


class Recipe(Answer):
    """How a picture is made of the master that never changes; `crop` is in parts of the rotated page."""

    rotate: Literal[0, 90, 180, 270] = 0
    crop: list[float] | None = None
    deskew: float = 0.0
    contrast: int = 0


class Page(Answer):
    """`r` names the recipe: it goes into the pictures' addresses. `ready`: the small picture exists."""

    id: str
    number: int
    position: float
    state: PageState
    reason: str
    flags: list[str]
    codes: list[PageCode]
    skew: float
    width: int
    height: int
    dpi: int
    recipe: Recipe
    r: str
    patient: PatientBrief | None
    assigned_how: str
    draft: str | None
    text: Literal["none", "queued", "done", "failed"]
    file: str
    replaces: str | None
    ready: bool


class SuggestedKind(Answer):
    code: str
    probability: float


class SuggestedValue(Answer):
    """`box`: where on which page it was read."""

    name: str
    value: str
    page: str | None = None
    box: list[float] | None = None


class Suggested(Answer):
    """What the machine says; `abstained`: it is not sure enough to say."""

    kinds: list[SuggestedKind] = Field(default_factory=list)
    values: list[SuggestedValue] = Field(default_factory=list)
    abstained: bool = True


class Draft(Answer):
    """A group of pages that becomes a document; `missing` words what filing still waits for."""

    id: str
    position: float
    state: Literal["open", "filed"]
    pages: list[str]
    patient: PatientBrief | None
    kind: str
    date: str
    department: str
    author: str
    title: str
    episode: str
    details: dict[str, Any]
    suggested: Suggested
    document: str | None
    missing: list[str]


class Lock(Answer):
    by: Person
    at: int


class BatchRow(Answer):
    """`expected`: None while nobody said how many sheets were fed. `flags`: pages with one. `first`: somebody whose
    paper it holds comes soon, and is to be scanned first. `to_confirm`: assignments that wait for a second person."""

    id: str
    state: BatchState
    station: str
    title: str
    operator: Person | None
    lock: Lock | None
    box: str | None
    pages: int
    expected: int | None
    flags: int
    unassigned: int
    drafts: int
    filed: int
    code: str
    reason: str
    created_at: int
    changed_at: int
    pending_files: int
    failed_files: int
    first: bool
    to_confirm: int


class Ledger(Answer):
    """The page ledger; `images` is the sum of the states, and of files that are not joined nothing is counted.
    `documents` that were said (null: nobody did); `groups` of pages, or separators while there are none."""

    sheets: int | None
    sides: Sides
    expected: int | None
    images: int
    kept: int
    rescan: int
    label: int
    separator: int
    header: int
    blank: int
    dropped: int
    replaced: int
    pending_files: int
    failed_files: int
    documents: int | None
    groups: int
    balances: bool
    why: list[Why]


class File(Answer):
    """`pages` that it has, once known; `taken`: pages of the batch already."""

    id: int
    name: str
    state: Literal["taken", "joined", "failed", "dismissed"]
    pages: int
    taken: int
    code: str
    reason: str
    at: int


class Act(Answer):
    """What somebody did; `can_undo`: nothing later touched the same."""

    id: int
    kind: str
    by: Person | None
    at: int
    undone: bool
    can_undo: bool


class Proposal(Answer):
    """An assignment against what a page says, which waits for a second person; `id`: of its act."""

    id: int
    by: Person | None
    at: int
    note: str
    patient: PatientBrief
    pages: list[str]


class Can(Answer):
    """What who asks may do now."""

    edit: bool
    close: bool
    claim: bool
    take_over: bool
    reopen: bool
    file: bool


class Batch(BatchRow):
    sheets: int | None
    documents: int | None
    sides: Sides
    languages: str
    version: int
    ledger: Ledger
    pages: list[Page]  # type: ignore[assignment] # the row counts them, the whole batch holds them
    drafts: list[Draft]  # type: ignore[assignment]
    files: list[File]
    acts: list[Act]
    proposals: list[Proposal]
    can: Can


class Batches(Answer):
    """`counts`: by state."""

    items: list[BatchRow]
    next: str | None
    counts: dict[str, int]


class BatchChanged(Answer):
    """What an act changed: its pages, all drafts, all that waits for a second person, the ledger."""

    version: int
    ledger: Ledger
    pages: list[Page]
    drafts: list[Draft]
    proposals: list[Proposal]
    act: Act | None


class BatchesAsked(Asked):
    """`mine`: those of whom asks: he is their operator, or works on them. `first`: only those to be scanned first."""

    states: Annotated[list[BatchState], Field(max_length=5)] | None = None
    station: Code40 | None = None
    mine: bool = False
    first: bool = False
    box: Annotated[str, Field(max_length=60)] | None = None
    after: Annotated[str | None, Field(max_length=20)] = None
    limit: Limit = 50


class BatchFields(Asked):
    """What can be said of a batch; in a PATCH what is not sent stays."""

    title: ShortText = ""
    sheets: Sheets = None
    documents: Sheets = None
    sides: Sides = "one"
    languages: Languages = ""
    box: Annotated[str, Field(max_length=60)] | None = None


class BatchNew(BatchFields):
    station: Annotated[str, Field(min_length=1, max_length=40)]


class BatchPatch(BatchFields):
    station: Annotated[str, Field(min_length=1, max_length=40)] | None = None


class DeskNote(Asked):
    """Why a batch is taken over or let go on."""

    note: Annotated[str, Field(min_length=1, max_length=200)]


class DeskReason(Asked):
    """Why a batch is opened again or cancelled, or a file left out."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


ActKind = Literal[
    "rotate",
    "crop",
    "deskew",
    "contrast",
    "move",
    "drop",
    "blank",
    "keep",
    "rescan",
    "flag",
    "replace",
    "interleave",
    "split",
    "join",
    "draft",
    "insert",
]


class ActAsked(Asked):
    """One act on pages. rotate: `by` degrees clockwise; crop: `box` or null for the whole page; deskew: `angle`, null
    for the measured one; contrast: `level`; move and insert: `before` this page, null for the end; drop and rescan:
    `reason`; flag: `on`; replace: `page` stands for the first of `pages`."""

    act: ActKind
    pages: PageIds = Field(default_factory=list)
    by: Literal[-270, -180, -90, 90, 180, 270] = 90
    box: Crop | None = None
    angle: Annotated[float | None, Field(ge=-45, le=45)] = None
    level: Annotated[int, Field(ge=0, le=100)] = 0
    before: PageId | None = None
    reason: ShortText = ""
    page: PageId | None = None
    on: bool = True


class UndoAsked(Asked):
    """`act`: of the batch; without it the newest that is not undone."""

    act: Annotated[int | None, Field(ge=1, le=2**53)] = None
