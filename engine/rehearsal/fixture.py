"""A stored message without the persons in it: every identity replaced, everywhere, by the same invented one.

What says who somebody is, is found by the route's labels, the known HL7 fields and the usual names of elements; then
each of these texts is replaced wherever it stands, also in free text. At the end nothing of it may be left: a result
that still holds one is refused, and so is one that the route would not take any more.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from engine import hl7
from engine.message import Blob, Hl7, Refused, Value, Xml
from engine.rehearsal.identity import Kind, kind_of, kind_of_label
from engine.rehearsal.invent import Invented, forms_of_date
from engine.rehearsal.leaves import Leaf, leaves, rewritten
from engine.rehearsal.paper import pdf

LEFT = "WB-7702"
"""Something of the person is still there."""
NOT_TAKEN = "WB-7703"
"""The route would not take the result."""

SHORT_NAME, SHORT_NUMBER = 2, 4
"""Shorter ones are replaced where they stand alone, not inside other texts."""
BIRTH = 8
"""Digits of a date."""
LITTLE = 2
"""Further digits that a number made of another one may have."""
LONG_TEXT = 12
"""Characters of a text that may be free text: a person looks at it."""
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{200,}={0,2}\s*")
_WORD = re.compile(r"\w")


@dataclass
class Persons:
    """The texts that say who somebody is. phi: of labels. kinds: by text, the first kind that was seen."""

    kinds: dict[str, Kind] = field(default_factory=dict, repr=False)
    whole: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def see(self, text: str, kind: Kind) -> None:
        """One of them. What holds nothing but zeros and signs is nobody."""
        text = text.strip()
        if text.strip("0-+. /:^") and not (kind == "number" and len(text) == 1):
            self.kinds.setdefault(text, kind)

    def look(self, value: Value) -> None:
        """All that a value says of persons by its places."""
        found = leaves(value)
        for leaf in found:
            kind = kind_of(leaf)
            if kind is not None and not is_attachment(leaf.text):
                self.see(leaf.text, kind)
        if isinstance(value, Hl7):
            self._whole_names(found)

    def labels(self, labels: Iterable[tuple[str, str]]) -> None:
        """Labels with a patient's data."""
        for name, text in labels:
            self.see(text, kind_of_label(name, text))

    def _whole_names(self, found: list[Leaf]) -> None:
        """Family and given name stand apart in HL7 and together elsewhere."""
        for first, second in pairwise(found):
            family, _, one = first.word.rpartition(".")
            given, _, two = second.word.rpartition(".")
            if family == given and kind_of(first) == kind_of(second) == "name" and int(two) == int(one) + 1:
                a, b = first.text, second.text
                for pattern in ("{0}{1}", "{0} {1}", "{1} {0}", "{0}, {1}", "{0},{1}", "{0}^{1}"):
                    self.whole[pattern.format(a, b)] = (pattern, a, b)


