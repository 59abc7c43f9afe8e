"""Reference pages out of the code: `tools/reference.py` writes `docs/channels.md`, `docs/verbs.md` and
`docs/routes.schema.json` anew, `--check` compares them.

A page says what the settings classes say: key, type, default and help of each field, the operations of a channel, how
a repeat is treated after doubt. Nothing is written here that the code does not hold.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
import re
import sys
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.cli.lint import schema_text  # noqa: E402
from engine.registry import names  # noqa: E402 (found through the line above, wherever this is started)
from engine.site.calls import CallSettings, Common  # noqa: E402
from engine.site.conditions import Condition  # noqa: E402
from engine.site.load import ConnectionKeys  # noqa: E402
from engine.site.paths import Pointer, Template, XPath  # noqa: E402
from engine.site.settings import key_of  # noqa: E402
from engine.site.units import (  # noqa: E402
    Duration,
    Listen,
    Percent,
    PluginFile,
    Rate,
    Secret,
    SitePath,
    Size,
    TransformFile,
)
from engine.transform.split import By  # noqa: E402

CHANNELS = ROOT / "docs" / "channels.md"
VERBS = ROOT / "docs" / "verbs.md"
SCHEMA = ROOT / "docs" / "routes.schema.json"

WORDS: dict[Any, str] = {
    str: "text", int: "whole number", float: "number", bool: "`true`, `false`", Duration: "duration", Size: "size",
    Percent: "share", Rate: "rate", Listen: "address", Secret: "secret", SitePath: "path", TransformFile: "transform",
    PluginFile: "plug-in", Template: "template", XPath: "XPath", Pointer: "place", Condition: "condition",
    CallSettings: "a call", By: "place, list or segment",
}  # fmt: skip
"""The types of `docs/routes.md`, "Values of settings"."""

CHANNELS_HEAD = """# Channels

Every type of connection, its settings, and what a step's `call` may ask of it. How values are written stands in
[routes.md](routes.md). Any connection may also have the keys under "Every connection".

**After doubt**: what Waybill does when nobody knows whether a call was done. `same`: it is done again, which is
harmless. `ask`: the peer is asked. `unknown`: the step's `in_doubt` says, `person` or `repeat`.

This page is written by `tools/reference.py` from `channels/`.
"""

VERBS_HEAD = """# Verbs

Every verb of a step and its settings. What each means in a route, and how values are written, stands in
[routes.md](routes.md). The operations of a `call` are the channel's: [channels.md](channels.md).

