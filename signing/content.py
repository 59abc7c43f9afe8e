"""Rule 7 of the gate: every page is as it was sent, and the seal of the one new signature is all that was added.

Two independent looks. The objects of the new revision are compared with those that were sent: only the catalog's form,
one page's list of annotations and the document's information may differ, each in the one way that a signature needs.
And a second PDF library draws every page of both files: outside the seal they are equal, point by point.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from pyhanko.pdf_utils import generic

from engine.message import Finding
from engine.transform.pdf import Box
from signing.drawing import check_drawing
from signing.gate import CONTENT, LIMIT, GatePolicy
from signing.structure import Pair, entry

CATALOG_MAY = {"/AcroForm", "/Version", "/Extensions", "/Metadata"}
FIELDS = ("/AcroForm", "/Fields")
FORM_MAY = {"/Fields", "/SigFlags", "/DR", "/DA"}
INFO_MAY = {"/ModDate", "/Producer"}
WIDGET_MAY = {"/Type", "/Subtype", "/FT", "/T", "/V", "/F", "/Ff", "/Rect", "/P", "/AP", "/MK", "/BS", "/Border"} | {
    *("/DA", "/TU", "/Lock", "/M", "/NM", "/Q", "/Kids", "/Parent"),
}
"""Keys of a field or widget that only name, place and show it: no action, no script."""
VERSIONS = {f"/{version}" for version in ("1.3", "1.4", "1.5", "1.6", "1.7", "2.0")}
TOLERANCE = 2.0
"""Points by which the seal may leave the asked rectangle: signers round."""
DEPTH = 40


def check_content(pair: Pair, policy: GatePolicy) -> list[Finding]:
    """Findings of rule 7; the drawing is left out when the objects already differ."""
    before, after = list(pages(pair.old)), list(pages(pair.new))
    if len(after) > policy.max_pages:
        return [Finding(LIMIT, "/Pages", f"more than {policy.max_pages} pages")]
    if list(map(ref_of, before)) != list(map(ref_of, after)):
        return [Finding(CONTENT, "/Pages", "pages were added, taken away or moved")]
    widget, number, findings = check_annotations(pair, before, after)
    allowed: set[tuple[int, int]] = set()
    findings += check_catalog(pair, allowed) + check_form(pair, allowed) + check_pages(before, after, allowed)
    findings += check_information(pair, allowed) + check_overridden(pair, allowed)
    if widget is not None:
        findings += check_widget(pair, widget, number, policy.seal)
    if not findings:
        seal = Box(number, *rectangle(widget)) if widget is not None else None
        findings += check_drawing(pair.sent, pair.returned, seal)
    return findings


def pages(reader: Any) -> Iterator[Any]:
    """References to the pages, in order (ISO 32000-1, 7.7.3)."""

    def walk(node: Any, seen: set[tuple[int, int]], depth: int) -> Iterator[Any]:
        if depth == 0 or ref_of(node) in seen:
            raise ValueError("the page tree has no end")
        seen.add(ref_of(node))
        kids = entry(node.get_object(), "/Kids")
        if kids is None:
            yield node
            return
        for index in range(len(kids)):
            yield from walk(kids.raw_get(index), seen, depth - 1)

    yield from walk(reader.root.raw_get("/Pages"), set(), DEPTH)


def ref_of(value: Any) -> tuple[int, int]:
    """Object number and generation of a reference."""
    reference = value.reference if isinstance(value, generic.IndirectObject) else value
    return reference.idnum, reference.generation


def canon(value: Any, depth: int = DEPTH) -> Any:
    """A value that compares equal exactly when two PDF objects say the same; references are not followed."""
    if depth == 0:
        raise ValueError("an object is nested too deep")
    if isinstance(value, generic.IndirectObject):
        return ("ref", *ref_of(value))
    if isinstance(value, generic.StreamObject):
        return ("stream", _dictionary(value, depth), hashlib.sha256(value.encoded_data).digest())
    if isinstance(value, generic.DictionaryObject):
        return _dictionary(value, depth)
    if isinstance(value, generic.ArrayObject):
        return ("array", *(canon(value.raw_get(index), depth - 1) for index in range(len(value))))
    if isinstance(value, generic.TextStringObject | generic.ByteStringObject):
        return ("string", bytes(value.original_bytes))
    if isinstance(value, generic.BooleanObject):
        return ("boolean", bool(value.value))
    if isinstance(value, generic.NumberObject | generic.FloatObject):
        return ("number", float(value))
    return (type(value).__name__, str(value))


def _dictionary(value: Any, depth: int, without: AbstractSet[str] = frozenset()) -> Any:
    kept = sorted(key for key in value if str(key) not in without)
    return ("dictionary", *((str(key), canon(value.raw_get(key), depth - 1)) for key in kept))


def _rest(value: Any, without: set[str]) -> Any:
    return _dictionary(value, DEPTH, without)


def check_catalog(pair: Pair, allowed: set[tuple[int, int]]) -> list[Finding]:
    """The catalog is the same but for its form and its version."""
    old, new = pair.old.trailer_view.raw_get("/Root"), pair.new.trailer_view.raw_get("/Root")
    if ref_of(old) != ref_of(new):
        return [Finding(CONTENT, "/Root", "another catalog")]
    allowed.add(ref_of(new))
    one, two = old.get_object(), new.get_object()
    if _rest(one, CATALOG_MAY) != _rest(two, CATALOG_MAY):
        return [Finding(CONTENT, "/Root", "the catalog was changed beyond its form")]
    if "/Version" in two and str(two["/Version"]) not in VERSIONS:
        return [Finding(CONTENT, "/Version", "an unknown version")]
    return []


def check_form(pair: Pair, allowed: set[tuple[int, int]]) -> list[Finding]:
    """The form got exactly the signature's field."""
    old, new = entry(pair.old.root, "/AcroForm"), entry(pair.new.root, "/AcroForm")
    before = _entries(pair.old.root, FIELDS, allowed) if old is not None else ()
    after = _entries(pair.new.root, FIELDS, allowed)
    field = canon(_field_reference(pair))
    if after != (*before, field):
        return [Finding(CONTENT, "/AcroForm/Fields", "the form got more than the signature's field")]
    empty = generic.DictionaryObject()
    if _rest(old if old is not None else empty, FORM_MAY) != _rest(new, FORM_MAY):
        return [Finding(CONTENT, "/AcroForm", "the form was changed beyond its fields")]
    return []


