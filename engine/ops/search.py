"""Search: which runs and messages fit a filter, newest first, in pages that go on by key.

A page looks at no more than `BUDGET` rows, whatever the filter: it may hold fewer hits than asked for and still have a
`next`; only a page without one is the last. `next` is opaque. Rows that come meanwhile are newer than every page.
The rows to look at come from the narrowest index that the filter has; what is dense enough is found by going back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, or_, select, text

from engine.message import Refused
from engine.ops import read
from engine.ops.filters import BAD_FILTER, Filter, LabelFilter
from engine.ops.read_worklist import starts_with
from engine.store.schema import label, message, run
from engine.store.sql import pieces

T = TypeVar("T")

BUDGET = 10_000
"""Rows that one page looks at."""
FEW = 5_000
"""So many candidates of an index without the right order are sorted; of more, going back finds enough."""
CHUNK = 500
SLACK = 3_600_000
"""Milliseconds: a wall clock that was set back leaves times out of order; by less than this nothing is missed."""
MOST = 1000

OPEN_STATES = ("ready", "running", "waiting", "held", "dead")
# SQLite uses a partial index only when its condition stands literally in the question.
IS_OPEN = text("run.ended_at IS NULL")
IS_ERROR = text("(run.code != '' OR run.reason != '')")
IS_REFUSED = text("message.outcome != 'accepted'")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A page; `next` continues it, None at the end."""

    items: list[T]
    next: str | None


@dataclass(frozen=True, slots=True)
class RunHit:
    id: str
    message_id: str
    route: str
    state: str
    status: str | None
    step: str | None
    code: str
    reason: str
    waits_for: str
    since: int
    created_at: int
    due_at: int | None
    seq: int
    labels: list[read.Label] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageHit:
    id: str
    connection: str
    operation: str
    route: str | None
    received_at: int
    outcome: str
    code: str
    reason: str
    size: int
    repeats: int
    seq: int
    runs: list[str]


def runs(
    conn: Connection, wanted: Filter, after: str | None = None, limit: int = 50, *, names: bool = False
) -> Found[RunHit]:
    """A page of runs. names: labels with a patient's data may be searched for, and are shown."""
    seqs, onward = run_seqs(conn, wanted, _place(after), min(limit, MOST), names=names)
    columns = [run.c[name] for name in RunHit.__slots__ if name != "labels"]
    rows = {row.seq: row for row in conn.execute(select(*columns).where(run.c.seq.in_(seqs)))}
    labels = read.labels_of(conn, seqs, names=names)
    items = [RunHit(**rows[seq]._mapping, labels=list(labels.get(seq, {}).values())) for seq in seqs]
    return Found(items, token(onward))


def messages(
    conn: Connection, wanted: Filter, after: str | None = None, limit: int = 50, *, names: bool = False
) -> Found[MessageHit]:
    """A page of messages: also those that no run came from."""
    seqs, onward = _page(conn, _Messages(wanted, names), _place(after), min(limit, MOST))
    columns = [message.c[name] for name in MessageHit.__slots__ if name != "runs"]
    rows = conn.execute(select(*columns).where(message.c.seq.in_(seqs))).all()
    found = {row.seq: {name: row._mapping[name] for name in MessageHit.__slots__ if name != "runs"} for row in rows}
    made = _runs_of(conn, [row.id for row in rows])
    items = [MessageHit(**found[seq], runs=made.get(found[seq]["id"], [])) for seq in seqs]
    return Found(items, token(onward))


def run_seqs(
    conn: Connection, wanted: Filter, below: int | None, limit: int, *, names: bool
) -> tuple[list[int], int | None]:
    """Numbers of runs, descending, all less than `below`; and what the next call's `below` is."""
    return _page(conn, _Runs(wanted, names), below, limit)


def count(conn: Connection, wanted: Filter, *, names: bool = False, most: int = 10_000) -> tuple[int, bool]:
    """How many runs fit, and whether that is all of them: counting stops at `most`."""
    total, below = 0, None
    while True:
        seqs, below = run_seqs(conn, wanted, below, MOST, names=names)
        total += len(seqs)
        if below is None or total >= most:
            return min(total, most), below is None and total <= most


