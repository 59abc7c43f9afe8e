"""How a step's value is kept: kind and bytes inline up to 64 KiB, else a blob."""

from __future__ import annotations

import json
from typing import Any

from engine.message import INLINE_LIMIT, Blob, Value, Xml

Encoded = tuple[str, bytes]


def encode(value: Value) -> Encoded:
    """Kind (`xml text json bytes blob`) and bytes."""
    match value:
        case Xml(data):
            return "xml", data
        case str():
            return "text", value.encode()
        case bytes():
            return "bytes", value
        case Blob(sha256, size, content_type, name):
            return "blob", json.dumps([sha256, size, content_type, name]).encode()
        case _:
            return "json", json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def decode(kind: str, data: bytes) -> Value:
    """Back from `encode`."""
    match kind:
        case "xml":
            return Xml(data)
        case "text":
            return data.decode()
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
    """JSON has neither XML nor blobs: both go in as marked lists."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (Xml, Blob, bytes)):
        kind, data = encode(value)
        return {"\x00kind": kind, "data": data.decode("latin-1")}
    return value


def _restored(value: Any) -> Any:
    if isinstance(value, dict):
        if "\x00kind" in value:
            return decode(value["\x00kind"], value["data"].encode("latin-1"))
        return {key: _restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_restored(item) for item in value]
    return value