def _entries(root: Any, path: Sequence[str], allowed: set[tuple[int, int]]) -> tuple[Any, ...]:
    """The canonical entries of an array under the root; every reference on the way is allowed to be overridden."""
    value = root
    for name in path:
        raw = value.raw_get(name) if name in value else generic.ArrayObject()
        if isinstance(raw, generic.IndirectObject):
            allowed.add(ref_of(raw))
        value = raw.get_object() if isinstance(raw, generic.IndirectObject) else raw
    return tuple(canon(value.raw_get(index)) for index in range(len(value)))


def _field_reference(pair: Pair) -> Any:
    fields = pair.new.root["/AcroForm"]["/Fields"]
    return fields.raw_get(len(fields) - 1)


def check_annotations(pair: Pair, before: list[Any], after: list[Any]) -> tuple[Any, int, list[Finding]]:
    """Exactly one page got exactly one annotation: the widget of the signature's field. Its page, from 1."""
    lists = [(_annotations(old), _annotations(new)) for old, new in zip(before, after, strict=True)]
    changed = [index for index, (old, new) in enumerate(lists) if old != new]
    if not changed:
        return None, 0, []
    if len(changed) > 1:
        return None, 0, [Finding(CONTENT, "/Annots", f"annotations of {len(changed)} pages were changed")]
    index = changed[0]
    kids = entry(pair.field, "/Kids")
    widget = kids.raw_get(0) if kids is not None and len(kids) == 1 else _field_reference(pair)
    old, new = lists[index]
    if new != (*old, canon(widget)):
        return None, 0, [Finding(CONTENT, f"page {index + 1} /Annots", "it got more than the signature's own widget")]
    return widget.get_object(), index + 1, []


def _annotations(page: Any) -> tuple[Any, ...]:
    return _entries(page.get_object(), ("/Annots",), set())


