"""Schematron assertions embedded in an XSD (`xs:appinfo`): what XSD 1.0 can't say, above all "one of these somewhere".

The part of ISO Schematron that is read: `pattern/rule[@context]/assert[@test]` and `report[@test]`, with XPath 1.0 and
a literal text, which is the finding's rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.message import Refused
from engine.transform.files import BAD_FILE

SCH = "{http://purl.oclc.org/dsdl/schematron}"


@dataclass(frozen=True, slots=True)
class Rule:
    """In each context node the test must hold (`assert`), or must not (`report`: wanted is False)."""

    context: Any
    test: Any
    wanted: bool
    text: str


def rules(trees: list[etree._Element]) -> list[Rule]:
    """The rules of a schema and what it includes. Raises `Refused` when a path is no XPath 1.0."""
    found: list[Rule] = []
    for tree in trees:
        prefixes = {ns.get("prefix", ""): ns.get("uri", "") for ns in tree.iter(SCH + "ns")}
        for rule in tree.iter(SCH + "rule"):
            context = rule.get("context", "")
            context = context if context.startswith("/") else f"//{context}"
            for test in rule.iterchildren(SCH + "assert", SCH + "report"):
                text = " ".join(str(part) for part in test.itertext())
                found.append(_rule(context, test.get("test", ""), test.tag == SCH + "assert", text, prefixes))
    return found


def _rule(context: str, test: str, wanted: bool, text: str, prefixes: dict[str, str]) -> Rule:
    try:
        compiled = etree.XPath(context, namespaces=prefixes), etree.XPath(f"boolean({test})", namespaces=prefixes)
    except etree.XPathSyntaxError:
        raise Refused(BAD_FILE, f"an assertion is not XPath 1.0: {test or context}") from None
    return Rule(*compiled, wanted, " ".join(text.split()))


def broken(rules: list[Rule], root: etree._Element, most: int) -> list[tuple[str, str]]:
    """Path and text of each rule that does not hold, at most `most`."""
    tree = root.getroottree()
    found: list[tuple[str, str]] = []
    for rule in rules:
        for node in rule.context(root):
            if rule.test(node) is not rule.wanted:
                found.append((tree.getpath(node), rule.text))
                if len(found) == most:
                    return found
    return found
