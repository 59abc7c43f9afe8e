"""What our barcodes say: on header sheets, separator sheets and patient labels.

A code is trusted only by its whole pattern and its check character (ISO/IEC 7064:2003, MOD 37,36, the hybrid system
with one check character of 36). What begins as ours and is wrong is a `BadCode`, never nothing: a separator that
cannot be read must stop its batch.

    WBH-<batch number>-<documents>-<sheets>-<check>   header; 0000: not said
    WBS-<batch number>-<sequence>-<check>             separator, 0001 first
    WBP-<patient number>-<check>                      patient label

A separator of batch 00000000 is a loose one: it stands for whichever is missing, in any batch.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Literal

from engine.message import Refused

UNPRINTABLE = "WB-8010"  # a number that our barcodes cannot hold

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLEAR = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Of batch numbers: nobody reads I for 1 or O for 0 when the number is typed."""
LOOSE = "00000000"
LENGTH = 8
MOST = 9999

_OURS = re.compile(r"\s*WB[A-Z]-", re.IGNORECASE)
_HEADER = re.compile(r"WBH-([0-9A-Z]{8})-(\d{4})-(\d{4})-([0-9A-Z])", re.ASCII)
_SEPARATOR = re.compile(r"WBS-([0-9A-Z]{8})-(\d{4})-([0-9A-Z])", re.ASCII)
_LABEL = re.compile(r"WBP-([0-9A-Z](?:[0-9A-Z./-]{0,28}[0-9A-Z])?)-([0-9A-Z])", re.ASCII)
_NUMBER = re.compile(r"[0-9A-Z](?:[0-9A-Z./-]{0,28}[0-9A-Z])?", re.ASCII)
_PAIRS = {"-": "ZD", ".": "ZP", "/": "ZS"}
"""Marks of a patient's number have no value in the check's alphabet, so they count as two letters."""

Kind = Literal["header", "separator", "label", "other"]


@dataclass(frozen=True, slots=True)
class Header:
    """The first sheet of a batch. documents, sheets: said to follow; None: not said."""

    batch: str
    documents: int | None
    sheets: int | None


@dataclass(frozen=True, slots=True)
class Separator:
    """The sheet before a document; sequence 1, 2, ... in its batch; 0 of a loose one."""

    batch: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Label:
    """A patient's label, on a sheet of its own or on a page."""

    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BadCode:
    """It begins as ours and is not whole, or its check character is wrong. kind: what it seems to be."""

    kind: Kind


Code = Header | Separator | Label


def parse(text: str) -> Code | BadCode | None:
    """What a barcode's text says; None: it is none of ours."""
    if not _OURS.match(text):
        return None
    if (found := _HEADER.fullmatch(text)) and _is_checked(text):
        documents, sheets = int(found[2]), int(found[3])
        return Header(found[1], documents or None, sheets or None)
    if (found := _SEPARATOR.fullmatch(text)) and _is_checked(text) and (int(found[2]) or found[1] == LOOSE):
        return Separator(found[1], int(found[2]))
    if (found := _LABEL.fullmatch(text)) and _is_checked(text):
        return Label(found[1])
    return BadCode(_kinds(text))


def kind_of(text: str) -> Kind:
    """What it is, or seems to be."""
    return _kinds(text) if _OURS.match(text) else "other"


def header(batch: str, documents: int | None = None, sheets: int | None = None) -> str:
    """The text of a header sheet's code."""
    return _with_check(f"WBH-{_batch(batch)}-{_count(documents or 0)}-{_count(sheets or 0)}")


def separator(batch: str, sequence: int) -> str:
    """The text of a separator sheet's code."""
    if sequence < (batch != LOOSE):
        raise Refused(UNPRINTABLE, "a separator's place is 1 or more")
    return _with_check(f"WBS-{_batch(batch)}-{_count(sequence)}")


def label(number: str) -> str:
    """The text of a patient label's code; `Refused` for a number that it cannot hold."""
    if not _NUMBER.fullmatch(number):
        raise Refused(UNPRINTABLE, "a label holds digits, capital letters and - . / only, 30 at most")
    return _with_check(f"WBP-{number}")


def new_number() -> str:
    """A number for a batch's header sheet. By chance, so that no two servers print the same."""
    return "".join(secrets.choice(CLEAR) for _ in range(LENGTH))


def check(text: str) -> str:
    """The check character of what is before it; hyphens between the parts are not counted by the caller."""
    product = 36
    for letter in text:
        total = (product + DIGITS.index(letter)) % 36 or 36
        product = total * 2 % 37
    return DIGITS[(37 - product) % 36]


def _with_check(text: str) -> str:
    return f"{text}-{check(_counted(text))}"


def _is_checked(text: str) -> bool:
    body, _, last = text.rpartition("-")
    return check(_counted(body)) == last


def _counted(body: str) -> str:
    """The characters that the check is made of: the parts have fixed places, the marks of a number count."""
    kind, _, rest = body.partition("-")
    if kind == "WBP":
        return kind + "".join(_PAIRS.get(letter, letter) for letter in rest)
    return kind + rest.replace("-", "")


def _kinds(text: str) -> Kind:
    kinds: dict[str, Kind] = {"H": "header", "S": "separator", "P": "label"}
    return kinds.get(text.strip()[2].upper(), "other")


def _batch(number: str) -> str:
    if len(number) != LENGTH or not set(number) <= set(DIGITS):
        raise Refused(UNPRINTABLE, f"a batch's number has {LENGTH} digits and capital letters")
    return number


def _count(number: int) -> str:
    if not 0 <= number <= MOST:
        raise Refused(UNPRINTABLE, f"a header or separator counts up to {MOST}")
    return f"{number:04}"