class Replacing:
    """Puts invented persons in the place of the real ones."""

    def __init__(self, persons: Persons, keyword: str = "", secret: bytes | None = None) -> None:
        self._persons = persons
        self._keyword = keyword
        originals = [text for text in (*persons.kinds, *persons.whole) if _inside(text, persons)]
        self._invented = Invented(secret or secrets.token_bytes(32), frozenset(originals), frozenset(persons.kinds))
        self._dates: set[str] = set()
        self._table = self._made()
        within = (text for text in self._table if text in self._dates or _inside(text, persons))
        inner = sorted(within, key=len, reverse=True)
        self._pattern = re.compile("|".join(_bounded(text) for text in inner)) if inner else None
        self.attachments = 0

    def _made(self) -> dict[str, str]:
        kinds = self._persons.kinds
        table: dict[str, str] = {}
        for text, kind in sorted(kinds.items(), key=lambda item: len(item[0])):
            table[text] = self._composed(text, kind, table) or self._invented.of(text, kind)
        for text, kind in kinds.items():
            if kind == "birth":
                others = zip(forms_of_date(text), forms_of_date(table[text]), strict=False)
                for old, new in others:
                    table.setdefault(old, new)
                    self._dates.add(old)
        for text, (pattern, a, b) in self._persons.whole.items():
            table[text] = pattern.format(table.get(a, a), table.get(b, b))
        return table

    def _composed(self, text: str, kind: Kind, table: dict[str, str]) -> str:
        """A number that is another one with a little more (`4711||1`) is made of that one's."""
        if kind != "number" or not any(one.isdigit() for one in text):
            return ""
        inner = next((old for old in reversed(table) if old in text and _inside(old, self._persons)), "")
        rest = text.replace(inner, "", 1)
        if not inner or sum(one.isdigit() for one in rest) > LITTLE or any(one.isalpha() for one in rest[LITTLE:]):
            return ""
        return text.replace(inner, table[inner], 1)

    def value(self, value: Value) -> Value:
        """The value without them."""
        return rewritten(value, self._leaf, self.attachment)

    def text(self, text: str) -> str:
        """One text without them."""
        whole = self._table.get(text.strip())
        if whole is not None:
            return text.replace(text.strip(), whole)
        return text if self._pattern is None else self._pattern.sub(lambda hit: self._table[hit[0]], text)

    def attachment(self, blob: Blob) -> Value:
        """A document: an invented one instead."""
        self.attachments += 1
        return Blob("", 0, "application/pdf" if "pdf" in blob.content_type else blob.content_type, "invented.pdf")

    def document(self) -> bytes:
        """The invented document."""
        return pdf(self._keyword)

    def _leaf(self, leaf: Leaf) -> str:
        if is_attachment(leaf.text):
            self.attachments += 1
            return base64.b64encode(self.document()).decode()
        return self.text(leaf.text)

    def left(self, value: Value) -> list[str]:
        """Paths at which something of the real persons is still there."""
        return [leaf.path for leaf in leaves(value) if not is_attachment(leaf.text) and self.holds(leaf.text)]

    def holds(self, text: str) -> bool:
        """Whether something of them is in this text."""
        return text.strip() in self._table or (self._pattern is not None and self._pattern.search(text) is not None)

    def raw_holds(self, data: bytes) -> bool:
        """Whether it is in the bytes as they are written, whatever the encoding of signs."""
        text = data.decode("utf-8", "replace")
        return self._pattern is not None and self._pattern.search(text) is not None


def is_attachment(text: str) -> bool:
    """A document in Base64."""
    if len(text) < 200 or not _BASE64.fullmatch(text):
        return False
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def free_texts(value: Value) -> list[str]:
    """Paths of longer texts: a name that stands nowhere else can only be found by reading them."""
    found = []
    for leaf in leaves(value):
        words = len(leaf.text.split())
        long = len(leaf.text) >= LONG_TEXT and (words > 2 or re.search(r"[\u3400-\u9fff]{6}", leaf.text))
        if long and kind_of(leaf) is None and not is_attachment(leaf.text):
            found.append(leaf.path)
    return found


def clean(value: Value, replacing: Replacing) -> Value:
    """The value without the persons; `Refused` with the places where one is left."""
    made = replacing.value(value)
    left = replacing.left(made)
    if left:
        raise Refused(LEFT, f"a value of the person would be left at {', '.join(left[:5])}")
    if replacing.raw_holds(raw(made)):
        raise Refused(LEFT, "a value of the person would be left in a name or an attribute of the message")
    return made


def raw(value: Value) -> bytes:
    """As the file is written."""
    match value:
        case Xml():
            return b'<?xml version="1.0" encoding="UTF-8"?>\n' + value.data + b"\n"
        case Hl7():
            return hl7.encode(value)
        case bytes():
            return value
        case str():
            return value.encode("utf-8", "surrogatepass")
        case _:
            return json.dumps(_plain(value), ensure_ascii=False, indent=2).encode("utf-8", "surrogatepass")


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Xml | Hl7):
        return value.data.decode("utf-8", "replace")
    return None if isinstance(value, Blob | bytes) else value


def _inside(text: str, persons: Persons) -> bool:
    """Whether it may be replaced within other texts."""
    kind = persons.kinds.get(text)
    if kind in ("number", "phone"):
        return len(text) >= SHORT_NUMBER and any(one.isdigit() for one in text)
    if text.isdigit():
        return kind == "birth" and len(text) >= BIRTH  # a postcode stands in many a number
    if text.isascii() and text.isalpha():
        return len(text) > SHORT_NAME
    return len(text) >= SHORT_NAME


def _bounded(text: str) -> str:
    """Latin words and short numbers only as wholes: `Ann` is no part of `Annex`."""
    if text.isascii() and (len(text) < BIRTH or not text.isdigit()):
        head = r"(?<![A-Za-z0-9])" if _WORD.match(text) else ""
        tail = r"(?![A-Za-z0-9])" if _WORD.match(text[-1]) else ""
        return f"{head}{re.escape(text)}{tail}"
    return re.escape(text)
