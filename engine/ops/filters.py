"""What a search, and an act over many runs, is narrowed to. Read from plain JSON, so that commands and API share it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from engine.message import Refused
from engine.runtime.states import State

BAD_FILTER = "WB-7501"
OUTCOMES = ("accepted", "invalid", "conflict", "rejected")
MOST_WORDS = 20
MOST_IDS = 1000


@dataclass(frozen=True, slots=True)
class LabelFilter:
    """A label's value, or with `prefix` its beginning."""

    name: str
    value: str = field(repr=False)
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """Everything given must hold; of several words of one kind, one. since, until: UTC ms, `until` not included.

    `text` is looked for in the reasons of runs and messages, `code` is theirs. ids: of runs, as they were ticked.
    """

    labels: tuple[LabelFilter, ...] = ()
    since: int | None = None
    until: int | None = None
    state: tuple[str, ...] = ()
    route: tuple[str, ...] = ()
    step: tuple[str, ...] = ()
    connection: tuple[str, ...] = ()
    operation: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    code: str = ""
    text: str = field(default="", repr=False)
    ids: tuple[str, ...] = ()

    def words(self) -> str:
        """What is asked for, for the audit: names of labels and words of the engine, no value of a patient."""
        said = [f"label {label.name}" for label in self.labels]
        for name in ("state", "route", "step", "connection", "operation", "outcome"):
            said += [f"{name} {word}" for word in getattr(self, name)]
        said += [f"{len(self.ids)} chosen"] if self.ids else []
        said += [self.code] if self.code else []
        said += ["text"] if self.text else []
        said += ["time"] if self.since is not None or self.until is not None else []
        return ", ".join(said) or "everything"


_LISTS = ("state", "route", "step", "connection", "operation", "outcome")
_KNOWN = {"state": tuple(State), "outcome": OUTCOMES}


def read_filter(given: Mapping[str, Any]) -> Filter:
    """From JSON: `labels` as {name: value}, a value that ends in `*` is a beginning. `Refused` with what is wrong."""
    unknown = set(given) - {entry.name for entry in fields(Filter)}
    if unknown:
        raise Refused(BAD_FILTER, f"there is no filter `{min(unknown)}`")
    found: dict[str, Any] = {name: _words(name, given[name]) for name in _LISTS if given.get(name)}
    for name in ("since", "until"):
        if given.get(name) is not None:
            found[name] = _time(name, given[name])
    if given.get("ids"):
        found["ids"] = _ids(given["ids"])
    for name in ("code", "text"):
        if given.get(name):
            found[name] = str(given[name])[:200]
    labels = given.get("labels") or {}
    if not isinstance(labels, Mapping) or len(labels) > MOST_WORDS:
        raise Refused(BAD_FILTER, f"`labels` is a map of at most {MOST_WORDS} names")
    return Filter(labels=tuple(_label(str(name), str(value)) for name, value in labels.items()), **found)


def as_json(narrowed: Filter) -> dict[str, Any]:
    """Back to what `read_filter` reads."""
    found = {entry.name: getattr(narrowed, entry.name) for entry in fields(Filter) if entry.name != "labels"}
    plain: dict[str, Any] = {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}
    labels = {label.name: label.value + ("*" if label.prefix else "") for label in narrowed.labels}
    return {name: value for name, value in {**plain, "labels": labels}.items() if value not in (None, "", [], {})}


def _words(name: str, given: Any) -> tuple[str, ...]:
    words = (given,) if isinstance(given, str) else tuple(given)
    if len(words) > MOST_WORDS or not all(isinstance(word, str) and word for word in words):
        raise Refused(BAD_FILTER, f"`{name}` is a word, or a list of at most {MOST_WORDS}")
    for word in words:
        if name in _KNOWN and word not in _KNOWN[name]:
            raise Refused(BAD_FILTER, f"`{name}` is one of {', '.join(_KNOWN[name])}")
    return words


def _ids(given: Any) -> tuple[str, ...]:
    ids = (given,) if isinstance(given, str) else tuple(given)
    if len(ids) > MOST_IDS or not all(isinstance(one, str) and 0 < len(one) <= 36 for one in ids):
        raise Refused(BAD_FILTER, f"`ids` is a list of at most {MOST_IDS}")
    return ids


def _time(name: str, given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise Refused(BAD_FILTER, f"`{name}` is a time in UTC milliseconds")
    return given


def _label(name: str, value: str) -> LabelFilter:
    prefix = value.endswith("*")
    text = value[:-1] if prefix else value
    if not text:
        raise Refused(BAD_FILTER, f"say what the label `{name[:60]}` is, or how it begins")
    return LabelFilter(name[:60], text[:400], prefix)
