"""Inspects the device's PDF before it is sent to be signed. A job for a worker process.

A report that could show something else later, or that another reader shows differently, must not get a signature.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from engine.message import Finding
from engine.transform.pdf import BROKEN
from engine.transform.pdf import complete as complete  # the same question at the folder and here

INCOMPLETE = "WB-4020"
"""The PDF is not complete."""
MALFORMED = "WB-4021"
"""Its cross-reference or an object is malformed: readers would repair it, each in its own way."""
ENCRYPTED = "WB-4022"
SCRIPT = "WB-4023"
"""JavaScript."""
ACTION = "WB-4024"
"""An action on opening or another event."""
LAUNCH = "WB-4025"
"""An action that starts a program or opens another place."""
ATTACHMENT = "WB-4026"
XFA = "WB-4027"
"""A dynamic form."""
RICH_MEDIA = "WB-4028"
LAYERS = "WB-4029"
"""Layers that can be hidden."""
SIGNED = "WB-4030"
"""It already has signature fields."""
TOO_LARGE = "WB-4031"

MAX_SIZE = 40 * 1024 * 1024
MAX_OBJECTS = 200_000
DEPTH = 60

KEYS = {
    "/JS": (SCRIPT, "it holds JavaScript"),
    "/JavaScript": (SCRIPT, "it holds JavaScript"),
    "/AA": (ACTION, "it has actions on events"),
    "/OpenAction": (ACTION, "it has an action on opening"),
    "/EmbeddedFiles": (ATTACHMENT, "it has attachments"),
    "/EF": (ATTACHMENT, "it has attachments"),
    "/AF": (ATTACHMENT, "it has attachments"),
    "/XFA": (XFA, "it is a dynamic form (XFA)"),
    "/RichMediaContent": (RICH_MEDIA, "it has rich media"),
    "/OCProperties": (LAYERS, "it has layers that can be hidden"),
    "/Encrypt": (ENCRYPTED, "it is encrypted"),
}
"""Dictionary keys that a report must not have, wherever they stand."""
ACTIONS = {
    "/Launch": (LAUNCH, "it can start a program"),
    "/JavaScript": (SCRIPT, "it holds JavaScript"),
    "/SubmitForm": (LAUNCH, "it can send data away"),
    "/ImportData": (LAUNCH, "it can take data in"),
    "/GoToR": (LAUNCH, "it can open another file"),
    "/GoToE": (LAUNCH, "it can open another file"),
    "/Rendition": (RICH_MEDIA, "it has rich media"),
}
"""Values of /S of an action."""
SUBTYPES = {
    "/RichMedia": (RICH_MEDIA, "it has rich media"),
    "/Movie": (RICH_MEDIA, "it has rich media"),
    "/Sound": (RICH_MEDIA, "it has rich media"),
    "/Screen": (RICH_MEDIA, "it has rich media"),
    "/3D": (RICH_MEDIA, "it has rich media"),
    "/FileAttachment": (ATTACHMENT, "it has attachments"),
}


def inspect(path: str, max_size: int = MAX_SIZE) -> list[Finding]:
    """What forbids to sign this PDF; empty when nothing does."""
    if Path(path).stat().st_size > max_size:
        return [Finding(TOO_LARGE, "", f"it is larger than {max_size} bytes")]
    reason = complete(path)
    if reason:
        return [Finding(INCOMPLETE, "", reason)]
    data = Path(path).read_bytes()
    found = _by_pypdf(data)
    return found or _strictly(data)


def _by_pypdf(data: bytes) -> list[Finding]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        with PdfReader(BytesIO(data), strict=True) as reader:
            if reader.is_encrypted:
                return [Finding(ENCRYPTED, "", "it is encrypted")]
            return _walk(reader)
    except (PyPdfError, *BROKEN):
        return [Finding(MALFORMED, "", "its cross-reference or an object is malformed")]


def _strictly(data: bytes) -> list[Finding]:
    """The gate will read it strictly after it was signed: say now what it would say then."""
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    try:
        reader = PdfFileReader(BytesIO(data), strict=True)
        for revision in range(reader.xrefs.total_revisions):
            for reference in reader.xrefs.explicit_refs_in_revision(revision):
                if reader.xrefs[reference] is not None:
                    reader.get_object(reference)
    except (PdfError, *BROKEN):
        return [Finding(MALFORMED, "", "its cross-reference or an object is malformed")]
    return []


def _walk(reader: Any) -> list[Finding]:
    """Every object that the trailer leads to, each once."""
    from pypdf.generic import IndirectObject

    findings: dict[str, Finding] = {}
    seen: set[tuple[int, int]] = set()
    stack: list[tuple[Any, int]] = [(reader.trailer, 0)]
    while stack:
        value, depth = stack.pop()
        if isinstance(value, IndirectObject):
            name = (value.idnum, value.generation)
            if name in seen:
                continue
            seen.add(name)
            value, depth = value.get_object(), 0
        if len(seen) > MAX_OBJECTS or depth > DEPTH:
            return [Finding(TOO_LARGE, "", "it has too many objects")]
        for code, rule in _judge(value):
            findings.setdefault(code, Finding(code, "", rule))
        stack += [(inner, depth + 1) for inner in _inside(value)]
    return list(findings.values())


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value.raw_get(key) for key in value]  # type: ignore[attr-defined]
    return list(list.__iter__(value)) if isinstance(value, list) else []


def _judge(value: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        return
    yield from (verdict for key, verdict in KEYS.items() if key in value and not _is_opening_page(key, value))
    for key, words in (("/S", ACTIONS), ("/Subtype", SUBTYPES)):
        word = value.get(key)
        if isinstance(word, str) and word in words:
            yield words[word]
    if value.get("/FT") == "/Sig" or value.get("/Type") == "/Sig":
        yield SIGNED, "it already has signature fields"


def _is_opening_page(key: str, value: Any) -> bool:
    """An /OpenAction that only names the page to show (an array) does nothing."""
    return key == "/OpenAction" and isinstance(value["/OpenAction"], list)
