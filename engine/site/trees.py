"""XML values as trees: the hardened parser, and text and subtrees out of it.

lxml is imported at first use, so that commands which touch no XML start without it.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from engine.message import Refused, Xml

if TYPE_CHECKING:
    from lxml import etree

NOT_XML = "WB-1001"
FORBIDDEN = "WB-1002"


def parse(data: bytes) -> etree._Element:
    """The root element; raises `Refused` for what is not XML and for any DOCTYPE. Reads no file, no network."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        # lxml's own text may quote the input, so it is not passed on.
        raise Refused(NOT_XML, "the value is not XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(FORBIDDEN, "the XML has a DOCTYPE")
    return root


def text_of(node: Any) -> str:
    """The text of an element (without comments), an attribute or a text node."""
    return node if isinstance(node, str) else str(_string()(node))


def is_leaf(node: Any) -> bool:
    """Whether a node holds only text (an attribute, a text, an element without child elements)."""
    return isinstance(node, str) or next(node.iterchildren("*"), None) is None


def subtree(node: etree._Element) -> Xml:
    """An element with all that is in it, as a value of its own."""
    from lxml import etree

    return Xml(etree.tostring(node, encoding="utf-8", with_tail=False))


@functools.lru_cache(maxsize=2048)
def compiled(expression: str, namespaces: tuple[tuple[str, str], ...] = ()) -> etree.XPath:
    """A compiled XPath 1.0 expression; raises `lxml.etree.XPathSyntaxError`."""
    from lxml import etree

    return etree.XPath(expression, namespaces=dict(namespaces), regexp=False, smart_strings=False)


@functools.cache
def _string() -> etree.XPath:
    return compiled("string()")
