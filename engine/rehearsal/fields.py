"""A value as its fields: each single text with the path at which an analyst would look for it.

XML `/Request/Body/PATName`, `@attribute`; HL7 `PID-5.1`, `OBX[2]-5`; JSON and arguments `rows[1]/name`.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from engine import hl7
from engine.message import Blob, Failure, Hl7, Xml
from engine.transform import safe_xml

FORM = "form()"
"""Field of a value whose texts are all equal, and which is written otherwise: order of elements, blanks, prefixes."""
_INDEX = re.compile(r"\[\d+\]")
_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


def fields(value: Any, path: str = "") -> dict[str, str]:
    """Every single text by its path."""
    return dict(_fields(value, path))


def digest(value: Any) -> bytes:
    """Equal exactly when the value is, in its canonical form."""
    seen = hashlib.sha256()
    for part in _canonical(value):
        seen.update(part + b"\0")
    return seen.digest()


def general(path: str) -> str:
    """The path without its numbers: the same field of every repetition."""
    return _INDEX.sub("", path)


def masked(text: str) -> str:
    """Its form without what it says: letters, digits and characters become `x`, `9` and `某`."""
    text = _CJK.sub("某", text)
    return "".join(
        ("X" if one.isupper() else "x") if one.isalpha() and one != "某" else "9" if one.isdigit() else one
        for one in text
    )


def _fields(value: Any, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Xml():
            yield from _xml(value, path)
        case Hl7():
            yield from _segments(value, path)
        case Mapping() | list() | tuple():
            for key, item in _inner(value, path):
                yield from _fields(item, key)
        case Blob(sha256, size, content_type, _):
            yield f"{path}/document", f"{content_type}, {size} bytes, sha256 {sha256[:16]}"
        case bytes():
            yield path, f"{len(value)} bytes, sha256 {hashlib.sha256(value).hexdigest()[:16]}"
        case None:
            return
        case _:
            yield path, str(value)


def _inner(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"{path}/{key}" if path else str(key), item) for key, item in value.items())
    else:
        yield from ((f"{path}[{number}]", item) for number, item in enumerate(value, 1))


def _xml(value: Xml, path: str) -> Iterator[tuple[str, str]]:
    try:
        top = safe_xml.from_value(value)
    except Failure:
        yield path, value.data.decode("utf-8", "replace")
        return
    yield from _element(top, f"{path}/{etree.QName(top).localname}")


def _element(top: etree._Element, here: str, space: str | None = None) -> Iterator[tuple[str, str]]:
    name = etree.QName(top)
    if name.namespace != space:
        yield f"{here}/namespace()", name.namespace or ""
    for key, text in top.attrib.items():
        yield f"{here}/@{etree.QName(key).localname}", str(text)
    children = list(top)  # comments and instructions are not read
    own = "".join([top.text or "", *(child.tail or "" for child in top)])
    if own.strip() or (own and not children):
        yield here, own
    elif not children:
        yield here, ""
    counts = Counter(str(child.tag) for child in children)
    seen: Counter[str] = Counter()
    for child in children:
        tag = str(child.tag)
        seen[tag] += 1
        inner = f"{here}/{etree.QName(child).localname}" + (f"[{seen[tag]}]" if counts[tag] > 1 else "")
        yield from _element(child, inner, name.namespace)


def _segments(value: Hl7, path: str) -> Iterator[tuple[str, str]]:
    message = hl7.Message(value)
    field, component, repeat, _, sub = message.separators
    counts, seen = Counter(message.segments()), Counter[str]()
    for text in message.texts():
        name = text[:3]
        seen[name] += 1
        where = f"{path}/{name}" + (f"[{seen[name]}]" if counts[name] > 1 else "")
        parts = text.split(field)
        for number, whole in enumerate(parts[1:], 2 if name == "MSH" else 1):
            if name == "MSH" and number == 2:
                yield f"{where}-2", whole
                continue
            repetitions = whole.split(repeat)
            for count, one in enumerate(repetitions, 1):
                at = f"{where}-{number}" + (f"[{count}]" if len(repetitions) > 1 else "")
                yield from _components(one, at, component, sub)


def _components(text: str, at: str, component: str, sub: str) -> Iterator[tuple[str, str]]:
    parts = text.split(component)
    for number, part in enumerate(parts, 1):
        inner = part.split(sub)
        where = f"{at}.{number}" if len(parts) > 1 or len(inner) > 1 else at
        for count, one in enumerate(inner, 1):
            if one:
                yield (f"{where}.{count}" if len(inner) > 1 else where), one


def _canonical(value: Any) -> Iterator[bytes]:
    match value:
        case Xml():
            try:
                yield etree.tostring(safe_xml.from_value(value), method="c14n", exclusive=True)
            except Failure:
                yield value.data
        case Hl7():
            yield value.data
        case dict() | Mapping():
            for key in sorted(value, key=str):
                yield str(key).encode("utf-8", "surrogatepass")
                yield from _canonical(value[key])
        case list() | tuple():
            for item in value:
                yield b"-"
                yield from _canonical(item)
        case bytes():
            yield value
        case Blob():
            yield value.sha256.encode()
        case _:
            yield f"{type(value).__name__}:{value}".encode("utf-8", "surrogatepass")
