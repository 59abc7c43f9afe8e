"""Text of the site for people who look: a route as YAML, a connection's settings without secrets."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from engine.site.settings import key_of
from engine.site.units import Secret
from web.api.models_engine import Setting

USERINFO = re.compile(r"(?<=//)[^/@\s]+@")
"""`user:password@` in an address: lint refuses it, and it would be shown to nobody either."""


def as_yaml(source: Any) -> str:
    """The canonical text of a route: equal routes have equal text, whatever their layout."""
    return yaml.dump(plain(source), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110,
                     default_flow_style=None)  # fmt: skip


def plain(node: Any) -> Any:
    """Maps, lists and texts without their places."""
    if isinstance(node, Mapping):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [plain(value) for value in node]
    return str(node)


class _Dumper(yaml.SafeDumper):
    """Every scalar is a text here; it is quoted only where YAML would read something else into its form."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
# Our loader gives no types, so `3`, `no` and `02001` need no quotes.
_Dumper.yaml_implicit_resolvers = {}


def settings_of(connection: Any) -> list[Setting]:
    """Each key of the settings: as it is written, or what it stands for by itself. Secrets by their name alone."""
    return list(_settings(connection.settings, connection.source, ""))


def _settings(settings: Any, source: Any, prefix: str) -> Iterator[Setting]:
    if not dataclasses.is_dataclass(settings):
        return
    for part in dataclasses.fields(settings):
        key, value = key_of(part), getattr(settings, part.name)
        written = source.get(key) if isinstance(source, Mapping) else None
        name = f"{prefix}{key}"
        if isinstance(value, Secret):
            yield Setting(name=name, value=value.name, given=written is not None, secret=True)
        elif dataclasses.is_dataclass(value) and isinstance(written, Mapping):
            yield from _settings(value, written, f"{name}.")
        else:
            shown = plain(written) if written is not None else value
            yield Setting(name=name, value=_shown(shown), given=written is not None, secret=False)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_shown(inner) for inner in value)
    if isinstance(value, float):
        return f"{value:g}"
    return USERINFO.sub("***@", str(value))
