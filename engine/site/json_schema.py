"""The grammar of routes.yaml as a JSON Schema (2020-12), for editors that complete and check while one types.

Made from the settings classes of channels and verbs, so it says what the loader takes. It knows no references: what
refers to what is lint's matter. A scalar may come as text or as what an editor's YAML made of it.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.site.alerts import WORDS, AlertKeys, When
from engine.site.calls import CallSettings, Common
from engine.site.conditions import Condition
from engine.site.load import ConnectionKeys
from engine.site.model import Policy, Then
from engine.site.nodes import Items, Map, Text
from engine.site.paths import Pointer, Template, XPath
from engine.site.routes import LabelKeys, ReceiveKeys, RouteKeys, StepKeys
from engine.site.settings import key_of
from engine.site.units import Duration, Listen, Percent, Rate, Secret, SitePath, Size

Schema = dict[str, Any]

URL = "https://json-schema.org/draft/2020-12/schema"
_NAME = "^[a-z][a-z0-9_]{0,62}$"
_LIMITS = ("max_in_flight", "rate", "breaker")


def _text(pattern: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"pattern": pattern} if pattern else {}), **more}


def _scalar(*kinds: str, pattern: str) -> Schema:
    return {"type": [*kinds, "string"], "pattern": pattern}


TEXT: Schema = {"type": ["string", "number", "boolean"]}
_CONDITION: Schema = {"$ref": "#/$defs/condition"}
_CALL: Schema = {"$ref": "#/$defs/call"}
_FILE = _text(r"\.(xsl|xslt|yaml|xsd|py)$")

_KINDS: dict[Any, Schema] = {
    str: TEXT,
    int: _scalar("integer", pattern=r"^-?\d+$"),
    float: _scalar("number", pattern=r"^-?\d+(\.\d+)?$"),
    bool: {"enum": [True, False, "true", "false"]},
    Duration: _text(r"^\d{1,9}(\.\d{1,3})?(ms|s|m|h|d)$", examples=["200ms", "5s", "1m", "72h", "30d"]),
    Size: _text(r"^\d{1,12}(B|KiB|MiB|GiB)$", examples=["64KiB", "10MiB"]),
    Percent: _text(r"^\d{1,3}(\.\d{1,3})?%$", examples=["20%"]),
    Rate: _text(r"^\d{1,9}/(s|m|h)$", examples=["50/s"]),
    Listen: _text(r":\d{1,5}$", examples=["127.0.0.1:8081"]),
    Secret: {
        "type": "object", "required": ["secret"], "additionalProperties": False,
        "properties": {"secret": _text(r"^[a-z][a-z0-9_]{0,63}$")},
    },
    Then: _text(r"^(dead|hold|go:[a-z][a-z0-9_]*)$", examples=["dead", "hold", "go:STEP"]),
    XPath: _text(),
    Template: TEXT,
    Pointer: _text(),
    Condition: _CONDITION,
    CallSettings: _CALL,
    Text: TEXT,
    Map: {"type": "object"},
    Items: {"type": "array"},
    Any: {},
    type(None): {},
}  # fmt: skip


def schema(channels: Mapping[str, Any], verbs: Mapping[str, Any]) -> Schema:
    """The whole schema; channels and verbs are modules by the word that stands in routes.yaml."""
    sections = {
        "include": {"type": "array", "items": _text(r"\.yaml$"), "description": "further files with these sections"},
        "namespaces": _named({"type": "string", "minLength": 1}, r"^[A-Za-z_][\w.-]*$"),
        "connections": _named({"$ref": "#/$defs/connection"}),
        "alerts": _named(_class(AlertKeys)),
        "policies": _named(_class(Policy)),
        "steps": _named({"$ref": "#/$defs/steps"}),
        "routes": _named(_route()),
    }
    return {
        "$schema": URL,
        "title": "routes.yaml of Waybill",
        "type": "object",
        "additionalProperties": False,
        "properties": sections,
        "$defs": {
            "condition": _condition(),
            "connection": _connection(channels),
            "call": _call(channels),
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            "step": _step(verbs),
            **{f"channel.{name}": _channel(module) for name, module in sorted(channels.items())},
            **{f"verb.{name}": _verb(module) for name, module in sorted(verbs.items())},
        },
    }


def _named(inner: Schema, pattern: str = _NAME) -> Schema:
    return {"type": "object", "propertyNames": {"pattern": pattern}, "additionalProperties": inner}


# ---- connections and calls


def _connection(channels: Mapping[str, Any]) -> Schema:
    choices = [
        {"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/$defs/channel.{name}"}}
        for name in sorted(channels)
    ]
    kind = {"enum": sorted(channels)}
    return {"type": "object", "required": ["type"], "properties": {"type": kind}, "allOf": choices or [True]}


def _channel(module: Any) -> Schema:
    made = _class(module.Settings)
    common = _class(ConnectionKeys)["properties"]
    if not getattr(module, "CALLS", {}):
        common = {key: value for key, value in common.items() if key not in _LIMITS}
    made["properties"] = {**common, **made["properties"], "type": TEXT}
    return {**made, "description": _doc(module)}


def _call(channels: Mapping[str, Any]) -> Schema:
    """Any call of any channel: which connection is which type, the schema of a text cannot tell."""
    forms: list[Schema] = []
    for module in (channels[name] for name in sorted(channels)):
        for word, kind in getattr(module, "CALLS", {}).items():
            form = _joined(_class(Common), _class(kind))
            named = {"operation": TEXT if word == "*" else {"const": word}}
            form["properties"] = {**named, **form["properties"]}
            if word not in form["properties"]:
                form["required"] = sorted({*form["required"], "operation"})
            if form not in forms:
                forms.append(form)
    return {"type": "object", "required": ["to"], "anyOf": forms or [False]}


def _joined(first: Schema, second: Schema) -> Schema:
    return {
        **first,
        "properties": {**first["properties"], **second["properties"]},
        "required": sorted({*first["required"], *second["required"]}),
    }


# ---- routes, steps and conditions


def _route() -> Schema:
    made = _class(RouteKeys)
    receive = _class(ReceiveKeys)
    receive["properties"]["from"] = {"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}
    labels = _named(_class(LabelKeys))
    made["properties"].update(receive=receive, steps={"$ref": "#/$defs/steps"}, labels=labels)
    return made


def _step(verbs: Mapping[str, Any]) -> Schema:
    """A step with one verb, or a use of a named list."""
    common = _class(StepKeys)
    one: list[Any] = [{"required": [word]} for word in sorted(verbs)]
    words = {name: {"$ref": f"#/$defs/verb.{name}"} for name in sorted(verbs)}
    step = {
        **common,
        "properties": {**common["properties"], "id": _text(_NAME), **words},
        "oneOf": one or [False],
    }
    use = {
        "type": "object", "required": ["use"], "additionalProperties": False,
        "properties": {"use": _text(_NAME), "as": _text(_NAME)},
    }  # fmt: skip
    return {"if": {"type": "object", "required": ["use"]}, "then": use, "else": step}


def _verb(module: Any) -> Schema:
    listed = getattr(module, "LIST_OF", None)
    if listed is not None:
        return {"type": "array", "minItems": 1, "items": _class(listed), "description": _doc(module)}
    return {**_value(module.Settings), "description": _doc(module)}


def _condition() -> Schema:
    several = {"type": "array", "items": _CONDITION, "minItems": 1}
    forms: dict[str, Schema] = {
        "present": TEXT, "absent": TEXT, "xpath": _text(), "not": _CONDITION, "all": several, "any": several,
    }  # fmt: skip
    compare = {"is": TEXT, "in": {"type": "array", "items": TEXT}, "matches": TEXT}
    return {
        "anyOf": [
            *(_only({word: form}, [word]) for word, form in forms.items()),
            *(_only({"path": TEXT, word: form}, ["path", word]) for word, form in compare.items()),
        ]
    }


def _only(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


# ---- settings classes


def _class(cls: type) -> Schema:
    """The mapping that a settings class takes."""
    hints = typing.get_type_hints(cls)
    properties: Schema = {}
    required: list[str] = []
    for part in dataclasses.fields(cls):
        if not part.init:
            continue
        help_ = part.metadata.get("help", "")
        properties[key_of(part)] = {**_value(hints[part.name]), **({"description": help_} if help_ else {})}
        if part.default is dataclasses.MISSING and part.default_factory is dataclasses.MISSING:
            required.append(key_of(part))
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _value(kind: Any) -> Schema:
    if kind in _KINDS:
        return dict(_KINDS[kind])
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin is not None:
        return _generic(origin, inner)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return {"enum": [str(member.value) for member in kind]}
    if isinstance(kind, type) and issubclass(kind, SitePath):
        return dict(_FILE) if hasattr(kind, "SUFFIXES") else _text()
    if dataclasses.is_dataclass(kind) and isinstance(kind, type) and not hasattr(kind, "from_node"):
        return _class(kind)
    if kind is When:
        return {"anyOf": [_class(one) for one in WORDS.values()]}
    made: Callable[[], Schema] | None = getattr(kind, "json_schema", None)
    return made() if made is not None else {}  # a type of a channel's own: what it takes, only it knows


def _generic(origin: Any, inner: tuple[Any, ...]) -> Schema:
    if origin in (typing.Union, types.UnionType):
        forms = [_value(kind) for kind in inner if kind is not type(None)]
        return forms[0] if len(forms) == 1 else {"anyOf": forms}
    if origin is typing.Literal:
        return {"enum": list(inner)}
    if origin in (list, tuple, Sequence, frozenset):
        return {"type": "array", "items": _value(inner[0])}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _value(inner[1])}
    return {}


def _doc(module: Any) -> str:
    """The first sentence of a module, in one line."""
    text = " ".join((module.__doc__ or "").split("\n\n")[0].split())
    return text.replace("`", "")
