"""A small invented PDF in the place of a real one."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

FONT = "STSong-Light"
"""One of the fonts that every reader of PDF brings for Chinese text."""


@lru_cache(maxsize=8)
def pdf(keyword: str = "") -> bytes:
    """One page; keyword: the text behind which a seal goes. The same arguments give the same bytes."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle("Invented document")
    canvas.setFont("Helvetica", 14)
    canvas.drawString(72, 760, "Invented document")
    if keyword:
        canvas.setFont(FONT, 12)
        canvas.drawString(72, 120, keyword)
    canvas.showPage()
    canvas.save()
    return out.getvalue()
