"""XSD checks: lxml decides (fast), xmlschema explains (readable), and no explanation holds a value of the input.

Schematron assertions in the XSD's `xs:appinfo` are checked too (`assertions.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from os import fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree

from engine.message import Finding, Refused, Xml
from engine.transform import safe_xml
from engine.transform.assertions import Rule, broken, rules
from engine.transform.files import BAD_FILE, Compiled, file_parser, first_line, linked
from engine.transform.xslt import StrPath

if TYPE_CHECKING:
    import xmlschema

VIOLATION = "WB-1007"
MOST = 10
"""Findings told of one document."""
XS = "{http://www.w3.org/2001/XMLSchema}"
STEP = re.compile(r"/(?:\{[^}]*\}|[^/{}\[\]:]*:)?([^/{}\[\]:]+)(\[[0-9]+\])?")
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


@dataclass
class Schema:
    """names: of the elements and attributes that it knows; only these may appear in a finding."""

    path: str
    decide: Any
    rules: list[Rule]
    names: frozenset[str]
    _explain: xmlschema.XMLSchema10 | None = None

    @property
    def explain(self) -> xmlschema.XMLSchema10:
        if self._explain is None:
            import xmlschema  # 20 MB and 0.3 s: only a worker that has met a bad document pays

            self._explain = xmlschema.XMLSchema10(self.path, defuse="always", allow="local")
        return self._explain


def _compile(path: str) -> tuple[Schema, list[str]]:
    sources = linked(path, (XS + "include", XS + "import", XS + "redefine"), "schemaLocation")
    try:
        decide = etree.XMLSchema(etree.parse(path, file_parser()))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError, OSError) as error:
        raise Refused(BAD_FILE, f"{Path(path).name}: {first_line(error)}") from None
    declared = (node for tree in sources.values() for node in tree.iter(XS + "element", XS + "attribute"))
    names = frozenset(node.get("name", "") for node in declared) - {""}
    return Schema(path, decide, rules(list(sources.values())), names), list(sources)


schemas: Compiled[Schema] = Compiled(_compile)


def check(path: StrPath, body: Xml) -> list[Finding]:
    """What of the document the schema refuses; empty when it is valid."""
    return findings(path, safe_xml.from_value(body))


def findings(path: StrPath, root: etree._Element) -> list[Finding]:
    """As `check`, on a parsed document."""
    schema = schemas.get(fspath(path))
    found = [] if schema.decide.validate(root) else _explained(schema, root)
    found += [_finding(schema, path, text) for path, text in broken(schema.rules, root, MOST)]
    return list(dict.fromkeys(found))[:MOST]


def _explained(schema: Schema, root: etree._Element) -> list[Finding]:
    """In xmlschema's view; in libxml2's where that sees nothing wrong."""
    errors = islice(schema.explain.iter_errors(root), MOST)
    explained = [_finding(schema, error.path, rule(schema, error)) for error in errors]
    return explained or [_plain(schema, entry) for entry in list(schema.decide.error_log)[:MOST]]


def _finding(schema: Schema, path: str | None, text: str) -> Finding:
    return Finding(VIOLATION, _clean(schema, path or "/"), text, ADVICE)


ADVICE = "correct the message at its sender and send it again, or widen the site's XSD"


def _plain(schema: Schema, entry: etree._LogEntry) -> Finding:
    """libxml2's kind of error, where xmlschema sees none."""
    kind = entry.type_name.removeprefix("SCHEMAV_").lower().replace("_", "-")
    return _finding(schema, entry.path, f"breaks the schema's rule {kind}")


def _clean(schema: Schema, path: str) -> str:
    """The path without any name that the schema does not know: a sender may have put a value where a name belongs."""
    steps = STEP.findall(path)
    return "".join(f"/{name if name in schema.names else '*'}{index}" for name, index in steps) or "/"


def rule(schema: Schema, error: Any) -> str:
    """The rule that was broken, in our own words: the libraries' words quote the value."""
    validator = error.validator
    kind = type(validator).__name__
    if kind in LIMITS:
        return LIMITS[kind].format(validator.value)
    if kind == "XsdPatternFacets":
        said = _documentation(validator.parent)
        return f"is not {said}" if said else f"does not have the form {' or '.join(validator.regexps)}"
    if kind == "XsdEnumerationFacets":
        return f"is not one of {', '.join(map(str, validator.enumeration))}"
    if kind == "XsdAttributeGroup":
        return _attributes(schema, error)
    if kind.startswith("XMLSchema"):
        return "is not a root element of the schema"
    if hasattr(error, "expected"):
        return _children(schema, error)
    return _content(kind, validator)


def _content(kind: str, validator: Any) -> str:
    if kind == "XsdElement":
        return "may hold only text" if validator.type.has_simple_content() else "has content that is not allowed"
    if kind == "XsdGroup":
        return "may not hold text between its elements"
    name = getattr(validator, "local_name", None)
    return f"is not of type {name}" if name else "is not what the schema asks for"


def _documentation(kind: Any) -> str:
    """What the schema's author wrote about a type: better than its pattern."""
    annotation = getattr(kind, "annotation", None)
    return " ".join(str(annotation).split()) if annotation is not None else ""


def _children(schema: Schema, error: Any) -> str:
    expected = [name for particle in error.expected or () if (name := getattr(particle, "local_name", None))]
    wanted = f"{' or '.join(dict.fromkeys(expected))} is needed" if expected else ""
    if error.invalid_tag is None:
        return wanted or "is not complete"
    name = etree.QName(error.invalid_tag).localname
    unexpected = f"{name if name in schema.names else 'an unknown element'} may not stand here"
    return f"{unexpected}, {wanted}" if wanted else unexpected


def _attributes(schema: Schema, error: Any) -> str:
    given = set(error.elem.attrib) if error.elem is not None else set()
    required = [name for name, attribute in error.validator.items() if name and attribute.use == "required"]
    missing = [name for name in required if name not in given]
    if missing:
        return f"the attribute {missing[0]} is missing"
    return "has an attribute that is not allowed"
