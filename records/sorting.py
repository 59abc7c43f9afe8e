"""What the sheets among a batch's pages say of the pages behind them: documents, patients, and what is wrong.

Nothing here asks the database: a `Walk` begins with what came before, and is shown page after page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from records import codes
from records.codes import BadCode, Code, Header, Label, Separator
from records.states import PageState

GAP = "WB-8040"  # a separator is missing, or comes twice
BAD = "WB-8041"  # a code is like ours, but not whole or its check character is wrong
UNREADABLE = "WB-8042"  # a sheet is ours by its marks, and none of its codes can be read
MIXED = "WB-8043"  # a sheet is of another batch
COUNT = "WB-8044"  # there are more or fewer separators than the header sheet says documents
TWO = "WB-8045"  # two labels of different patients are on one page

UNKNOWN = "unknown"
"""Flag of a page with a label of nobody that we know."""
SHEET = "sheet"
"""Flag of a page that is a sheet of ours whose code cannot be read."""

Find = Callable[[str], int | None]
"""The patient of this number."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a person must look at a batch before it goes on."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Before:
    """What is known at the place where the walk begins.

    sequence: of the separator before. begins: the next page begins a document. draft: else the one that goes on.
    patient: whose pages these are by the label before.
    """

    batch: str | None
    sequence: int = 0
    begins: bool = False
    draft: int | None = None
    patient: int | None = None


@dataclass(slots=True)
class Sorted:
    """What a page is. begins: it is the first of a new draft; else `draft`, if any."""

    state: PageState
    begins: bool = False
    draft: int | None = None
    patient: int | None = None
    flags: list[str] = field(default_factory=list)


class Walk:
    """Call `page` for each page in its order; `stops` tells what is wrong, first thing first.

    new: of a page that begins a document, its draft's number as soon as it has one, by `went`.
    """

    def __init__(self, before: Before, find: Find) -> None:
        self._batch = before.batch
        self._sequence = before.sequence
        self._begins = before.begins
        self._draft = before.draft
        self._patient = before.patient
        self._find = find
        self.stops: list[Stop] = []
        self.header: Header | None = None

    def page(self, found: Sequence[Mapping[str, Any]], is_sheet: bool) -> Sorted:
        """A page with these barcodes; is_sheet: our marks are on it."""
        ours = [code for one in found if (code := codes.parse(str(one["text"]))) is not None]
        good = [code for code in ours if not isinstance(code, BadCode)]
        if len(good) < len(ours) and not (is_sheet and good):
            # Of a sheet one of two codes is enough: they say the same.
            self._stop(BAD, "a code is like ours, but is not whole or its check character is wrong")
        if header := next((code for code in good if isinstance(code, Header)), None):
            return self._header(header)
        if separator := next((code for code in good if isinstance(code, Separator)), None):
            return self._separator(separator)
        labels = {code.number for code in good if isinstance(code, Label)}
        if labels:
            return self._labelled(labels, is_sheet)
        if is_sheet:
            self._stop(UNREADABLE, "no code can be read on one of our sheets")
            self._begins, self._draft, self._patient = False, None, None  # it may have begun a document
            return Sorted(PageState.KEPT, flags=[SHEET])
        return self._plain()

    def went(self, draft: int) -> None:
        """The draft that the last page began."""
        self._draft = draft

    def _header(self, code: Header) -> Sorted:
        if self._batch != code.batch:
            self._stop(MIXED, "a header sheet of another batch is among the pages")
        else:
            self.header = code
        self._begins, self._draft, self._patient = False, None, None
        return Sorted(PageState.HEADER)

    def _separator(self, code: Separator) -> Sorted:
        due, came = self._sequence + 1, code.sequence
        if code.batch == codes.LOOSE:
            came = due
        elif self._batch != code.batch:
            self._stop(MIXED, "a separator of another batch is among the pages")
        elif came != due:
            self._stop(GAP, f"separator {due} was to come, and {came} came")
        self._sequence = came
        self._begins, self._draft, self._patient = True, None, None
        return Sorted(PageState.SEPARATOR)

    def _labelled(self, labels: set[str], is_sheet: bool) -> Sorted:
        if len(labels) > 1:
            self._stop(TWO, "labels of two patients are on one page")
            self._patient = None
            return self._plain()
        (number,) = labels
        self._patient = self._find(number)
        flags = [UNKNOWN] if self._patient is None else []
        if is_sheet:
            return Sorted(PageState.LABEL, patient=self._patient, flags=flags)
        page = self._plain()
        page.flags += flags
        return page

    def _plain(self) -> Sorted:
        begins, self._begins = self._begins, False
        return Sorted(PageState.KEPT, begins, None if begins else self._draft, self._patient)

    def _stop(self, code: str, reason: str) -> None:
        self.stops.append(Stop(code, reason))


def batch_of(found: Sequence[Mapping[str, Any]]) -> str | None:
    """The number of the batch that a header or separator sheet names."""
    parsed: list[Code | BadCode | None] = [codes.parse(str(one["text"])) for one in found]
    named = (code.batch for code in parsed if isinstance(code, Header | Separator))
    return next((batch for batch in named if batch != codes.LOOSE), None)


def separators(found: Sequence[Mapping[str, Any]]) -> list[Separator]:
    """The separators among a page's codes."""
    parsed = [codes.parse(str(one["text"])) for one in found]
    return [code for code in parsed if isinstance(code, Separator)]
