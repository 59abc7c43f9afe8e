"""The steps of a run as a person reads them: done, current, ahead, skipped or failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, Row, select

from engine.store.schema import effect, value

_NAMED = re.compile(r"\$\(([a-z][a-z0-9_]*)")
_BARE = re.compile(r"\.?//|transforms/.*\.xslt?$")

FAILED = ("dead", "held")
ENDED = ("done", "filtered", "invalid", "cancelled")


class StepText(Protocol):
    """What is needed of a step of `engine.site.model`."""

    @property
    def id(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def into(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def contact(self) -> str: ...
    @property
    def source(self) -> Mapping[str, Any]: ...


class EventText(Protocol):
    @property
    def at(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def step(self) -> str: ...


@dataclass(frozen=True, slots=True)
class StepRow:
    """`value` is the name of what the step left, to be opened; `kind` its kind. reads: values that its text names."""

    id: str
    verb: str
    state: str
    at: int | None
    attempts: int
    has_value: bool
    kind: str | None
    value: str | None
    reads: tuple[str, ...] = ()
    help: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class _Traces:
    """What each step left behind: values by name, attempts and the last event by step."""

    values: Mapping[str, Any]
    attempts: Mapping[str, int]
    last: Mapping[str, EventText]

    def touched(self, step: StepText) -> bool:
        if _name(step) in self.values or step.id in self.attempts:
            return True
        last = self.last.get(step.id)
        return last is not None and last.kind != "skipped"  # the history names what did not apply, too


def steps_of(conn: Connection, run: Row[Any], steps: Sequence[StepText], events: Sequence[EventText]) -> list[StepRow]:
    """Every step of the route in its order, then values that no step of the text explains (the body, old revisions)."""
    traces = _traces(conn, run, events)
    places = {step.id: place for place, step in enumerate(steps)}
    current = places.get(run.step)
    split = max((place for place, step in enumerate(steps) if step.verb == "split"), default=-1)
    rows = [_row(step, _state(run, place, current, split, traces.touched(step)), run, traces)
            for place, step in enumerate(steps)]  # fmt: skip
    explained = {_name(step) for step in steps}
    return [
        _loose(name, row) for name, row in traces.values.items() if name not in explained and name.isidentifier()
    ] + rows


def _traces(conn: Connection, run: Row[Any], events: Sequence[EventText]) -> _Traces:
    columns = (value.c.name, value.c.kind, value.c.at)
    rows = conn.execute(select(*columns).where(value.c.run == run.seq).order_by(value.c.at, value.c.name))
    attempts: dict[str, int] = {}
    query = select(effect.c.step, effect.c.attempts).where(effect.c.run == run.seq)
    for step, count in conn.execute(query):
        attempts[step] = attempts.get(step, 0) + count
    last = {one.step: one for one in events if one.step}
    values: dict[str, Any] = {row.name: row for row in rows}
    return _Traces(values, attempts, last)


def _state(run: Row[Any], place: int, current: int | None, split: int, touched: bool) -> str:
    """Where this step stands. Steps up to the split belong to the parent, and are done for a child."""
    if run.state == "done":
        return "done" if touched or place == current or _before(run, place, split) else "skipped"
    if current is None or place > current:
        return "ahead" if run.state not in ENDED else "skipped"
    if place == current:
        if run.state in FAILED:
            return "failed"
        return "skipped" if run.state in ENDED else "current"
    return "done" if touched or _before(run, place, split) else "skipped"


def _before(run: Row[Any], place: int, split: int) -> bool:
    return run.parent is not None and place <= split


def _row(step: StepText, state: str, run: Row[Any], traces: _Traces) -> StepRow:
    left, last = traces.values.get(_name(step)), traces.last.get(step.id)
    tries = traces.attempts.get(step.id, 0)
    return StepRow(
        id=step.id,
        verb=step.verb,
        state=state,
        at=last.at if last else left.at if left else None,
        attempts=max(tries, run.attempts) if step.id == run.step else tries,
        has_value=left is not None,
        kind=left.kind if left else None,
        value=left.name if left else None,
        reads=tuple(name for name in reads_of(step.source) if name == "body" or name in traces.values),
        help=step.help,
        contact=step.contact,
    )


def reads_of(source: Any) -> tuple[str, ...]:
    """The values that a step's text names as `$(NAME...)`; a bare path and a transform read the body, too."""
    names: dict[str, None] = {}
    for text in _texts(source):
        if _BARE.match(text):
            names["body"] = None
        names.update(dict.fromkeys(_NAMED.findall(text)))
    return tuple(names)


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for inner in node.values():
            yield from _texts(inner)
    elif isinstance(node, list | tuple):
        for inner in node:
            yield from _texts(inner)
    elif isinstance(node, str):
        yield node


def _loose(name: str, row: Row[Any]) -> StepRow:
    return StepRow(name, "", "done", row.at, 0, True, row.kind, name)


def _name(step: StepText) -> str:
    return step.into or step.id
