"""Change one field of a value, for signals: XML elements by slash path, JSON by key."""

from __future__ import annotations

from typing import Any

from engine.message import Value, Xml


def patched(value: Value, path: str, text: str) -> Value:
    """`value` with the element or key at `path` (slashes, from the root's children) set to `text`."""
    if not path:
        return text
    names = path.split("/")
    if isinstance(value, Xml):
        return _patched_xml(value, names, text)
    if isinstance(value, dict):
        return _patched_json(value, names, text)
    return value


def _patched_xml(value: Xml, names: list[str], text: str) -> Xml:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    root = etree.fromstring(value.data, parser)
    node = root
    for name in names:
        found = node.find(name)
        node = etree.SubElement(node, name) if found is None else found
    node.text = text
    return Xml(etree.tostring(root, encoding="utf-8", xml_declaration=False))


def _patched_json(value: dict[str, Any], names: list[str], text: str) -> dict[str, Any]:
    head, rest = names[0], names[1:]
    if not rest:
        return {**value, head: text}
    below = value.get(head)
    return {**value, head: _patched_json(below if isinstance(below, dict) else {}, rest, text)}
