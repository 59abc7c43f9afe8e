"""What a peer's acknowledgement says (HL7 2.5.1, sections 2.9.2 and 2.9.3)."""

from __future__ import annotations

import re
from dataclasses import field

from channels._mllp.header import wanted
from engine import hl7
from engine.frozen import frozen
from engine.message import Hl7, InDoubt, Refused, Unavailable

PEER_FAILED = "WB-3011"
IN_DOUBT = "WB-3002"
SAID_NO = "WB-3003"
CODES = frozenset({"AA", "AE", "AR", "CA", "CE", "CR"})
_NUMBER = re.compile(r"[0-9]{1,4}")


@frozen
class Answer:
    """code: MSA-1. control_id: MSA-2, which message is answered. error: a number of table 0357, or nothing.

    asks: the answer asks for a commit acknowledgement of its own.
    """

    code: str
    control_id: str = field(repr=False)
    error: str
    asks: bool
    value: Hl7 = field(repr=False)


# Nearly all: MSH with the usual separators and MSA alone, it says yes, and all is printable ASCII.
_USUAL = re.compile(rb"MSH\|\^~\\&\|([\x20-\x7e]*)\rMSA\|([AC]A)\|([\x20-%'-\x5b\x5d_-{}]*)(?:\|[\x20-\x7e]*)?\r")
_ACCEPT, _CHARSET = 12, 15
"""MSH-15 and MSH-18 in what follows MSH-2."""


def read_answer(content: bytes, charset: str) -> Answer:
    """An answer off the wire. Raises `Refused` when it is none."""
    return _usual(content) or _read(content, charset)


def _usual(content: bytes) -> Answer | None:
    """As `_read`; None for what may be meant in another way than it looks."""
    found = _USUAL.fullmatch(content)
    if found is None:
        return None
    fields = found[1].split(b"|", _CHARSET + 1)
    if len(fields) > _ACCEPT and (fields[_ACCEPT] or (len(fields) > _CHARSET and fields[_CHARSET])):
        return None
    return Answer(found[2].decode(), found[3].decode(), "", False, Hl7(content))


def _read(content: bytes, charset: str) -> Answer:
    value = hl7.read(content, charset)
    message = hl7.Message(value)
    code, control_id = _acknowledged(message)
    if code not in CODES:
        raise Refused(IN_DOUBT, "there is no acknowledgement code in MSA-1")
    found = "" if code[1] == "A" else message.first("ERR-3.1") or message.first("ERR-1.4.1")
    error = found if _NUMBER.fullmatch(found) else ""
    asks = code[0] == "A" and wanted(message.first("MSH-15"), True)
    return Answer(code, control_id, error, asks, value)


def _acknowledged(message: hl7.Message) -> tuple[str, str]:
    """MSA-1 and MSA-2."""
    fields = message.only("MSA")
    if fields is None or len(fields) < 3:
        return message.first("MSA-1"), message.first("MSA-2")
    return fields[1], fields[2]


def judge(answer: Answer, retry: bool) -> None:
    """Returns when the peer took it. Raises `Refused`; for AE and CE, with `retry`, `Unavailable`.

    The reason holds the code alone: what a peer writes beside it may quote the message.
    """
    if answer.code[1] == "A":
        return
    reason = f"the peer answered {answer.code}" + (f", error {answer.error} of table 0357" if answer.error else "")
    if answer.code[1] == "E" and retry:
        raise Unavailable(PEER_FAILED, reason)
    raise Refused(SAID_NO, reason)


def unreadable(failure: Refused) -> InDoubt:
    """It was sent, and what came back tells nothing."""
    return InDoubt(IN_DOUBT, f"the peer's answer is no acknowledgement ({failure.code} {failure.reason})")