This page is written by `tools/reference.py` from `engine/steps/`.
"""


def channels_page() -> str:
    """`docs/channels.md`."""
    every = ["## Every connection", "", _text(ConnectionKeys), "", *_settings(ConnectionKeys)[2:]]
    return "\n".join([CHANNELS_HEAD, *every, *(_channel(name) for name in channel_names())])


def verbs_page() -> str:
    """`docs/verbs.md`."""
    return "\n".join([VERBS_HEAD, *(_verb(name) for name in verb_names())])


def channel_names() -> list[str]:
    return [name for name in names("channels") if hasattr(_module("channels", name), "Settings")]


def verb_names() -> list[str]:
    return [name for name in names("engine.steps") if hasattr(_module("engine.steps", name), "Settings")]


def settings_classes() -> Iterator[type]:
    """Every dataclass whose fields an analyst writes."""
    roots: list[type] = [Common]
    for name in channel_names():
        module = _module("channels", name)
        roots += [module.Settings, *getattr(module, "CALLS", {}).values()]
    roots += [_module("engine.steps", name).Settings for name in verb_names()]
    for root in roots:
        if root is not CallSettings:
            yield root
            yield from nested(root)


def nested(cls: type) -> Iterator[type]:
    """Settings classes inside the fields of one, each once, outermost first."""
    seen: dict[type, None] = {}
    for kind in typing.get_type_hints(cls).values():
        for part in _parts(kind):
            if dataclasses.is_dataclass(part) and part not in WORDS and isinstance(part, type):
                seen.update(dict.fromkeys([part, *nested(part)]))
    yield from seen


def _parts(kind: Any) -> Iterator[Any]:
    yield kind
    for inner in typing.get_args(kind):
        yield from _parts(inner)


# --- a channel


def _channel(name: str) -> str:
    module = _module("channels", name)
    calls: Mapping[str, type] = getattr(module, "CALLS", {})
    parts = [f"## {name}", "", _text(module), "", *_settings(module.Settings)]
    for word, cls in calls.items():
        parts += [f"### {name}: {_call_title(word)}", "", _text(cls), "", *_table(cls), ""]
    if calls:
        parts += [_repeat(module, calls), ""]
    return "\n".join(parts)


def _call_title(word: str) -> str:
    return "any operation" if word == "*" else f"`{word}`"


def _repeat(module: types.ModuleType, calls: Mapping[str, type]) -> str:
    rule = getattr(module, "repeat_of", None)
    if rule is None:
        return "**After doubt**: as the setting `repeat` says."
    words = sorted({str(rule(word, {})) for word in calls})
    same = sorted(getattr(module, "SAME", ()))
    known = f" `same` for {', '.join(f'`{word}`' for word in same)}." if same else ""
    return f"**After doubt**: {' or '.join(f'`{word}`' for word in words)}.{known} {_text(rule)}"


# --- a verb


def _verb(name: str) -> str:
    module = _module("engine.steps", name)
    parts = [f"## {name}", "", _text(module), ""]
    listed = getattr(module, "LIST_OF", None)
    if listed is not None:
        parts += [f"{_text(module.Settings)} {_text(listed)}", "", *_table(listed), ""]
    elif module.Settings is CallSettings:
        parts += ["Besides the keys of the operation, every call has:", "", *_table(Common), ""]
    else:
        parts += _settings(module.Settings)
    return "\n".join(parts)


# --- tables


def _settings(cls: type) -> list[str]:
    """The table of a class, then those of the classes inside it."""
    lines = [_text(cls), "", *_table(cls), ""]
    for inner in nested(cls):
        where = ", ".join(f"`{key}`" for key in _keys_of(cls, inner))
        lines += [f"Inside {where}: {_text(inner)}", "", *_table(inner), ""]
    return lines


def _keys_of(cls: type, inner: type) -> list[str]:
    hints = typing.get_type_hints(cls)
    return [key_of(part) for part in dataclasses.fields(cls) if inner in set(_parts(hints[part.name]))]


def _table(cls: type) -> list[str]:
    hints = typing.get_type_hints(cls)
    rows = [
        f"| `{key_of(part)}` | {_cell(kind_of(hints[part.name]))} | {_cell(default_of(part))} "
        f"| {_cell(part.metadata.get('help', ''))} |"
        for part in dataclasses.fields(cls)
        if part.init
    ]
    return ["| key | is | default | meaning |", "|---|---|---|---|", *rows] if rows else ["It has no keys."]


def kind_of(kind: Any) -> str:
    """A field's type in the words of the documentation."""
    if kind in WORDS:
        return WORDS[kind]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(kind_of(one) for one in inner if one is not type(None))
    if origin is typing.Literal:
        return ", ".join(f"`{word}`" for word in inner)
    if origin in (list, tuple, Sequence, frozenset):
        return f"list of {kind_of(inner[0])}"
    if origin in (dict, Mapping):
        return f"name to {kind_of(inner[1])}"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return ", ".join(f"`{member.value}`" for member in kind)
    if dataclasses.is_dataclass(kind):
        return "keys, see below"
    raise TypeError(f"no words for {kind!r}")


def default_of(part: dataclasses.Field[Any]) -> str:
    """A field's default as it would be written; `needed` without one."""
    if part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING:
        return "needed"
    value = part.default
    if part.default_factory is not dataclasses.MISSING:
        value = part.default_factory()
    if value is None or value in ("", (), [], {}) or dataclasses.is_dataclass(value):
        return ""
    return f"`{written(value)}`"


def written(value: Any) -> str:
    """A value in the form of routes.yaml."""
    if isinstance(value, Duration):
        return _in_units(value, Duration.UNITS)
    if isinstance(value, Size):
        return _in_units(value, Size.UNITS)
    if isinstance(value, Percent):
        return f"{value * 100:g}%"
    return str(value.value if isinstance(value, enum.Enum) else value)


def _in_units(value: float, units: Mapping[str, float]) -> str:
    """In the largest unit that gives a whole number."""
    for word, unit in reversed(list(units.items())):
        count = round(value / unit, 6)
        if count >= 1 and count == int(count):
            return f"{int(count)}{word}"
    return f"{value:g}{next(iter(units))}"


def _text(thing: Any) -> str:
    """A docstring, its paragraphs as they are; none when Python only made the signature up."""
    text = inspect.cleandoc(thing.__doc__ or "")
    return "" if re.match(rf"{getattr(thing, '__name__', '')}\(.*\)$", text) else text


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _module(package: str, name: str) -> types.ModuleType:
    return importlib.import_module(f"{package}.{name}")


def main(arguments: list[str]) -> int:
    status = 0
    for path, text in ((CHANNELS, channels_page()), (VERBS, verbs_page()), (SCHEMA, schema_text())):
        if arguments != ["--check"]:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"docs/{path.name} is stale: run tools/reference.py")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
