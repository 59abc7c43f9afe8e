"""Named step lists: `steps: {NAME: [...]}` at the top, used in a route as `- {use: NAME, as: PREFIX}`.

A use stands for the steps of the list. With `as`, every step and value that the list itself names gets the prefix
(`PREFIX_id`), and so does each place inside the list that points at one, so that a list may be used twice in a route.
The texts keep the places where they are written: a fault in a list is shown in the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from engine.site.nodes import Items, Map, Node, Text
from engine.site.problems import BAD_VALUE, FRAGMENT_CIRCLE, UNKNOWN_FRAGMENT, Invalid, invalid
from engine.site.settings import Context, nearest

MOST_STEPS = 500
"""Steps of a route: lists that use each other could be as many as one likes."""
DEEPEST = 20
"""Lists inside each other."""
KEYS = ("use", "as")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_GO = re.compile(r"go:([a-z][a-z0-9_]*)")
_VALUE = re.compile(r"(?<!\$)\$\(([a-z][a-z0-9_]*)(?=[)/\[|])")
_TO_STEP = frozenset({"go", "else", "refused", "expired", "until"})
"""Keys whose text is the name of a step."""
_WORDS = frozenset({"hold", "dead", "pass"})


def expand(steps: Items, context: Context) -> Items:
    """The steps with every use replaced (the very same list when there is none); faults go to the context."""
    if not any(_is_use(step) for step in steps):
        return steps
    try:
        return Items(list(_expanded(steps, context, ())), steps.at)
    except Invalid as error:
        context.problems.extend(error.problems)
        return Items([step for step in steps if not _is_use(step)], steps.at)


def _is_use(step: Node) -> bool:
    return isinstance(step, Map) and "use" in step


def _expanded(steps: Items, context: Context, inside: tuple[str, ...]) -> Iterator[Node]:
    for step in steps:
        if not isinstance(step, Map) or "use" not in step:
            yield step
            continue
        name, prefix = _use(step, context, inside)
        fragment = context.fragments[name]
        assert isinstance(fragment, Items)
        inner = Items(list(islice(_expanded(fragment, context, (*inside, name)), MOST_STEPS + 1)), fragment.at)
        if len(inner) > MOST_STEPS:
            raise invalid(step, BAD_VALUE, f"this stands for more than {MOST_STEPS} steps", "write several routes")
        yield from _renamed(inner, prefix) if prefix else inner


def _use(step: Map, context: Context, inside: tuple[str, ...]) -> tuple[str, str]:
    """Name and prefix of a use; raises `Invalid`."""
    strange = next((key for key in step if key not in KEYS), None)
    if strange is not None:
        text, advice = f"`{strange}` beside `use`", "write only `{use: NAME, as: PREFIX}`; the rest stands in the list"
        raise invalid(step.place_of(strange), BAD_VALUE, text, advice)
    name, prefix = step["use"], step.get("as", Text(""))
    if not isinstance(name, Text) or not isinstance(context.fragments.get(name), Items):
        shown = f"`{name}`" if isinstance(name, Text) else "this"
        advice = f"write `steps: {{NAME: [...]}}` at the top of the file; {nearest(str(name)[:60], context.fragments)}"
        raise invalid(name, UNKNOWN_FRAGMENT, f"there is no list of steps {shown}", advice)
    if len(inside) >= DEEPEST:
        text, advice = f"lists that use each other {DEEPEST} deep", "make it flatter"
        raise invalid(name, BAD_VALUE, text, advice)
    if name in inside:
        way = " -> ".join([*inside, name])
        raise invalid(name, FRAGMENT_CIRCLE, f"the list uses itself: {way}", "take one of these uses out")
    if not isinstance(prefix, Text) or (prefix and not _NAME.fullmatch(prefix)):
        raise invalid(prefix, BAD_VALUE, "this is no prefix", "write lower-case letters, digits and _, a letter first")
    return str(name), str(prefix)


# ---- names inside a list


def _renamed(steps: Items, prefix: str) -> Iterator[Node]:
    own = frozenset(_own_names(steps))
    for step in steps:
        yield _node(step, own, prefix, "")


def _own_names(steps: Items) -> Iterator[str]:
    """Steps and values that the list itself makes."""
    for step in steps:
        if not isinstance(step, Map):
            continue
        for key in ("id", "into"):
            name = step.get(key)
            if isinstance(name, Text):
                yield str(name)
        made = step.get("set")
        values = made.get("values") if isinstance(made, Map) else None
        yield from values if isinstance(values, Map) else ()


def _node(node: Node, own: frozenset[str], prefix: str, key: str) -> Node:
    if isinstance(node, Text):
        return Text(_text(node, own, prefix, key), node.at)
    if isinstance(node, Items):
        return Items([_node(item, own, prefix, key) for item in node], node.at)
    made = {
        name: (_set(value, own, prefix) if name == "set" else _node(value, own, prefix, name))
        for name, value in node.items()
    }
    return Map(made, node.at, node.key_at)


def _set(node: Node, own: frozenset[str], prefix: str) -> Node:
    """`set`: the names of its values are names of the list, too."""
    made = _node(node, own, prefix, "")
    values = made.get("values") if isinstance(made, Map) else None
    if isinstance(made, Map) and isinstance(values, Map):
        names = {f"{prefix}_{name}": value for name, value in values.items()}
        places = {f"{prefix}_{name}": place for name, place in values.key_at.items()}
        return Map({**made, "values": Map(names, values.at, places)}, made.at, made.key_at)
    return made


def _text(text: Text, own: frozenset[str], prefix: str, key: str) -> str:
    if key in ("id", "into") or (key in _TO_STEP and text in own - _WORDS):
        return f"{prefix}_{text}"
    match = _GO.fullmatch(text)
    if match and match[1] in own:
        return f"go:{prefix}_{match[1]}"
    return _VALUE.sub(lambda found: f"$({prefix}_{found[1]}" if found[1] in own else found[0], text)
