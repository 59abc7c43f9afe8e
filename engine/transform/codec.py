"""Codes big payloads in a worker process: files to Base64 inside JSON and back, with the request's signature.

20 MB of Base64 and JSON hold the interpreter for 150 ms, so the reactor never does it. Every function takes and gives
paths; the caller removes the files.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from engine.message import Refused

CODEC = "WB-2015"
"""A payload is not what its encoding promises."""

Nested = Literal["json", "sorted", "java"]
"""How an object inside the signed text is written: compact JSON, the same with sorted keys, or Java's `{a=1, b=2}`."""

CHUNK = 3 * 256 * 1024
"""Bytes read at a time: a multiple of 3, so that Base64 of the chunks joins to Base64 of the whole."""
DEPTH = 64
DOCUMENTS = 8
"""Files that one answer may become: 64 MiB of the shortest ones would be millions."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A request signature: HMAC-SHA256 over the sorted fields, Base64, written as the field `name`."""

    key: bytes = field(repr=False)
    nested: Nested = "json"
    name: str = "signature"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A string of an answer that was Base64 and now is a file of `size` bytes."""

    path: str
    size: int


def signed_part(value: Any, nested: Nested) -> str:
    """One value as it stands in the signed text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return _java(value) if nested == "java" else _compact(value, nested == "sorted")
    return str(value)


def signed_text(fields: Mapping[str, Any], nested: Nested = "json", name: str = "signature") -> str:
    """`k=v` of all fields but the signature and nulls, in ASCII order of the keys, joined with `&`."""
    kept = sorted(key for key, value in fields.items() if key != name and value is not None)
    return "&".join(f"{key}={signed_part(fields[key], nested)}" for key in kept)


def signature(fields: Mapping[str, Any], sign: Sign) -> str:
    """The request signature of fields without files."""
    return _sum(hmac.new(sign.key, signed_text(fields, sign.nested, sign.name).encode(), hashlib.sha256))


def write_json(target: str, fields: Mapping[str, Any], files: Mapping[str, str], sign: Sign | None = None) -> int:
    """Write a JSON object: `fields`, and each of `files` (name: path) as Base64, streaming. Its size in bytes.

    Nulls are left out. One pass: the object's keys are in the order of the signed text, the signature is last.
    """
    digest = hmac.new(sign.key if sign else b"-", b"", hashlib.sha256)
    names = sorted({key for key, value in fields.items() if value is not None} | set(files))
    with Path(target).open("wb") as out:
        out.write(b"{")
        for index, name in enumerate(names):
            out.write((b"," if index else b"") + _compact(name).encode() + b":")
            digest.update(f"{'&' if index else ''}{name}=".encode())
            if name in files:
                _write_file(out, digest, Path(files[name]))
            else:
                out.write(_compact(fields[name]).encode())
                digest.update(signed_part(fields[name], sign.nested if sign else "json").encode())
        if sign:
            out.write(f"{',' if names else ''}{_compact(sign.name)}:{_compact(_sum(digest))}".encode())
        out.write(b"}")
        return out.tell()


def _write_file(out: BinaryIO, digest: hmac.HMAC, path: Path) -> None:
    out.write(b'"')
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            text = base64.b64encode(chunk)
            out.write(text)
            digest.update(text)
    out.write(b'"')


def read_json(source: str | bytes, folder: str, decode: tuple[str, ...] = ()) -> dict[str, Any]:
    """Parse a JSON object (bytes, or the path of a file); strings whose key is in `decode` become files.

    A value that is not Base64, a body that is not a JSON object: `Refused`, naming the key and never a value.
    """
    try:
        answer = json.loads(source if isinstance(source, bytes) else Path(source).read_bytes())
    except (ValueError, RecursionError):
        raise Refused(CODEC, "the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise Refused(CODEC, "the answer is not a JSON object")
    reading = _Reading(Path(folder), decode)
    try:
        return {name: reading.decoded(name, value, DEPTH) for name, value in answer.items()}
    except Refused:
        for file in reading.made:
            Path(file.path).unlink(missing_ok=True)
        raise


def decoded_in(value: Any) -> Iterator[Decoded]:
    """The files that `read_json` made, wherever in the answer they are: the caller removes them."""
    if isinstance(value, Decoded):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from decoded_in(inner)


class _Reading:
    """One answer on its way into files."""

    def __init__(self, folder: Path, decode: tuple[str, ...]) -> None:
        self.made: list[Decoded] = []
        self._folder = folder
        self._decode = decode

    def decoded(self, name: str, value: Any, depth: int) -> Any:
        if depth == 0:
            raise Refused(CODEC, "the answer is nested too deep")
        if isinstance(value, dict):
            return {key: self.decoded(key, inner, depth - 1) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.decoded(name, inner, depth - 1) for inner in value]
        if name in self._decode and isinstance(value, str) and value:
            if len(self.made) == DOCUMENTS:
                raise Refused(CODEC, f"the answer holds more than {DOCUMENTS} documents")
            self.made.append(base64_to_file(value, str(self._folder / uuid.uuid4().hex), name))
            return self.made[-1]
        return value


def base64_to_file(text: str, target: str, name: str = "value") -> Decoded:
    """Decode Base64 (line breaks are allowed, nothing else) into a new file."""
    try:
        data = binascii.a2b_base64(text.encode().translate(None, b" \t\r\n"), strict_mode=True)
    except ValueError:
        raise Refused(CODEC, f"{name} is not Base64") from None
    Path(target).write_bytes(data)
    return Decoded(target, len(data))


def _compact(value: Any, sort: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort)


def _java(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_java(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_java, value)) + "]"
    return "null" if value is None else signed_part(value, "java")


def _sum(digest: hmac.HMAC) -> str:
    return base64.b64encode(digest.digest()).decode()
