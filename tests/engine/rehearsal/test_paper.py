"""The invented document."""

from __future__ import annotations

from io import BytesIO

from pypdf import PdfReader

from engine.rehearsal.paper import pdf


def test_it_is_one_page_and_the_same_each_time():
    assert pdf("医师签名") == pdf.__wrapped__("医师签名")
    (page,) = PdfReader(BytesIO(pdf("医师签名"))).pages
    assert "医师签名" in page.extract_text()
    assert len(pdf("医师签名")) < 5000
