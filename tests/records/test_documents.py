"""A document is filed once for its effect, under the id that was announced."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select

from engine.message import Blob, Refused, document_id
from engine.store.schema import blob, document
from records.documents import file_document
from records.patients import upsert

SIGNED = Blob("ab" * 32, 10, "application/pdf", "report.pdf")


def filed(conn: Connection, **changes: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "number": "1", "kind": "ANS report", "title": "", "blob": SIGNED, "run": 7, "run_id": "run-7",
        "effect": "e1", "at": 5,
    }  # fmt: skip
    return file_document(conn, **(given | changes))


def test_a_document_is_filed_under_the_announced_id(conn: Connection) -> None:
    owner = upsert(conn, "1", {"name": "示例"}, 1)
    answer = filed(conn)
    assert answer["id"] == document_id("run-7", SIGNED.sha256)
    assert answer["path"] == f"/d/{answer['id']}"
    row = conn.execute(select(document)).one()
    assert (row.patient, row.kind, row.blob, row.run, row.effect) == (owner["id"], "ANS report", SIGNED.sha256, 7, "e1")
    assert conn.execute(select(blob.c.sha256, blob.c.content_type)).all() == [(SIGNED.sha256, "application/pdf")]


def test_the_same_effect_and_the_same_bytes_file_nothing_new(conn: Connection) -> None:
    upsert(conn, "1", {"name": "示例"}, 1)
    first = filed(conn)
    assert filed(conn) == first
    assert filed(conn, effect="e2") == first
    other = Blob("cd" * 32, 11, "application/pdf", "report.pdf")
    assert filed(conn, effect="e3", blob=other) != first
    assert len(conn.execute(select(document)).all()) == 2


def test_without_its_patient_nothing_is_filed(conn: Connection) -> None:
    with pytest.raises(Refused, match="no patient has this number"):
        filed(conn)
    assert conn.execute(select(document)).all() == []