def _runs_of(conn: Connection, ids: Sequence[str]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    query = select(run.c.message_id, run.c.id).where(run.c.message_id.in_(ids)).order_by(run.c.seq).limit(MOST * 10)
    for message_id, run_id in conn.execute(query):
        made.setdefault(message_id, []).append(run_id)
    return made


def _place(after: str | None) -> int | None:
    if after is None:
        return None
    try:
        return int(after, 36)
    except ValueError:
        raise Refused(BAD_FILTER, "this is no place to go on from") from None


def token(onward: int | None) -> str | None:
    """The opaque key of a page that begins below this number."""
    if onward is None:
        return None
    digits, rest = "", onward
    while rest:
        rest, digit = divmod(rest, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"


class _Runs:
    """Where the candidates of a search for runs come from, and what each must fit."""

    seq: Any = run.c.seq

    def __init__(self, wanted: Filter, names: bool) -> None:
        self.wanted, self._names = wanted, names

    def ordered(self) -> Select[Any] | None:
        """An index that gives the numbers in order."""
        exact = next((one for one in self.wanted.labels if not one.prefix), None)
        if exact is not None:
            return select(label.c.run.label("seq")).where(*_label(exact, self._names))
        if self.wanted.code:
            return select(run.c.seq).where(run.c.code == self.wanted.code, IS_ERROR)
        return None

    def few(self) -> list[Select[Any]]:
        """Indexes without that order: good while they have few rows."""
        wanted, found = self.wanted, []
        if wanted.ids:
            found.append(select(run.c.seq).where(run.c.id.in_(wanted.ids)))
        if wanted.labels:
            found.append(select(label.c.run.label("seq")).where(*_label(wanted.labels[0], self._names)))
        if wanted.state and set(wanted.state) <= set(OPEN_STATES):
            found.append(select(run.c.seq).where(IS_OPEN, run.c.state.in_(wanted.state)))
        if wanted.text:
            # Every code is at least the empty one: so the index of what went wrong holds them all.
            found.append(select(run.c.seq).where(IS_ERROR, run.c.code >= ""))
        return found

    def newest(self) -> Select[Any]:
        return select(func.max(run.c.seq))

    def edge(self, at: int, *, first: bool) -> Select[Any]:
        """The first run of that time or later; or the last one before it."""
        made = run.c.created_at
        if first:
            return select(run.c.seq).where(made >= at).order_by(made, run.c.seq).limit(1)
        return select(run.c.seq).where(made < at).order_by(made.desc(), run.c.seq.desc()).limit(1)

    def fits(self) -> list[ColumnElement[bool]]:
        wanted = self.wanted
        conditions = _between(run.c.created_at, wanted)
        conditions += [run.c.id.in_(wanted.ids)] if wanted.ids else []
        for name in ("state", "route", "step"):
            words = getattr(wanted, name)
            conditions += [_plain(run.c[name]).in_(words)] if words else []
        conditions += [_plain(run.c.code) == wanted.code] if wanted.code else []
        conditions += [run.c.reason.contains(wanted.text, autoescape=True)] if wanted.text else []
        conditions += [
            exists().where(label.c.run == run.c.seq, _plain(label.c.name) == one.name, *_label(one, self._names)[1:])
            for one in wanted.labels
        ]
        of_message = _of_message(wanted)
        if of_message:
            conditions.append(exists().where(message.c.id == run.c.message_id, *of_message))
        return conditions


class _Messages:
    """As `_Runs`, for messages; labels and states are those of their runs."""

    seq: Any = message.c.seq

    def __init__(self, wanted: Filter, names: bool) -> None:
        self.wanted, self._names = wanted, names

    def ordered(self) -> Select[Any] | None:
        return None

    def few(self) -> list[Select[Any]]:
        wanted, found = self.wanted, []
        if wanted.labels:
            found.append(
                select(message.c.seq)
                .join(run, run.c.message_id == message.c.id)
                .join(label, label.c.run == run.c.seq)
                .where(*_label(min(wanted.labels, key=lambda one: one.prefix), self._names))
            )
        if wanted.code or wanted.text or (wanted.outcome and "accepted" not in wanted.outcome):
            found.append(select(message.c.seq).where(IS_REFUSED, message.c.outcome >= ""))
        return found

    def newest(self) -> Select[Any]:
        return select(func.max(message.c.seq))

    def edge(self, at: int, *, first: bool) -> Select[Any]:
        came = message.c.received_at
        if first:
            return select(message.c.seq).where(came >= at).order_by(came, message.c.seq).limit(1)
        return select(message.c.seq).where(came < at).order_by(came.desc(), message.c.seq.desc()).limit(1)

    def fits(self) -> list[ColumnElement[bool]]:
        wanted = self.wanted
        conditions = [*_between(message.c.received_at, wanted), *_of_message(wanted)]
        conditions += [_plain(message.c.route).in_(wanted.route)] if wanted.route else []
        conditions += [_plain(message.c.code) == wanted.code] if wanted.code else []
        conditions += [message.c.reason.contains(wanted.text, autoescape=True)] if wanted.text else []
        states = [_plain(run.c.state).in_(wanted.state)] if wanted.state else []
        states += [_plain(run.c.step).in_(wanted.step)] if wanted.step else []
        labels = [
            exists().where(label.c.run == run.c.seq, _plain(label.c.name) == one.name, *_label(one, self._names)[1:])
            for one in wanted.labels
        ]
        if states or labels:
            conditions.append(exists().where(run.c.message_id == message.c.id, *states, *labels))
        return conditions


def _page(conn: Connection, asked: _Runs | _Messages, below: int | None, limit: int) -> tuple[list[int], int | None]:
    low, high = _bounds(conn, asked, below)
    if high is None or high < low:
        return [], None
    ordered = asked.ordered()
    if ordered is not None:
        column = ordered.selected_columns.seq
        query = ordered.where(column <= high, column >= low).order_by(column.desc()).limit(BUDGET)
        candidates = list(conn.execute(query).scalars())
        return _sift(conn, asked, candidates, limit, candidates[-1] if len(candidates) == BUDGET else None)
    for query in asked.few():
        candidates = list(conn.execute(query.limit(FEW + 1)).scalars())
        if len(candidates) <= FEW:
            inside = sorted({seq for seq in candidates if low <= seq <= high}, reverse=True)
            return _sift(conn, asked, inside, limit, None)
    return _walk(conn, asked, low, high, limit)


def _bounds(conn: Connection, asked: _Runs | _Messages, below: int | None) -> tuple[int, int | None]:
    """The lowest and highest number that may fit by time and by the page before; no highest: nothing is there."""
    wanted, low = asked.wanted, 0
    if wanted.since is not None:
        first = conn.execute(asked.edge(wanted.since - SLACK, first=True)).scalar()
        if first is None:
            return 0, None
        low = int(first)
    if wanted.until is not None:
        high = conn.execute(asked.edge(wanted.until + SLACK, first=False)).scalar()
    else:
        high = conn.execute(asked.newest()).scalar()
    if high is not None and below is not None:
        high = conn.execute(asked.newest().where(asked.seq < min(below, high + 1))).scalar()
    return low, high


def _sift(
    conn: Connection, asked: _Runs | _Messages, candidates: list[int], limit: int, onward: int | None
) -> tuple[list[int], int | None]:
    """The candidates that fit; onward: where it goes on when all were looked at."""
    conditions, hits = asked.fits(), list[int]()
    for chunk in pieces(candidates, CHUNK):
        query = select(asked.seq).where(asked.seq.in_(chunk), *conditions).order_by(asked.seq.desc())
        hits += conn.execute(query).scalars()
        if len(hits) > limit:
            return hits[:limit], hits[limit - 1]
    return hits, onward


def _walk(conn: Connection, asked: _Runs | _Messages, low: int, high: int, limit: int) -> tuple[list[int], int | None]:
    """Back from `high`, at most `BUDGET` numbers."""
    floor = max(low, high - BUDGET + 1)
    query = select(asked.seq).where(asked.seq >= floor, asked.seq <= high, *asked.fits())
    hits = list(conn.execute(query.order_by(asked.seq.desc()).limit(limit + 1)).scalars())
    if len(hits) > limit:
        return hits[:limit], hits[limit - 1]
    return hits, floor if floor > low else None


def _plain(column: Any) -> Any:
    """The column without its indexes: what is looked at was chosen already."""
    return column.op("||")("")


def _between(column: Any, wanted: Filter) -> list[ColumnElement[bool]]:
    number = column.op("+")(0)
    since = [number >= wanted.since] if wanted.since is not None else []
    return since + ([number < wanted.until] if wanted.until is not None else [])


def _label(one: LabelFilter, names: bool) -> list[ColumnElement[bool]]:
    """Name first. Without the right to see names, a search must not tell them either."""
    value = starts_with(label.c.value, one.value) if one.prefix else label.c.value == one.value
    return [label.c.name == one.name, value, *([] if names else [label.c.phi == 0])]


def _of_message(wanted: Filter) -> list[ColumnElement[bool]]:
    conditions = []
    for name in ("connection", "operation", "outcome"):
        words = getattr(wanted, name)
        if words:
            conditions.append(or_(*(_plain(message.c[name]) == word for word in words)))
    return [and_(*conditions)] if conditions else []
