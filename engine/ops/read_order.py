"""The order of a run as fields by name, for the report's screen."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from engine.ops import read
from engine.ops.read_values import BlobPaths, find_value

LARGEST = 256 * 1024
FIELDS = 60
LONGEST = 300


def order_fields(conn: Connection, run: Row[Any], blobs: BlobPaths) -> dict[str, str]:
    """The leaves of the value `order` that a route made for it; else the run's labels."""
    content = find_value(conn, run, "order")
    if content is None or content.kind != "xml" or content.size > LARGEST:
        labels = read.labels_of(conn, [run.seq], names=True).get(run.seq, {})
        return {name: one.value for name, one in labels.items()}
    return leaves(content.head(blobs, LARGEST))


def leaves(xml: bytes) -> dict[str, str]:
    """The text of each element without children, by its name; nothing of what is not XML."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        return {}
    fields: dict[str, str] = {}
    for element in root.iter("*"):
        text = (element.text or "").strip()
        if len(element) == 0 and text and len(fields) < FIELDS:
            fields.setdefault(etree.QName(element).localname, text[:LONGEST])
    return fields
