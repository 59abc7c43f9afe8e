"""What a channel must know of a message, out of its first segment alone (HL7 2.5.1, section 2.15.9)."""

from __future__ import annotations

import itertools
import time
from dataclasses import field
from functools import lru_cache

from engine import hl7
from engine.frozen import frozen
from engine.message import Hl7, Refused

_USUAL: hl7.Marks = ("|", "^", "~", "\\", "&")
_UNREADABLE = ["MSH", "^~\\&", *[""] * 8, "P", "2.5", *[""] * 6]
"""What is answered when there is no readable MSH: an acknowledgement that names no message."""

_CUT = hl7.LONGEST_HEADER
_ids = itertools.count(time.time_ns())


@frozen
class Header:
    """fields: of MSH, MSH-3 is number 2. charset: Python's name of what the sender uses. operation: `ADT_A01`.

    accept, respond: MSH-15 and MSH-16.
    """

    fields: list[str] = field(repr=False)
    marks: hl7.Marks
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


def outgoing(value: Hl7, charset: str | None) -> tuple[str, str, bytes]:
    """Operation and control id of a message that is a value, and its bytes for a peer: in the character set of its
    MSH-18, else in `charset`, else UTF-8. Raises `Refused`, WB-1202 for characters that are not in it."""
    text = value.data[: value.data.find(b"\r")].decode()
    marks = hl7.separators(text)
    fields = text.split(marks[0], 18)
    count = len(fields)
    operation = _operation(fields[8], marks[1]) if count > 8 else ""
    named = hl7.charset_named(fields[17], marks[1], marks[2]) if count > 17 else ""
    return operation, fields[9] if count > 9 else "", hl7.encoded(value, named or charset or "utf-8")


def _taken_apart(text: str, charset: str) -> Header:
    marks = hl7.separators(text)
    fields = text.split(marks[0])
    fields += [""] * (18 - len(fields))
    identity = (fields[2], fields[3], fields[9])
    accept, respond = fields[14], fields[15]
    return Header(
        fields, marks, charset, _operation(fields[8], marks[1]), identity,
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
    """The answer as it goes on the wire (section 2.9), in the sender's character set: sender and receiver changed over,
    MSA-2 its control id. code: AA AE AR CA CE CR. failure: a `WB-nnnn`, told in MSA-3 and ERR-5."""
    head, marks, charset = (
        (_UNREADABLE, _USUAL, "utf-8") if header is None else (header.fields, header.marks, header.charset)
    )
    field, component = marks[0], marks[1]
    event = head[8].split(component, 2)
    kind = f"ACK{component}{event[1]}{component}ACK" if len(event) > 1 and event[1] else "ACK"
    first = ["MSH", head[1], *head[4:6], *head[2:4], _now(), "", kind, _new_control_id(), *head[10:12]]
    if head[17]:
        first += ["", "", "", "", "", head[17]]
    told = reason if reason.startswith(failure) else f"{failure} {reason}"  # some reasons begin with it
    rule = hl7.escaped(told, marks) if failure else ""
    lines = [field.join(first), field.join(["MSA", code, head[9], rule]).rstrip(field)]
    if failure:
        number = f"207{component}Application internal error{component}HL70357"
        lines.append(field.join(["ERR", "", "", number, "E", f"{failure}{component}{rule}"]))
    answer = "\r".join(lines) + "\r"
    return answer.encode() if charset == "utf-8" else answer.encode(charset, "replace")


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
