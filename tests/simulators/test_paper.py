"""Invented paper records: every kind, language and layout, the same each time."""

from __future__ import annotations

import pytest
from PIL import ImageChops, ImageStat

from simulators.paper import AMBIGUOUS, KINDS, LANGUAGES, LAYOUTS, main, page, patient

SMALL = 72


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("layout", range(LAYOUTS))
def test_every_kind_is_a_page_with_its_text(language: str, layout: int) -> None:
    who = patient(language, 7)
    for kind in (*KINDS, AMBIGUOUS):
        image, text, about = page(kind, language, who, 3, layout, dpi=SMALL)
        assert image.size == (595, 842)
        assert ImageStat.Stat(image).extrema[0][0] < 60  # something is drawn
        assert who.name in text
        assert who.number in text
        assert about["title"] in text
        assert about["author"] in text
        assert (about["kind"], about["patient"]) == (kind, who)
        assert text.endswith("1 / 1")


def test_a_page_is_a4_at_300_dpi() -> None:
    image, _, _ = page("consent", "en", patient("en", 1), 1)
    assert image.size == (2481, 3507)


def test_the_same_seed_gives_the_same_page_and_another_does_not() -> None:
    who = patient("es", 1)
    one, again, other = (page("laboratory", "es", who, seed, 1, dpi=SMALL) for seed in (5, 5, 6))
    assert one[1:] == again[1:]
    assert ImageChops.difference(one[0], again[0]).getbbox() is None
    assert one[1] != other[1]


def test_pages_of_one_document_agree() -> None:
    who = patient("zh", 2)
    first, second = (page("discharge", "zh", who, 9, 2, number=number, pages=2, dpi=SMALL) for number in (1, 2))
    same = ("date", "department", "author", "title", "laboratory_number")
    assert [first[2][name] for name in same] == [second[2][name] for name in same]
    assert first[1] != second[1]
    assert who.number in second[1]


def test_a_laboratory_report_has_its_number() -> None:
    _, text, about = page("laboratory", "en", patient("en", 4), 4, dpi=SMALL)
    assert about["laboratory_number"]
    assert about["laboratory_number"] in text


def test_the_command_draws_a_page(tmp_path, capsys) -> None:
    assert main([str(tmp_path / "page.png"), "ecg", "zh", "3"]) == 0
    assert (tmp_path / "page.png").stat().st_size > 1000
    assert "ecg" in capsys.readouterr().out
    assert main(["page.png"]) == 2
