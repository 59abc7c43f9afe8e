"""`call:` as it is written in steps: one request to one connection.

`{to: NAME, WORD: X, ...}` or `{to: NAME, operation: WORD, ...}`. What else may stand there is the channel's matter:
its `CALLS` maps each word to a dataclass. The common keys below belong to the step.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from engine.site.conditions import Condition
from engine.site.nodes import Map, Node, Text
from engine.site.problems import (
    BAD_VALUE,
    MISSING_KEY,
    UNKNOWN_CONNECTION,
    UNKNOWN_OPERATION,
    Invalid,
    Problem,
    invalid,
)
from engine.site.settings import Context, build, key_of, nearest, option
from engine.site.units import Duration


@dataclass(frozen=True)
class Common:
    """The keys of every call."""

    to: str = option("the connection")
    expect: Condition | None = option("a condition on the answer (its `//` paths look at the answer)", None)
    not_expected: Literal["retry", "refuse"] = option("what an answer that is not as expected means", "retry")
    in_doubt: Literal["repeat", "person"] | None = option("when nobody knows whether it arrived", None)
    timeout: Duration | None = option("how long to wait for the answer (default: the connection's)", None)


@dataclass(frozen=True)
class CallSettings:
    """A call, ready to be made. arguments: an instance of the dataclass that the channel names for the operation."""

    to: str
    operation: str
    arguments: Any
    expect: Condition | None = None
    in_doubt: Literal["repeat", "person"] | None = None
    not_expected: Literal["retry", "refuse"] = "retry"
    timeout: Duration | None = None


def build_call(node: Node, context: Context) -> CallSettings:
    """The call in a node; raises `Invalid`."""
    if not isinstance(node, Map):
        raise invalid(node, BAD_VALUE, "a mapping is needed here", "write `{to: CONNECTION, OPERATION: ...}`")
    calls = _calls(node, context)
    shared = {key_of(part) for part in dataclasses.fields(Common)}
    operation, kind = _operation(node, calls, shared)
    own = {key_of(part) for part in dataclasses.fields(kind)}
    left_out = shared | ({"operation"} - own) | ({operation} - own)
    problems: list[Problem] = []
    common = _try(problems, Common, _only(node, shared), context)
    arguments = _try(problems, kind, _only(node, set(node) - left_out), context)
    if problems:
        raise Invalid(problems)
    return CallSettings(operation=operation, arguments=arguments, **vars(common))


def _try(problems: list[Problem], kind: type, node: Map, context: Context) -> Any:
    try:
        return build(kind, node, context)
    except Invalid as error:
        problems.extend(error.problems)
        return None


def _only(node: Map, keys: set[str]) -> Map:
    return Map({key: value for key, value in node.items() if key in keys}, node.at, node.key_at)


def _calls(node: Map, context: Context) -> Mapping[str, type]:
    to = node.get("to")
    if not isinstance(to, Text):
        raise invalid(to or node, MISSING_KEY, "the key `to` is missing", "write `to: CONNECTION`")
    if to not in context.connections:
        raise invalid(to, UNKNOWN_CONNECTION, f"there is no connection `{to}`", nearest(to, context.connections))
    known = context.connections[to]
    if known.module is None:
        raise Invalid([])  # the connection's own fault is shown where it is written
    calls: Mapping[str, type] = getattr(known.module, "CALLS", {})
    if not calls:
        raise invalid(to, UNKNOWN_OPERATION, f"`{to}` ({known.type}) cannot be called", "it only brings messages in")
    return calls


def _operation(node: Map, calls: Mapping[str, type], shared: set[str]) -> tuple[str, type]:
    written = node.get("operation")
    if isinstance(written, Text):
        kind = calls.get(written, calls.get("*"))
        if kind is None:
            text = f"`{node['to']}` has no operation `{written}`"
            raise invalid(written, UNKNOWN_OPERATION, text, nearest(written, calls))
        return str(written), kind
    words = [word for word in calls if word in node and word != "*"]
    if len(words) == 1:
        return words[0], calls[words[0]]
    if words:
        text = f"two operations, `{words[0]}` and `{words[1]}`"
        raise invalid(node.place_of(words[1]), UNKNOWN_OPERATION, text, "write two steps")
    other = next((key for key in node if key not in shared), "")
    meant = "did you mean `operation`? " if get_close_matches(other, ["operation"]) else ""
    advice = f"{meant}write `operation: WORD`" if "*" in calls or meant else nearest(other, calls)
    raise invalid(node.place_of(other), UNKNOWN_OPERATION, f"no operation of `{node['to']}` is named", advice)
