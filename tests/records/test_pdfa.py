"""The check at write: ours passes, and each thing that PDF/A-2b forbids or asks for is missed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from records import pdf, pdfa
from tests.records.pdf_pages import master, page

WORDS: list[list[Any]] = [[0.1, 0.1, 0.3, 0.05, 90, "知情同意书"]]
SECRET = "示例甲"


@pytest.fixture(name="made")
def fixture_made(tmp_path: Path) -> Path:
    target = tmp_path / "out.pdf"
    pages = [page(master(tmp_path), WORDS), page(master(tmp_path, "two.jpg"), recipe={"rotate": 90})]
    pdf.make(pages, str(target), {"title": "A & <B>\x00", "created": 1_790_000_000_000})
    return target


def test_ours_passes(made: Path) -> None:
    assert pdfa.check(str(made), [1]) == []
    with pikepdf.open(made) as document, document.open_metadata() as told:
        assert told.pdfa_status == "2B"
        assert told["dc:title"] == "A & <B> "


def test_a_page_without_its_text_is_told(made: Path) -> None:
    assert pdfa.check(str(made), [1, 2]) == ["page 2: its text is not found"]


def test_the_profile_is_always_the_same() -> None:
    first = pdfa.srgb()
    pdfa.srgb.cache_clear()
    assert pdfa.srgb() == first
    assert first[16:20] == b"RGB "
    assert len(first) < 1000


def _open_action(document: Any) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="x")


def _no_intent(document: Any) -> None:
    del document.Root.OutputIntents


def _no_metadata(document: Any) -> None:
    del document.Root.Metadata


def _other_title(document: Any) -> None:
    document.docinfo["/Title"] = SECRET


def _font_outside(document: Any) -> None:
    descendant = document.pages[0].Resources.Font.F.DescendantFonts[0]
    del descendant.FontDescriptor["/FontFile2"]


def _mask(document: Any) -> None:
    document.pages[0].Resources.XObject.I.SMask = document.make_stream(b"")


def _cmyk(document: Any) -> None:
    document.pages[0].Resources.XObject.I.ColorSpace = pikepdf.Name.DeviceCMYK


def _tiny(document: Any) -> None:
    document.pages[0].MediaBox = [0, 0, 1, 1]


def _annotation(document: Any) -> None:
    document.pages[1].Annots = pikepdf.Array([])


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (_open_action, "the catalog has /OpenAction"),
        (_no_intent, "there is no output intent of RGB"),
        (_no_metadata, "the metadata is missing, or compressed"),
        (_other_title, "the metadata's title is not that of the information"),
        (_font_outside, "page 1: a font is not in the file"),
        (_mask, "page 1: its image has /SMask"),
        (_cmyk, "page 1: its image has another colour space"),
        (_tiny, "page 1: its size is not allowed"),
        (_annotation, "page 2: it has /Annots"),
    ],
)
def test_what_is_wrong_is_told(made: Path, harm: Callable[[Any], None], fault: str) -> None:
    with pikepdf.open(made, allow_overwriting_input=True) as document:
        harm(document)
        document.save()
    assert pdfa.check(str(made)) == [fault]


def test_an_encrypted_file_and_one_that_is_none(made: Path, tmp_path: Path) -> None:
    with pikepdf.open(made) as document:
        document.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user=""))
    assert "it is encrypted" in pdfa.check(str(tmp_path / "locked.pdf"))
    (tmp_path / "none.pdf").write_bytes(SECRET.encode() * 20)
    found = pdfa.check(str(tmp_path / "none.pdf"))
    assert found[0] == "the first line is no PDF header"
    assert SECRET not in str(found)
