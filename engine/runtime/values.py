"""How a step's value is kept: kind and bytes inline up to 64 KiB, else a blob."""

from __future__ import annotations

import json
from typing import Any

from engine.message import INLINE_LIMIT, Blob, Hl7, Value, Xml

Encoded = tuple[str, bytes]

LONE = "surrogatepass"
"""A peer's JSON may hold half a surrogate pair: kept as it is, like everything else that came."""
MARK = "\x00kind"


def encode(value: Value) -> Encoded:
    """Kind (`xml hl7 text json bytes blob`) and bytes."""
    match value:
        case Xml(data):
            return "xml", data
        case Hl7(data):
            return "hl7", data
        case str():
            return "text", value.encode(errors=LONE)
        case bytes():
            return "bytes", value
        case Blob(sha256, size, content_type, name):
            return "blob", json.dumps([sha256, size, content_type, name]).encode()
        case _:
            return "json", json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode(errors=LONE)


def decode(kind: str, data: bytes) -> Value:
    """Back from `encode`."""
    match kind:
        case "xml":
            return Xml(data)
        case "hl7":
            return Hl7(data)
        case "text":
            return data.decode(errors=LONE)
        case "bytes":
            return data
        case "blob":
            sha256, size, content_type, name = json.loads(data)
            return Blob(sha256, size, content_type, name)
        case _:
            restored: Value = _restored(json.loads(data))
            return restored


def is_large(encoded: Encoded) -> bool:
    return len(encoded[1]) > INLINE_LIMIT


def _plain(value: Any) -> Any:
    """JSON has neither XML nor blobs: both go in as marked maps. A peer's key that looks like the mark is escaped."""
    if isinstance(value, dict):
        return {_escaped(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (Xml, Hl7, Blob, bytes)):
        kind, data = encode(value)
        return {MARK: kind, "data": data.decode("latin-1")}
    return value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        if MARK in value:
            return decode(value[MARK], value["data"].encode("latin-1"))
        return {key.removeprefix("\x00"): _restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item) for item in value]
    return value


def _escaped(key: str) -> str:
    return f"\x00{key}" if key.startswith("\x00") else key
