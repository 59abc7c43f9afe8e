"""What a schema refuses, in our own words and without a value: the libraries' words quote what was sent.

Each rule comes with what to do about it, for the person at the sender.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from typing import Any

from lxml import etree

Said = tuple[str, str]
"""The rule that is broken, and the advice."""

ADVICE = "correct the message at its sender and send it again, or widen the site's XSD"
FILL = "fill it at the sender, or leave the element out where the schema allows it"
LIMITS = {
    "XsdMinLengthFacet": "needs at least {} characters",
    "XsdMaxLengthFacet": "has more than {} characters",
    "XsdLengthFacet": "needs exactly {} characters",
    "XsdMinInclusiveFacet": "is less than {}",
    "XsdMaxInclusiveFacet": "is more than {}",
    "XsdMinExclusiveFacet": "is not more than {}",
    "XsdMaxExclusiveFacet": "is not less than {}",
    "XsdTotalDigitsFacet": "has more than {} digits",
    "XsdFractionDigitsFacet": "has more than {} decimals",
}
FORMS = {
    "dateTime": "such as 2026-11-20T08:30:00",
    "date": "such as 2026-11-20",
    "time": "such as 08:30:00",
    "boolean": "true or false",
    "decimal": "a number such as 12.5",
    "integer": "a whole number",
    "int": "a whole number",
    "long": "a whole number",
    "positiveInteger": "a whole number from 1",
    "nonNegativeInteger": "a whole number from 0",
    "base64Binary": "Base64",
}
"""How a value of a built-in type is written."""
PLAIN = {
    "cvc-complex-type-2-3": "may not hold text between its elements",
    "cvc-complex-type-2-1": "may hold neither text nor elements",
    "cvc-elt-3-1": "may not be nil",
}
"""What only libxml2 sees."""
_ATTRIBUTE = re.compile(r"attribute ([^\s=]{1,100})=")


def said(names: Collection[str], error: Any) -> Said:
    """The rule and advice for one of xmlschema's errors. names: what the schema knows; only these may be repeated."""
    validator = error.validator
    kind = type(validator).__name__
    if kind in ("XsdPatternFacets", "XsdEnumerationFacets") or kind in LIMITS or hasattr(error, "expected"):
        return _children(names, error) if hasattr(error, "expected") else _facet(kind, validator)
    if kind == "XsdAttributeGroup":
        return _attributes(names, error)
    if kind.startswith("XMLSchema"):
        return _root(error)
    return _content(names, kind, validator, error)


def plain(entry: Any) -> Said:
    """The rule of an entry in libxml2's log."""
    kind = entry.type_name.removeprefix("SCHEMAV_").lower().replace("_", "-")
    return PLAIN.get(kind, f"breaks the schema's rule {kind}"), ADVICE


def _facet(kind: str, validator: Any) -> Said:
    if kind == "XsdMinLengthFacet" and validator.value == 1:
        return "is empty", FILL
    if kind in LIMITS:
        return LIMITS[kind].format(validator.value), ADVICE
    if kind == "XsdPatternFacets":
        written = _documentation(validator.parent)
        return f"is not {written}" if written else f"does not have the form {' or '.join(validator.regexps)}", ADVICE
    every = ", ".join(map(str, validator.enumeration[:20])) + (", ..." if len(validator.enumeration) > 20 else "")
    return f"is not one of {every}", "send one of these, or add the new one to the site's XSD"


def _documentation(kind: Any) -> str:
    """What the schema's author wrote about a type: better than its pattern."""
    annotation = getattr(kind, "annotation", None)
    return " ".join(str(annotation).split()) if annotation is not None else ""


