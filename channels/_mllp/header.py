"""What a channel must know of a message, out of its first segment alone (HL7 2.5.1, section 2.15.9)."""

from __future__ import annotations

import itertools
import time
from dataclasses import field
from functools import lru_cache

from engine import hl7
from engine.frozen import frozen
from engine.message import Hl7, Refused

UNREADABLE = Hl7(b"MSH|^~\\&|||||||||P|2.5\r")
"""What is answered when there is no readable MSH: an acknowledgement that names no message."""

_CUT = hl7.LONGEST_HEADER
_ids = itertools.count(time.time_ns())


@frozen
class Header:
    """segment: the MSH in UTF-8. charset: Python's name of what the sender uses. kind: `ADT^A01`.

    operation: the same as one word, `ADT_A01`. accept, respond: MSH-15 and MSH-16.
    """

    segment: Hl7 = field(repr=False)
    charset: str
    operation: str = field(repr=False)
    identity: tuple[str, str, str] = field(repr=False)
    accept: str = field(repr=False)
    respond: str = field(repr=False)

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.identity[2]

    @property
    def enhanced(self) -> bool:
        """Whether the sender asks for the enhanced acknowledgement mode (section 2.9.3)."""
        return bool(self.accept or self.respond)


def read_header(content: bytes, charset: str) -> Header:
    """The header of a message on the wire; charset: what holds when MSH-18 is empty. Raises `Refused` WB-1201.

    A character set that is not known is for whoever reads the whole to refuse: here ASCII is enough to answer.
    """
    if content[:3] == b"\xef\xbb\xbf":
        content = content[3:]
    if content[:3] != b"MSH":
        raise Refused(hl7.NOT_HL7, "the message does not begin with a segment MSH")
    end = content.find(b"\r", 0, _CUT)
    line = content[: end if end >= 0 else _CUT].partition(b"\n")[0]
    try:
        name = hl7.charset_of(line) or charset
    except Refused:
        name = "ascii"
    return _taken_apart(line.decode(name, "replace"), name)


def kind_of(value: Hl7) -> tuple[str, str]:
    """Operation and control id of a message that is a value. Raises `Refused`."""
    text = value.data[: value.data.find(b"\r")].decode()
    marks = hl7.separators(text)
    fields = text.split(marks[0], 10)
    operation = _operation(fields[8], marks[1]) if len(fields) > 8 else ""
    return operation, fields[9] if len(fields) > 9 else ""


def _taken_apart(text: str, charset: str) -> Header:
    marks = hl7.separators(text)
    fields = text.split(marks[0])
    fields += [""] * (18 - len(fields))
    identity = (fields[2], fields[3], fields[9])
    accept, respond = fields[14], fields[15]
    return Header(
        Hl7(text.encode()), charset, _operation(fields[8], marks[1]), identity,
        _word(accept) if accept else "", _word(respond) if respond else "",
    )  # fmt: skip


@lru_cache(maxsize=256)
def _operation(kind: str, mark: str) -> str:
    """`ADT_A01` of `ADT^A01^ADT_A01`; a sender's messages are of few kinds."""
    return "_".join([part for part in kind.split(mark, 2)[:2] if part])


def _word(text: str) -> str:
    """A condition of table 0155; `""` (delete) is no condition."""
    return text.strip('" ').upper()


def acknowledge(header: Header | None, code: str, failure: str = "", reason: str = "") -> bytes:
    """The answer as it goes on the wire, in the sender's character set. failure: a `WB-nnnn`."""
    segment, charset = (UNREADABLE, "utf-8") if header is None else (header.segment, header.charset)
    text = f"{failure} {reason}" if failure else ""
    answer = hl7.acknowledgement(segment, code, control_id=_new_control_id(), at=_now(), text=text, error=failure)
    return answer.data if charset == "utf-8" else answer.data.decode().encode(charset, "replace")


def wanted(condition: str, ok: bool) -> bool:
    """Whether an answer is asked for: table 0155, AL NE ER SU; empty is never."""
    return condition == "AL" or condition == ("SU" if ok else "ER")


def _new_control_id() -> str:
    """MSH-10 of an acknowledgement: at most 20 letters, unique while the clock does not go back."""
    return f"W{next(_ids):X}"


@lru_cache(maxsize=2)
def _written(second: int) -> str:
    return time.strftime("%Y%m%d%H%M%S", time.localtime(second))


def _now() -> str:
    return _written(int(time.time()))
