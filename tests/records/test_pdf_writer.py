"""The bytes of a PDF are what a foreign reader takes."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pytest

from records.pdf_writer import Part, Writer, matrix, number, text_string


def written(path: Path, source: Path) -> None:
    with path.open("wb") as out:
        writer = Writer(out)
        pages, page = writer.reserve(), writer.reserve()
        content = writer.stream("", b"0 0 m 9 9 l S")
        kept = writer.copy("/Type /Thing", [Part(source, 1, 2), Part(source, 4, 1)])
        box = "/MediaBox [0 0 10 10] /Resources << >>"
        writer.add(f"<< /Type /Page /Parent {pages} 0 R {box} /Contents {content} 0 R /Kept {kept} 0 R >>", page)
        writer.add(f"<< /Type /Pages /Count 1 /Kids [{page} 0 R] >>", pages)
        root = writer.add(f"<< /Type /Catalog /Pages {pages} 0 R >>")
        writer.close(root, writer.add(f"<< /Title {text_string('附件 ñ')} >>"))


def test_a_reader_finds_everything(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abcdef")
    written(tmp_path / "a.pdf", source)
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        assert not pdf.check_pdf_syntax()
        assert str(pdf.docinfo["/Title"]) == "附件 ñ"
        assert pdf.pages[0].obj["/Kept"].read_raw_bytes() == b"bce"
        assert pdf.pages[0].Contents.read_bytes() == b"0 0 m 9 9 l S"


def test_the_same_objects_are_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abcdef")
    written(tmp_path / "a.pdf", source)
    written(tmp_path / "b.pdf", source)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"abc")
    with (tmp_path / "a.pdf").open("wb") as out:
        writer = Writer(out)
        with pytest.raises(OSError, match="shorter"):
            writer.copy("", [Part(source, 0, 9)])
        writer.reserve()
        with pytest.raises(ValueError, match="never written"):
            writer.close(1, 1)


def test_numbers_have_no_exponent() -> None:
    assert [number(value) for value in (595.276, 1e-9, -0.5, 3)] == ["595.276", "0", "-0.5", "3"]
    assert matrix((0.000001, 1, -2.5)) == "0.000001 1 -2.5"
