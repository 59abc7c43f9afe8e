"""What is wrong with a site's text: where, a stable code, and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from engine.site.nodes import Place

UNREADABLE = "WB-6001"  # not YAML, not UTF-8, too large, too deep; tags, anchors, aliases
DUPLICATE_KEY = "WB-6002"
UNKNOWN_KEY = "WB-6003"
MISSING_KEY = "WB-6004"
BAD_VALUE = "WB-6005"  # a value that its type does not take
BAD_PATH = "WB-6006"  # syntax of a path, a template, a filter or a condition
UNKNOWN_TYPE = "WB-6007"  # no such channel, or its module cannot be loaded
UNKNOWN_CONNECTION = "WB-6008"
UNKNOWN_POLICY = "WB-6009"
UNKNOWN_STEP = "WB-6010"
UNKNOWN_VALUE = "WB-6011"  # `$(name/...)` before a step makes `name`
DUPLICATE_NAME = "WB-6012"  # the same step id, value or included name twice; a reserved name
BAD_VERB = "WB-6013"  # a step without a verb, with several, or with an unknown one
DOUBT_UNANSWERED = "WB-6014"  # an effect whose repeat is unknown, and no `in_doubt`
OPEN_LISTENER = "WB-6015"  # listens beyond loopback without `allow`
MISSING_FILE = "WB-6016"
SECRET_IN_TEXT = "WB-6017"  # noqa: S105 - a code, not a secret
BAD_TRANSFORM = "WB-6018"  # a stylesheet, schema or table that does not compile
UNKNOWN_ALERT = "WB-6019"
UNKNOWN_ROUTE = "WB-6020"
UNKNOWN_OPERATION = "WB-6021"
RECEIVED_TWICE = "WB-6022"  # a further route that receives the same has identity, keep, check or reply
UNKNOWN_LABEL = "WB-6023"
NO_SOURCE = "WB-6024"  # a route receives from a connection that takes nothing in
UNKNOWN_FRAGMENT = "WB-6101"
FRAGMENT_CIRCLE = "WB-6102"  # a list of steps that uses itself
UNREACHABLE = "WB-6103"  # a step that no way leads to
DEAD_CASE = "WB-6104"  # a case of `choose` that is never taken
ORDER_OVER_WAIT = "WB-6105"  # an order's key would be held over a wait
NO_SIGNAL = "WB-6106"  # a wait for a signal that no route sends
REPLY_WAITS = "WB-6107"  # `reply: {when: done}` of a route that waits longer than a sender does
BACK_OVER_SPLIT = "WB-6108"  # a part would go back to where the message was split
NO_CARRIER = "WB-7801"  # an alert goes through a connection that cannot carry it
NOT_TOLD_OF = "WB-7802"  # a condition that this connection never has


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `text` says what is wrong, `advice` what to write; neither holds a secret's value."""

    place: Place
    code: str
    text: str
    advice: str = ""

    def line(self) -> str:
        """`file:line:column: WB-6nnn text; advice`, as editors understand it."""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.place}: {self.code} {self.text}{advice}"


class Invalid(Exception):
    """The text of a site is not usable; `problems` holds every fault that was found, in reading order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems, key=lambda p: (p.place.file, p.place.line, p.place.column))
        super().__init__("\n".join(problem.line() for problem in self.problems))


@runtime_checkable
class _Placed(Protocol):
    at: Place


def invalid(node: _Placed | Place, code: str, text: str, advice: str = "") -> Invalid:
    """An `Invalid` with one problem at the place of a node."""
    place = node.at if isinstance(node, _Placed) else node
    return Invalid([Problem(place, code, text, advice)])