def check_pages(before: list[Any], after: list[Any], allowed: set[tuple[int, int]]) -> list[Finding]:
    """Each page is the same but for its list of annotations, so boxes, content and resources are."""
    findings = []
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        one, two = old.get_object(), new.get_object()
        allowed.add(ref_of(new))
        if "/Annots" in one and isinstance(raw := one.raw_get("/Annots"), generic.IndirectObject):
            allowed.add(ref_of(raw))
        if _rest(one, {"/Annots"}) != _rest(two, {"/Annots"}):
            findings.append(Finding(CONTENT, f"page {index + 1}", "its boxes, content or resources were changed"))
    return findings


def check_information(pair: Pair, allowed: set[tuple[int, int]]) -> list[Finding]:
    """Title, author and dates stay; who wrote the file last, and when, may change. So may the XMP packet."""
    old, new = pair.old.trailer_view, pair.new.trailer_view
    if "/Info" in old and "/Info" in new:
        raw = old.raw_get("/Info")
        if isinstance(raw, generic.IndirectObject):
            allowed.add(ref_of(raw))
        if _rest(old["/Info"], INFO_MAY) != _rest(new["/Info"], INFO_MAY):
            return [Finding(CONTENT, "/Info", "the document's information was changed")]
    if "/Metadata" in pair.old.root:  # never drawn
        allowed.add(ref_of(pair.old.root.raw_get("/Metadata")))
    return []


def check_overridden(pair: Pair, allowed: set[tuple[int, int]]) -> list[Finding]:
    """No other object that was sent has a new version, and none that was missing, but spoken of, appears."""
    last = pair.new.xrefs.total_revisions - 1
    touched = {ref_of(ref) for ref in pair.new.xrefs.explicit_refs_in_revision(last)}
    known = {ref for number in range(last) for ref in pair.old.xrefs.explicit_refs_in_revision(number)}
    numbers = {ref.idnum for ref in known} | {number for ref in known for number, _ in references(_object(pair, ref))}
    wrong = {ref for ref in touched if ref[0] in numbers} - allowed
    if wrong:
        return [Finding(CONTENT, f"object {min(wrong)[0]}", f"{len(wrong)} objects that were sent were replaced")]
    return []


def _object(pair: Pair, ref: Any) -> Any:
    # an object of an older revision may be freed or replaced since; then it is of no interest
    return pair.old.get_object(ref, never_decrypt=True) if pair.old.xrefs[ref] is not None else None


def references(value: Any, depth: int = DEPTH) -> Iterator[tuple[int, int]]:
    """Every reference inside one object."""
    if depth == 0:
        raise ValueError("an object is nested too deep")
    if isinstance(value, generic.IndirectObject):
        yield ref_of(value)
    elif isinstance(value, generic.DictionaryObject):
        for key in value:
            yield from references(value.raw_get(key), depth - 1)
    elif isinstance(value, generic.ArrayObject):
        for index in range(len(value)):
            yield from references(value.raw_get(index), depth - 1)


def check_widget(pair: Pair, widget: Any, number: int, seal: Box | None) -> list[Finding]:
    """The widget only shows a picture, on the page and in the rectangle that was asked for."""
    findings = []
    keys = set(map(str, widget)) | set(map(str, pair.field))
    if str(entry(widget, "/Subtype")) != "/Widget" or keys - WIDGET_MAY:
        findings.append(Finding(CONTENT, f"page {number} seal", "the seal does more than to be seen"))
    if "/AP" in widget and set(map(str, widget["/AP"])) != {"/N"}:
        findings.append(Finding(CONTENT, f"page {number} seal", "the seal has more than one appearance"))
    if seal is None:
        return findings
    box = rectangle(widget)
    inside = (
        number == seal.page
        and box[0] >= seal.left - TOLERANCE
        and box[1] >= seal.bottom - TOLERANCE
        and box[2] <= seal.right + TOLERANCE
        and box[3] <= seal.top + TOLERANCE
    )
    if not inside:
        findings.append(Finding(CONTENT, f"page {number} seal", "the seal is not where it was asked for"))
    return findings


def rectangle(widget: Any) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of an annotation, whichever corners it names."""
    x1, y1, x2, y2 = (float(number) for number in widget["/Rect"])
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)
