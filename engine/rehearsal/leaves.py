"""Every single text of a value, to be read or to be written otherwise: XML, HL7 v2, JSON and plain text alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lxml import etree

from engine import hl7
from engine.message import Blob, Hl7, Value, Xml
from engine.transform import safe_xml


@dataclass(frozen=True, slots=True)
class Leaf:
    """path: where it is, for people. word: the element's, attribute's or key's own name, in HL7 `PID-5.1`."""

    path: str
    word: str
    text: str = field(repr=False)


Change = Callable[[Leaf], str]
Attachment = Callable[[Blob], Value]


def rewritten(value: Value, change: Change, attachment: Attachment, path: str = "") -> Value:
    """The value with each text as `change` says, and each document as `attachment` says."""
    match value:
        case Xml():
            return Xml(_xml(safe_xml.from_value(value), change))
        case Hl7():
            return Hl7(_hl7(value, change))
        case Blob():
            return attachment(value)
        case dict():
            return {key: rewritten(item, _named(change, str(key)), attachment, f"{path}/{key}")
                    for key, item in value.items()}  # fmt: skip
        case list():
            return [rewritten(item, change, attachment, f"{path}[{number}]") for number, item in enumerate(value, 1)]
        case str():
            return change(Leaf(path.lstrip("/") or "text", "", value))
        case bool() | None:
            return value
        case int():
            return _number(value, change(Leaf(path.lstrip("/"), "", str(value))))
        case _:
            return value


def leaves(value: Value) -> list[Leaf]:
    """All texts, in order."""
    found: list[Leaf] = []

    def look(leaf: Leaf) -> str:
        found.append(leaf)
        return leaf.text

    rewritten(value, look, lambda blob: blob)
    return found


def _named(change: Change, word: str) -> Change:
    """A key gives its name to the texts that stand directly below it."""
    return lambda leaf: change(leaf if leaf.word else Leaf(leaf.path, word, leaf.text))


def _number(old: int, text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else old


def _xml(root: etree._Element, change: Change) -> bytes:
    tree = root.getroottree()
    for element in root.iter():
        name = etree.QName(element).localname
        where = tree.getpath(element)
        for key, text in element.attrib.items():
            word = etree.QName(key).localname
            element.set(key, change(Leaf(f"{where}/@{word}", word, str(text))))
        if element.text and element.text.strip():
            element.text = change(Leaf(where, name, element.text))
        if element.tail and element.tail.strip():
            element.tail = change(Leaf(f"{where}/following-text()", name, element.tail))
    return safe_xml.to_bytes(root)


def _hl7(value: Hl7, change: Change) -> bytes:
    message = hl7.Message(value)
    marks = message.separators
    lines = [_segment(text, marks, change, number) for number, text in enumerate(message.texts(), 1)]
    return ("\r".join(lines) + "\r").encode()


def _segment(text: str, marks: tuple[str, str, str, str, str], change: Change, number: int) -> str:
    """Component by component; what is not changed stays as it is written."""
    name, header = text[:3], text[:3] == "MSH"
    fields = text.split(marks[0])
    for at in range(2 if header else 1, len(fields)):
        place = at + 1 if header else at
        repetitions = [
            marks[1].join(
                marks[4].join(
                    _plain(sub, marks, change, f"{name}-{place}.{component}", number)
                    for sub in part.split(marks[4])
                )
                for component, part in enumerate(one.split(marks[1]), 1)
            )
            for one in fields[at].split(marks[2])
        ]  # fmt: skip
        fields[at] = marks[2].join(repetitions)
    return marks[0].join(fields)


def _plain(text: str, marks: tuple[str, str, str, str, str], change: Change, word: str, number: int) -> str:
    if not text:
        return text
    plain = hl7.unescaped(text, marks) if marks[3] in text else text
    new = change(Leaf(f"segment {number}, {word}", word, plain))
    return text if new == plain else hl7.escaped(new, marks)
