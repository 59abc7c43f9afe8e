"""Equal differences of many messages as one entry: where, how many, and a few examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.rehearsal.differences import Difference
from engine.rehearsal.fields import masked

EXAMPLES = 3
MOST_IDS = 200
LONGEST = 300
"""Characters of a value that are shown."""


@dataclass
class Group:
    """The same field of the same step. examples: message id and difference. ids: of the first messages."""

    place: tuple[str, ...]
    count: int = 0
    messages: int = 0
    ids: list[str] = field(default_factory=list)
    examples: list[tuple[str, Difference]] = field(default_factory=list, repr=False)
    _last: str = ""

    def add(self, message_id: str, one: Difference) -> None:
        self.count += 1
        if self._last != message_id:
            self.messages += 1
            self._last = message_id
            if len(self.ids) < MOST_IDS:
                self.ids.append(message_id)
            if len(self.examples) < EXAMPLES:
                self.examples.append((message_id, one))


@dataclass
class Rehearsal:
    """The result. same: messages whose routes did not change at all. compared: the others, walked on both sides.

    not_compared: why, with counts. chance: fields that differ by themselves each time. assumed: steps (route, step)
    whose answer was never recorded. otherwise: runs that on their own old revision came to another end than recorded.
    """

    looked_at: int = 0
    same: int = 0
    compared: int = 0
    different: int = 0
    seconds: float = 0.0
    groups: dict[tuple[str, ...], Group] = field(default_factory=dict)
    not_compared: Counter[str] = field(default_factory=Counter)
    chance: Counter[str] = field(default_factory=Counter)
    assumed: Counter[str] = field(default_factory=Counter)
    otherwise: int = 0

    def add(self, message_id: str, found: Sequence[Difference]) -> None:
        """What was found in one message."""
        self.compared += 1
        self.different += bool(found)
        for one in found:
            self.groups.setdefault(one.place(), Group(one.place())).add(message_id, one)

    def sorted(self) -> list[Group]:
        """By route and step, the rarest first: a single message is the likeliest mistake."""
        return sorted(self.groups.values(), key=lambda group: (group.place[0], group.messages, group.place))

    def shown_ids(self) -> list[str]:
        """The messages of which a value is shown."""
        return sorted({message_id for group in self.groups.values() for message_id, _ in group.examples})

    def as_json(self, *, opened: bool) -> dict[str, Any]:
        """For programs."""
        return {
            "messages": self.looked_at, "same": self.same, "compared": self.compared, "different": self.different,
            "seconds": round(self.seconds, 1), "not_compared": dict(self.not_compared), "chance": dict(self.chance),
            "assumed": dict(self.assumed), "otherwise": self.otherwise,
            "groups": [_group(group, opened) for group in self.sorted()],
        }  # fmt: skip


def shown(text: str | None, one: Difference, *, opened: bool) -> str | None:
    """A value as it may be shown."""
    if text is None:
        return None
    text = text if opened or one.plain else masked(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _group(group: Group, opened: bool) -> dict[str, Any]:
    route, step, what, target, name, kind = group.place
    return {
        "route": route, "step": step, "what": what, "target": target, "field": name, "kind": kind,
        "count": group.count, "messages": group.messages, "ids": group.ids,
        "examples": [
            {
                "message": message_id, "field": one.field, "part": one.part or None,
                "before": shown(one.before, one, opened=opened), "after": shown(one.after, one, opened=opened),
            }
            for message_id, one in group.examples
        ],
    }  # fmt: skip
