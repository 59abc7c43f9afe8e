"""HL7 v2 messages in their ER7 form (HL7 2.5.1, chapter 2): read, look up a field, change one, acknowledge.

Paths are written `SEGMENT[n]-FIELD[rep].COMPONENT.SUBCOMPONENT`, for example `PID-3[2].1`; all count from 1. Only
what a path touches is taken apart, so looking at three fields of a large message costs three fields.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from engine.hl7_escapes import BLOCKS as BLOCKS
from engine.hl7_escapes import escaped as escaped
from engine.hl7_escapes import one_line
from engine.hl7_escapes import unescaped as unescaped
from engine.message import Hl7, Refused

NOT_HL7 = "WB-1201"
CHARSET = "WB-1202"

LONGEST_HEADER = 2000
"""Characters of a first segment at most that is searched for separators and character set."""

_PATH = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\[([1-9][0-9]{0,3})\])?-([1-9][0-9]{0,2})(?:\[([1-9][0-9]{0,3})\])?"
    r"(?:\.([1-9][0-9]?)(?:\.([1-9][0-9]?))?)?"
)
# HL7 table 0211, with what senders write instead.
_CHARSETS = {
    "ASCII": "ascii", "8859/1": "iso-8859-1", "8859/2": "iso-8859-2", "8859/5": "iso-8859-5", "8859/7": "iso-8859-7",
    "8859/9": "iso-8859-9", "8859/15": "iso-8859-15", "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8",
    "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030", "ISO IR87": "iso2022_jp",
    "BIG-5": "big5", "ISO IR159": "iso2022_jp_1", "KS X 1001": "euc_kr",
}  # fmt: skip
_GB = frozenset(name for name, codec in _CHARSETS.items() if codec == "gb18030")
Marks = tuple[str, str, str, str, str]
_NAMES = {"F": 0, "S": 1, "T": 3, "R": 2, "E": 4}  # escape letters (section 2.7), by place in separators


@dataclass(frozen=True, slots=True)
class Path:
    """One place in a message. None: every segment of that name, every repetition, the whole field."""

    segment: str
    occurrence: int | None
    field: int
    repetition: int | None
    component: int | None
    subcomponent: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        found = _PATH.fullmatch(text)
        if found is None:
            raise ValueError("write for example `PID-3.1`, `PID-3[2].1` or `OBX[2]-5`")
        numbers = [int(part) if part else None for part in found.groups()[1:]]
        assert numbers[1] is not None
        return cls(found[1], numbers[0], numbers[1], numbers[2], numbers[3], numbers[4])


@lru_cache(maxsize=4096)
def path(text: str) -> Path:
    """As `Path.parse`, remembered: the paths of a site are few and asked for at each message."""
    return Path.parse(text)


def is_path(text: str) -> bool:
    """Whether this is written like a path into a message."""
    return _PATH.fullmatch(text) is not None


class Message:
    """A message taken apart as far as it was asked for. Not thread-safe; `to_bytes` gives it back."""

    __slots__ = ("_fields", "_segments", "_where", "separators")

    def __init__(self, data: bytes | Hl7) -> None:
        text = (data.data if isinstance(data, Hl7) else data).decode()
        self.separators = separators(text)
        self._segments: list[str] = text.rstrip("\r").split("\r")
        self._fields: dict[int, list[str]] = {}
        self._where: dict[str, list[int]] | None = None

    def get(self, where: str | Path) -> list[str]:
        """The texts at a path, empty ones left out; a part that still has parts is given as it is written."""
        at = path(where) if isinstance(where, str) else where
        found: list[str] = []
        _, component, _, escape, _ = self.separators
        wanted = at.component
        places: Sequence[int] = (self._where or self._index()).get(at.segment, ())
        if at.occurrence is not None:
            places = places[at.occurrence - 1 : at.occurrence]
        for index in places:
            for text in self._repetitions(index, at):
                part = text
                if wanted is not None:
                    if at.subcomponent is not None:
                        part = self._part(text, at)
                    elif component in text:
                        parts = text.split(component, wanted)
                        part = parts[wanted - 1] if wanted <= len(parts) else ""
                    elif wanted > 1:
                        part = ""
                if part:
                    found.append(self._plain(part) if escape in part else part)
        return found

    def copy(self) -> Message:
        """One that may be changed, while this one stays as it is."""
        made = Message.__new__(Message)
        made.separators = self.separators
        made._segments = self._segments.copy()
        made._fields = {}
        made._where = self._where  # made anew, never changed
        return made

    def first(self, where: str) -> str:
        """The first text at a path, or nothing."""
        found = self.get(where)
        return found[0] if found else ""

    def only(self, name: str) -> list[str] | None:
        """The fields of a segment, its name as number 0; None when there is not just one of it, or when a field has
        repetitions or escapes. Not of MSH."""
        places = (self._where or self._index()).get(name, ())
        text = self._segments[places[0]] if len(places) == 1 else ""
        if not text or self.separators[2] in text or self.separators[3] in text:
            return None
        return text.split(self.separators[0])

    def set(self, where: str | Path, text: str, *, raw: bool = False) -> None:
        """Put a text at a path (the first segment and repetition when the path does not say); the segment is made
        when it is missing. raw: the text is ER7 already. Raises `Refused` for the separators themselves."""
        at = path(where) if isinstance(where, str) else where
        if at.segment == "MSH" and at.field < 3:
            raise Refused(NOT_HL7, "MSH-1 and MSH-2 are the message's own separators")
        fields = self._taken_apart(self._made(at))
        place = at.field - 1 if at.segment == "MSH" else at.field
        if place >= len(fields):
            fields.extend([""] * (place + 1 - len(fields)))
        written = one_line(text, self.separators[3]) if raw else escaped(text, self.separators)
        fields[place] = self._changed(fields[place], at, written)

    def segments(self) -> list[str]:
        """The names of the segments in order."""
        return [text[:3] for text in self._segments]

    def texts(self) -> list[str]:
        """Each segment as it stands."""
        texts = self._segments.copy()
        for index, fields in self._fields.items():
            texts[index] = self.separators[0].join(fields)
        return texts

    def to_bytes(self) -> bytes:
        """UTF-8, each segment ended by a carriage return."""
        return ("\r".join(self.texts()) + "\r").encode()

    def to_hl7(self) -> Hl7:
        return Hl7(self.to_bytes())

    # ---- taking apart

    def _taken_apart(self, index: int) -> list[str]:
        fields = self._fields.get(index)
        if fields is None:
            fields = self._fields[index] = self._segments[index].split(self.separators[0])
        return fields

    def _index(self) -> dict[str, list[int]]:
        """Where the segments of each name are."""
        if self._where is None:
            where: dict[str, list[int]] = {}
            for index, text in enumerate(self._segments):
                name = text[:3]
                if name in where:
                    where[name].append(index)
                else:
                    where[name] = [index]
            self._where = where
        return self._where

    def _made(self, at: Path) -> int:
        places = (self._where or self._index()).get(at.segment, [])
        wanted = at.occurrence or 1
        if len(places) >= wanted:
            return places[wanted - 1]
        if len(places) < wanted - 1:
            raise Refused(NOT_HL7, f"{at.segment}[{wanted}] would leave a gap: there are {len(places)}")
        last = places[-1] + 1 if places else len(self._segments)
        self._segments.insert(last, at.segment)
        self._where = None
        self._fields = {index + (index >= last): fields for index, fields in self._fields.items()}
        return last

    def _repetitions(self, index: int, at: Path) -> Sequence[str]:
        fields = self._fields.get(index) or self._taken_apart(index)
        place = at.field
        if at.segment == "MSH":
            if place < 3:
                return (self.separators[0] if place == 1 else fields[1],)
            place -= 1
        text = fields[place] if place < len(fields) else ""
        if not text:
            return ()
        if self.separators[2] not in text:
            return (text,) if at.repetition is None or at.repetition == 1 else ()
        texts = text.split(self.separators[2])
        return texts if at.repetition is None else texts[at.repetition - 1 : at.repetition]

    def _part(self, text: str, at: Path) -> str:
        if at.component is None:
            return text
        parts = text.split(self.separators[1])
        if at.component > len(parts):
            return ""
        part = parts[at.component - 1]
        if at.subcomponent is None:
            return part
        inner = part.split(self.separators[4])
        return inner[at.subcomponent - 1] if at.subcomponent <= len(inner) else ""

    def _changed(self, old: str, at: Path, text: str) -> str:
        _, component, repeat, _, sub = self.separators
        if at.component is not None and at.subcomponent is None and repeat not in old and (at.repetition or 1) == 1:
            parts = old.split(component)
            parts.extend([""] * (at.component - len(parts)))
            parts[at.component - 1] = text
            return component.join(parts)
        if at.component is not None:
            return self._in(old, repeat, at.repetition or 1, lambda one: self._in(
                one, component, at.component or 1,
                (lambda part: text) if at.subcomponent is None
                else lambda part: self._in(part, sub, at.subcomponent or 1, lambda _: text),
            ))  # fmt: skip
        if at.repetition is not None:
            return self._in(old, repeat, at.repetition, lambda _: text)
        return text

    @staticmethod
    def _in(old: str, separator: str, place: int, change) -> str:  # type: ignore[no-untyped-def]
        parts = old.split(separator)
        parts.extend([""] * (place - len(parts)))
        parts[place - 1] = change(parts[place - 1])
        return separator.join(parts)

    # ---- escapes

    def _plain(self, text: str) -> str:
        escape = self.separators[3]
        if escape not in text or self.separators[1] in text or self.separators[4] in text:
            return text
        return unescaped(text, self.separators)


_shared: tuple[Hl7, Message] | None = None


def shared(value: Hl7) -> Message:
    """A value taken apart, for reading only: what looks at one value again and again has it taken apart once.

    Only the last one is kept.
    """
    global _shared
    last = _shared
    if last is None or last[0] is not value:
        last = _shared = (value, Message(value))
    return last[1]


def separators(text: str) -> Marks:
    """Field, component, repetition, escape, subcomponent (section 2.5.4). Raises `Refused`."""
    return _marks(text[:12])


@lru_cache(maxsize=256)
def _marks(text: str) -> Marks:
    """Of the first characters: nearly all messages begin alike."""
    if not text.startswith("MSH") or len(text) < 8:
        raise Refused(NOT_HL7, "the message does not begin with a segment MSH")
    field = text[3]
    rest, _, _ = text[4:12].partition(field)
    marks = (field, *rest)
    if not 4 <= len(marks) <= 6 or len(set(marks)) < len(marks) or any(
        c.isalnum() or not "!" <= c <= "~" for c in marks
    ):  # fmt: skip
        raise Refused(NOT_HL7, "MSH-1 and MSH-2 do not name the separators")
    return field, rest[0], rest[1], rest[2], rest[3] if len(rest) > 3 else "&"


# ---- character sets


def charset_of(body: bytes) -> str:
    """Python's name for the character set that MSH-18 tells; empty when it tells none. Raises `Refused`."""
    end = body.find(b"\r", 0, LONGEST_HEADER)
    line = body[: end if end >= 0 else LONGEST_HEADER]
    if b"\n" in line:
        line = line[: line.index(b"\n")]
    if len(line) <= 8:
        return ""
    if not line.isascii() and _told(line.decode("gb18030", "replace")) in _GB:
        return "gb18030"  # its second bytes may look like separators: they are none when the text is read as what it is
    fields = line.split(line[3:4], 18)
    return _codec(fields[17], line[4:5], line[5:6]) if len(fields) > 17 else ""


