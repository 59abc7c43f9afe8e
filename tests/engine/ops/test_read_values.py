"""Opening values and bodies."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from engine.message import Blob, Refused
from engine.ops import read
from engine.ops.read_values import SHOWN, Content, find_blob, find_body, find_value, open_content, size_of
from engine.store import schema
from engine.store.blobs import Blobs
from engine.store.database import Store
from tests.engine.ops import seed


@pytest.fixture(name="blobs")
def fixture_blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", durable=False)


def test_values_of_every_kind(store: Store, blobs: Blobs) -> None:
    pdf = blobs.put(b"%PDF-1.7", "application/pdf")
    large = blobs.put("<x>示</x>".encode())

    def rows(conn: Connection) -> str:
        number, run_id = seed.run(conn, message_id=seed.message(conn))
        seed.value(conn, number, "order", "xml", b"<o/>")
        seed.value(conn, number, "report", "blob", pdf)
        seed.value(conn, number, "raw", "bytes", b"\x00\x01")
        where = {"run": number, "name": "big", "kind": "xml", "data": None, "blob": large.sha256, "at": 1}
        conn.execute(insert(schema.value).values(where))
        return run_id

    run_id = store.write_now(rows)

    def opened(name: str) -> tuple[str, str | None, int]:
        def look(conn: Connection) -> Content | None:
            return find_value(conn, read.run_by_id(conn, run_id), name)  # type: ignore[arg-type]

        content = store.read_now(look)
        assert content is not None
        shown = open_content(content, blobs)
        return shown.kind, shown.text, shown.size

    assert opened("order") == ("xml", "<o/>", 4)
    assert opened("report") == ("blob", None, 8)
    assert opened("raw") == ("bytes", None, 2)
    assert opened("big") == ("xml", "<x>示</x>", 10)
    kind, text, _ = opened("body")
    assert (kind, seed.NAME in (text or "")) == ("text", True)


def test_a_body_in_its_own_encoding(store: Store, blobs: Blobs) -> None:
    body = f"<a>{seed.NAME}</a>".encode("gbk")
    change = {"body": body, "size": len(body), "content_type": 'text/xml; charset="GBK"'}
    message = store.write_now(lambda conn: seed.message(conn, **change))
    content = store.read_now(lambda conn: find_body(conn, message))
    assert content is not None
    assert open_content(content, blobs).text == f"<a>{seed.NAME}</a>"
    assert seed.NAME not in repr(content) + repr(open_content(content, blobs))
    assert store.read_now(lambda conn: find_body(conn, "none")) is None


def test_a_long_text_is_cut_between_characters(blobs: Blobs) -> None:
    data = "示".encode() * SHOWN
    content = Content("text", "text/plain; charset=nonsense", None, blobs.put(data), len(data))
    shown = open_content(content, blobs)
    assert shown.truncated
    assert set(shown.text or "") == {"示"}
    assert shown.size == len(data)


def test_a_blob_that_is_gone_is_refused(blobs: Blobs) -> None:
    gone = Content("text", "text/plain", None, Blob("0" * 64, 0), 0)
    with pytest.raises(Refused, match="WB-5001"):
        open_content(gone, blobs)


def test_what_the_table_knows_of_a_blob(store: Store, blobs: Blobs) -> None:
    kept = blobs.put(b"%PDF", "application/pdf")
    assert store.read_now(lambda conn: find_blob(conn, kept.sha256)).content_type == "application/octet-stream"
    assert size_of(store.read_now(lambda conn: find_blob(conn, kept.sha256)), blobs) == 4
    store.write_now(lambda conn: seed.blob(conn, kept))
    assert store.read_now(lambda conn: find_blob(conn, kept.sha256)) == kept
    assert size_of(Blob("0" * 64, 0), blobs) == 0
