"""Filed documents for tests, without a scan desk before them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert

from engine.message import Blob
from engine.store.schema import document
from records import filing
from tests.records import seed

PDF = Blob(seed.fake("pdf"), 10, "application/pdf")


def scanned(conn: Connection, patient: int, pages: list[int] | int = 2, pdf: Blob = PDF, **changes: Any) -> int:
    """A document of the scan desk with a version of these pages (or so many new ones)."""
    if isinstance(pages, int):
        pages = seed.pages(conn, seed.batch(conn, state="filed"), pages, patient=patient)
    key = _document(conn, patient, pdf, origin="scan", version=1, pages=len(pages), **changes)
    filing.version(conn, key, 1, pdf=pdf, keys=pages, by=None, at=seed.NOW)
    return key


def routed(conn: Connection, patient: int, pdf: Blob = PDF, **changes: Any) -> int:
    """A document that a route filed."""
    return _document(conn, patient, pdf, **({"kind": "ANS report"} | changes))


def _document(conn: Connection, patient: int, pdf: Blob, **changes: Any) -> int:
    row: dict[str, Any] = {
        "public_id": seed.fake(f"document {next(seed._numbers)}")[:16].upper(),
        "patient": patient,
        "kind": "consent",
        "title": "",
        "blob": pdf.sha256,
        "created_at": seed.NOW,
        "changed_at": seed.NOW,
        "date": "2026-03-01" if changes.get("origin") == "scan" else "",
    }
    made = conn.execute(insert(document).values(row | changes)).inserted_primary_key
    assert made is not None
    return int(made[0])
