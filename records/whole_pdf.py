"""One PDF of all images of a patient, for reading: bookmarked, unchecked pages under a banner; in a worker process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from records import notes, pdf, pdfa, recipe
from records.pdf_writer import Writer, number


def make(pages: Sequence[Mapping[str, Any]], out: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Write the PDF to `out`: `{pages, size}`. A sheet that says so stands before the pages that nobody checked."""
    target = Path(out)
    with target.open("wb") as file:
        writer = Writer(file)
        tree = writer.reserve()
        kids: list[int] = []
        bookmarks: list[str] = []
        for one in pages:
            if one.get("unchecked") and one.get("bookmark"):
                kids.append(_sheet(writer, tree))
                bookmarks.append(str(one["bookmark"]))
            marked = "" if one.get("unchecked") else str(one.get("bookmark") or "")
            above = notes.banner(*pdf.size_of(one, recipe.clean(one["recipe"]))) if one.get("unchecked") else b""
            kids.append(pdf.draw(writer, tree, one, None, above))
            bookmarks.append(marked)
        entries = pdf.finish(writer, tree, kids, bookmarks)
        info, _ = pdfa.describe(writer, str(options.get("title") or "Record"), int(options.get("created") or 0))
        writer.close(writer.add(f"<< {entries} >>"), info)
    return {"pages": len(kids), "size": target.stat().st_size}


def _sheet(writer: Writer, tree: int) -> int:
    content, width, height = notes.sheet()
    stream = writer.stream("", content)
    box = f"/MediaBox [0 0 {number(width)} {number(height)}]"
    uses = f"/Resources << /Font << {notes.FONTS} >> >>"
    return writer.add(f"<< /Type /Page /Parent {tree} 0 R {box} {uses} /Contents {stream} 0 R >>")
