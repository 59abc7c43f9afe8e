"""XSLT 1.0 without any access to files or network, on an input tree made of a run's values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from lxml import etree

from engine.message import Blob, Refused, Value, Xml, document_id
from engine.site.house import LINKS
from engine.transform import safe_xml
from engine.transform.files import BAD_FILE, Compiled, file_parser, first_line, linked

FAILED = "WB-2003"
NOT_NAME = re.compile(r"[^\w.\-]")
NOT_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# The stubs do not know the constant.
NO_ACCESS: etree.XSLTAccessControl = etree.XSLTAccessControl.DENY_ALL  # type: ignore[attr-defined]

StrPath = str | PathLike[str]


@dataclass(frozen=True, slots=True)
class RunHeader:
    """The attributes of `<run>`: equal on every attempt but for `attempt`. at: ISO 8601 with offset."""

    id: str
    seq: int
    at: str
    attempt: int
    key: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A compiled stylesheet and the words of its literal texts, the only ones that an error may repeat."""

    name: str
    run: Any
    words: frozenset[str]


def _compile(path: str) -> tuple[Sheet, list[str]]:
    sources = linked(path, *LINKS[".xsl"])
    try:
        run = etree.XSLT(etree.parse(path, file_parser()), access_control=NO_ACCESS)
    except (etree.XMLSyntaxError, etree.XSLTParseError, OSError) as error:
        raise Refused(BAD_FILE, f"{Path(path).name}: {first_line(error)}") from None
    words = {word for tree in sources.values() for text in tree.itertext() for word in str(text).split()}
    return Sheet(Path(path).name, run, frozenset(words)), list(sources)


sheets: Compiled[Sheet] = Compiled(_compile)


def xslt(path: StrPath, header: RunHeader, body: Value, values: Mapping[str, Value]) -> Xml:
    """Run a stylesheet on `<run><body/><values/></run>`; its output's root is the value."""
    root = etree.Element(
        "run", id=header.id, seq=str(header.seq), at=header.at, attempt=str(header.attempt), key=header.key
    )
    put(root, "body", body, header.id)
    holder = etree.SubElement(root, "values")
    for name, value in values.items():
        if name not in ("body", "meta"):
            put(holder, name, value, header.id)
    if "meta" in values:
        put(holder, "meta", values["meta"], header.id)
    result = transformed(path, root).getroot()
    if result is None:
        raise Refused(FAILED, f"{Path(path).name}: the output has no root element")
    return Xml(safe_xml.to_bytes(result))


def transformed(path: StrPath, root: etree._Element) -> etree._XSLTResultTree:
    """The result tree of a stylesheet. Raises `Refused` WB-2003 naming file and line, never a value."""
    sheet = sheets.get(fspath(path))
    try:
        result: etree._XSLTResultTree = sheet.run(root)
    except etree.XSLTApplyError:
        raise Refused(FAILED, f"{sheet.name}: {_why(sheet)}") from None
    return result


def _why(sheet: Sheet) -> str:
    """The last fault: its line, and its text only when every word of it stands in the stylesheet itself."""
    for entry in reversed(list(sheet.run.error_log)):
        words = entry.message.split()
        if words and sheet.words.issuperset(words):
            return " ".join(words)
    for entry in sheet.run.error_log:
        if "recursion" in entry.message:
            return f"endless recursion at line {entry.line}"
    lines = [entry.line for entry in sheet.run.error_log if entry.line]
    return f"failed at line {lines[0]}" if lines else "failed"


def put(parent: etree._Element, name: str, value: Value, run: str) -> None:
    """Write a value as child element `name`: XML inside it, maps as elements, lists as `item`, the rest as text.

    A blob is an empty element with `sha256 size content_type`, and `document`: the id under which the run files it.
    """
    tag = element_name(name)
    element = etree.SubElement(parent, tag)
    if tag != name:
        element.set("key", NOT_CHARACTER.sub("", name))
    if isinstance(value, Xml):
        element.append(safe_xml.from_value(value))
    elif isinstance(value, Blob):
        element.set("sha256", value.sha256)
        element.set("size", str(value.size))
        element.set("content_type", value.content_type)
        element.set("document", document_id(run, value.sha256))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            put(element, str(key), item, run)
    elif isinstance(value, list | tuple):
        for item in value:
            put(element, "item", item, run)
    elif isinstance(value, bytes):
        element.set("size", str(len(value)))
    elif value is not None:
        element.text = text_of(value)


def text_of(value: Any) -> str:
    """A plain value as XML text: booleans in lower case, without characters that XML has no place for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return NOT_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", str(value))


def element_name(name: str) -> str:
    """A name that XML allows, made of any text."""
    safe = NOT_NAME.sub("_", name) or "_"
    return safe if safe[0].isalpha() or safe[0] == "_" else f"_{safe}"
