"""The order as fields."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection

from engine.ops import read
from engine.ops.read_order import FIELDS, leaves, order_fields
from engine.store.blobs import Blobs
from engine.store.database import Store
from tests.engine.ops import seed


def test_leaves() -> None:
    xml = '<o xmlns="urn:x"><id>175||1</id><p><name> 示例甲 </name><empty/></p><id>2</id></o>'
    assert leaves(xml.encode()) == {"id": "175||1", "name": "示例甲"}
    assert leaves(b"not xml") == {}
    assert leaves(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a><c>&b;</c></a>') == {}
    many = "<o>" + "".join(f"<f{n}>x</f{n}>" for n in range(200)) + "</o>"
    assert len(leaves(many.encode())) == FIELDS


def test_without_an_order_value_its_labels(store: Store, tmp_path: Path) -> None:
    def rows(conn: Connection) -> str:
        return seed.run(conn, seed.labels())[1]

    run_id = store.write_now(rows)

    def look(conn: Connection) -> dict[str, str]:
        row = read.run_by_id(conn, run_id)
        assert row is not None
        return order_fields(conn, row, Blobs(tmp_path))

    assert store.read_now(look)["order_id"] == "175||3125"
    store.write_now(lambda conn: seed.value(conn, 1, "order", "xml", b"<order><id>7</id></order>"))
    assert store.read_now(look) == {"id": "7"}