@lru_cache(maxsize=256)
def _codec(told: bytes, component: bytes, repetition: bytes) -> str:
    return charset_named(told.decode("latin-1"), component.decode("latin-1"), repetition.decode("latin-1"))


@lru_cache(maxsize=256)
def charset_named(told: str, component: str, repetition: str) -> str:
    """As `charset_of`, of what MSH-18 holds; senders write few things there."""
    name = _first(told, component, repetition)
    if name and name not in _CHARSETS:
        raise Refused(CHARSET, "the character set in MSH-18 is none that is known here")
    return _CHARSETS.get(name, "")


def _told(line: str) -> str:
    """MSH-18, its first component."""
    fields = line.split(line[3], 18) if len(line) > 8 else []
    return _first(fields[17], line[4], line[5]) if len(fields) > 17 else ""


def _first(told: str, component: str, repetition: str) -> str:
    return told.split(repetition)[0].split(component)[0].strip().upper()


def read(body: bytes, charset: str | None = None) -> Hl7:
    """A message from its bytes on the wire. charset: what holds when MSH-18 is empty (default UTF-8).

    Raises `Refused`: WB-1201 not HL7 v2, WB-1202 bytes that are not in the character set.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        body = body[3:]
    if not body.startswith(b"MSH"):
        raise Refused(NOT_HL7, "the message does not begin with a segment MSH")
    name = charset_of(body) or charset or "utf-8"
    try:
        text = body.decode(name)
    except (UnicodeDecodeError, LookupError):
        raise Refused(CHARSET, f"the bytes are not {name}, the message's character set") from None
    as_it_came = name == "utf-8" and body[-1:] == b"\r"
    if "\n" in text:
        text = text.replace("\r\n", "\r").replace("\n", "\r")
        as_it_came = False
    if "\x00" in text or "\x0b" in text or "\x1c" in text:
        raise Refused(NOT_HL7, "the message holds a zero byte, or a mark of MLLP's blocks")
    separators(text)
    if as_it_came:
        return Hl7(body)
    if not text.endswith("\r"):
        text += "\r"
    return Hl7(text.encode())


def encode(message: Hl7, charset: str | None = None) -> bytes:
    """The bytes for a peer: in the character set of the message's MSH-18, else in `charset`, else UTF-8.

    Raises `Refused` when a character is not in it.
    """
    return encoded(message, charset_of(message.data) or charset or "utf-8")


def encoded(message: Hl7, name: str) -> bytes:
    """As `encode`. name: Python's, of the character set."""
    if name == "utf-8":
        return message.data
    try:
        return message.data.decode().encode(name)
    except (UnicodeEncodeError, LookupError):
        raise Refused(CHARSET, f"a character of the message is not in {name}") from None
