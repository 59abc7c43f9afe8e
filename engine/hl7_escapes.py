"""Texts inside HL7 v2 messages: separators and ends of lines are written as escapes (HL7 2.5.1, section 2.7)."""

from __future__ import annotations

import re

BLOCKS = "\x00\x0b\x1c"
"""What no message holds: with the last two it would be several for a peer over MLLP."""


def escaped(text: str, marks: tuple[str, str, str, str, str]) -> str:
    """A text with separators, and ends of lines, written as escapes (section 2.7)."""
    field, component, repeat, escape, sub = marks
    if text.isalnum():
        return text
    if escape in text:
        text = text.replace(escape, f"{escape}E{escape}")
    for mark, letter in ((field, "F"), (component, "S"), (sub, "T"), (repeat, "R")):
        if mark in text:
            text = text.replace(mark, f"{escape}{letter}{escape}")
    return one_line(text, escape)


def one_line(text: str, escape: str) -> str:
    """Without what would end its segment, or the message: written as escapes."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", f"{escape}.br{escape}")
    for mark in BLOCKS:
        text = text.replace(mark, f"{escape}X{ord(mark):02X}{escape}")
    return text


def unescaped(text: str, marks: tuple[str, str, str, str, str]) -> str:
    """The plain text of one part; an escape that is not understood stays as it is."""
    places = {"F": marks[0], "S": marks[1], "T": marks[4], "R": marks[2], "E": marks[3]}
    parts = text.split(marks[3])
    plain = [parts[0]]
    index = 1
    while index < len(parts):
        word = parts[index]
        closed = index + 1 < len(parts)
        meaning = _meaning(word, places) if closed else None
        if meaning is None:
            plain.append(marks[3] + word)
            index += 1
            continue
        plain += [meaning, parts[index + 1]]
        index += 2
    return "".join(plain)


def _meaning(word: str, places: dict[str, str]) -> str | None:
    if word in places:
        return places[word]
    if word == ".br":
        return "\n"
    if word in ("H", "N"):  # highlighting: no text
        return ""
    if re.fullmatch(r"X(?:[0-9A-Fa-f]{2}){1,200}", word):
        return bytes.fromhex(word[1:]).decode("utf-8", "replace")
    return None
