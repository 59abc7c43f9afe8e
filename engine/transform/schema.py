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
from engine.site.house import LINKS, XS
from engine.transform import safe_xml
from engine.transform.assertions import Rule, broken, rules
from engine.transform.explain import ADVICE, plain, said
from engine.transform.files import BAD_FILE, Compiled, file_parser, first_line, linked
from engine.transform.xslt import StrPath

if TYPE_CHECKING:
    import xmlschema

VIOLATION = "WB-1007"
MOST = 10
"""Findings told of one document."""
ONLY_TEXT = "may hold only text"
STEP = re.compile(r"/(?:\{[^}]*\}|[^/{}\[\]:]*:)?([^/{}\[\]:]+)(\[[0-9]+\])?")


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
    sources = linked(path, *LINKS[".xsd"])
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
    found: list[Finding] = []
    for error in islice(schema.explain.iter_errors(root), MOST):
        made = _finding(schema, error.path, *said(schema.names, error))
        if not any(other.path == made.path and other.rule == ONLY_TEXT for other in found):  # the rest follows from it
            found.append(made)
    return found or [_finding(schema, entry.path, *plain(entry)) for entry in list(schema.decide.error_log)[:MOST]]


def _finding(schema: Schema, path: str | None, rule: str, advice: str = ADVICE) -> Finding:
    return Finding(VIOLATION, _clean(schema, path or "/"), rule, advice)


def _clean(schema: Schema, path: str) -> str:
    """The path without any name that the schema does not know: a sender may have put a value where a name belongs."""
    steps = STEP.findall(path)
    return "".join(f"/{name if name in schema.names else '*'}{index}" for name, index in steps) or "/"
