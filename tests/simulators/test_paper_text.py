"""The words of invented paper records."""

from __future__ import annotations

from datetime import date

import pytest

from simulators.paper_text import AMBIGUOUS, HELD_OUT, KINDS, LANGUAGES, LAYOUTS, content, patient, vocabulary


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_blank_is_filled(language: str) -> None:
    who = patient(language, 1)
    for kind in (*KINDS, AMBIGUOUS):
        for layout in range(LAYOUTS):
            made = content(kind, language, who, 11, layout)
            words = [made.title, made.hospital, *(text for field in made.fields for text in field)]
            assert all(isinstance(word, str) for word in words), "YAML reads On and No as truth values"
            words += [line for one in made.sections for line in (one.head, *one.lines)]
            words += [cell for one in made.sections for row in one.rows for cell in row]
            assert not [word for word in words if not word or "<" in word or "{" in word]


@pytest.mark.parametrize("language", LANGUAGES)
def test_held_out_layouts_have_titles_and_headings_of_their_own(language: str) -> None:
    who = patient(language, 1)
    for kind in KINDS:
        known = vocabulary(language)["kinds"][kind]
        assert len(known["titles"]) == 4
        for layout in range(LAYOUTS):
            titles = {content(kind, language, who, seed, layout).title for seed in range(12)}
            assert titles == {known["titles"][3]} if layout in HELD_OUT else known["titles"][3] not in titles


def test_patients_are_invented_and_known_by_their_seed() -> None:
    assert patient("zh", 3) == patient("zh", 3)
    assert len({patient("en", seed).number for seed in range(500)}) == 500
    for language in LANGUAGES:
        one = patient(language, 5)
        assert date.fromisoformat(one.birth_date) < date(2009, 1, 1)
        assert one.sex in "FM"
        assert one.name


def test_the_date_is_written_on_the_page_and_told_in_one_form() -> None:
    made = content("radiology", "en", patient("en", 1), 1, 0)
    day = date.fromisoformat(made.about["date"])
    assert any(str(day.year) in value for _, value in made.fields)