def _root(error: Any) -> Said:
    roots = {etree.QName(name) for name in error.validator.elements}
    element = etree.QName(error.elem) if error.elem is not None else None
    if element is not None and any(element.localname == root.localname for root in roots):
        wanted = {root.namespace or "" for root in roots if root.localname == element.localname}
        shown = " or ".join(f"`{space}`" if space else "no namespace" for space in sorted(wanted))
        return "is in another namespace than the schema's", f"send it in {shown}"
    names = sorted(root.localname for root in roots)
    near = difflib.get_close_matches(element.localname, names, 1, 0.7) if element is not None else []
    return "is not a root element of the schema", f"begin the message with {_few(near or names)}"


def _few(names: list[str]) -> str:
    return " or ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _content(names: Collection[str], kind: str, validator: Any, error: Any) -> Said:
    where = _attribute(names, error)
    if kind == "XsdElement":
        only_text = validator.type.has_simple_content()
        return "may hold only text" if only_text else "has content that is not allowed", ADVICE
    if kind == "XsdGroup":
        return "may not hold text between its elements", ADVICE
    name = getattr(validator, "local_name", None) or _type_of(validator)
    if not name:
        return f"{where}is not what the schema asks for", ADVICE
    return f"{where}is not of type {name}", f"write {FORMS[name]}" if name in FORMS else ADVICE


def _type_of(validator: Any) -> str:
    """xmlschema checks the limits of built-in types by functions such as `positive_int_validator`."""
    name = getattr(validator, "__name__", "")
    if not name.endswith("_validator"):
        return ""
    return {"positive_int": "positiveInteger", "non_negative_int": "nonNegativeInteger"}.get(
        name.removesuffix("_validator"), name.removesuffix("_validator").replace("_", " ")
    )


def _attribute(names: Collection[str], error: Any) -> str:
    """The attribute that an error is about; only the library's text tells."""
    found = _ATTRIBUTE.match(str(error.reason or ""))
    return f"its attribute {found[1]} " if found and found[1] in names else ""


def _children(names: Collection[str], error: Any) -> Said:
    expected = [name for particle in error.expected or () if (name := getattr(particle, "local_name", None))]
    wanted = " or ".join(dict.fromkeys(expected))
    if error.invalid_tag is None:
        return (f"{wanted} is needed", f"add {wanted}") if wanted else ("is not complete", ADVICE)
    given = etree.QName(error.invalid_tag).localname
    if given not in names:
        near = difflib.get_close_matches(given, expected or sorted(names), 1, 0.7)
        shown = f"an unknown element may not stand here{f', {wanted} is needed' if wanted else ''}"
        return shown, f"perhaps {near[0]} is misspelt; {ADVICE}" if near else ADVICE
    most = getattr(error.particle, "max_occurs", None)
    if (
        given == getattr(error.particle, "local_name", None)
        and most is not None
        and _siblings(error).count(given) > most
    ):
        return f"{given} stands here more than {most} times" if most > 1 else f"{given} stands here twice", ADVICE
    shown = f"{given} may not stand here{f', {wanted} is needed' if wanted else ''}"
    return shown, _order(error, given, expected)


def _siblings(error: Any) -> list[str]:
    element = error.elem
    return [] if element is None else [etree.QName(child).localname for child in element.iterchildren("{*}*")]


def _order(error: Any, given: str, expected: list[str]) -> str:
    """Whether what is needed is there, only later."""
    later = _siblings(error)
    first = next((name for name in expected if name in later), None)
    if first is not None:
        return f"put {first} before {given}: the schema asks for this order"
    return f"add {' or '.join(expected)} before {given}" if expected else ADVICE


def _attributes(names: Collection[str], error: Any) -> Said:
    given = set(error.elem.attrib) if error.elem is not None else set()
    required = [name for name, attribute in error.validator.items() if name and attribute.use == "required"]
    missing = [name for name in required if name not in given]
    if missing:
        return f"the attribute {missing[0]} is missing", f"add the attribute {missing[0]}"
    allowed = sorted(name for name in error.validator if name and name in names)
    return "has an attribute that is not allowed", f"allowed: {_few(allowed)}" if allowed else "remove the attribute"
