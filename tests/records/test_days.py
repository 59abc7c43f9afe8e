"""Days in the forms that people write."""

from __future__ import annotations

import pytest

from records.days import found


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Date: 4 March 2019", ["2019-03-04"]),
        ("March 4th, 2019", ["2019-03-04"]),
        ("04/03/2019", ["2019-03-04"]),
        ("2019-03-04 08:15", ["2019-03-04"]),
        ("4 de marzo de 2019", ["2019-03-04"]),
        ("4 de Septiembre de 2019, y 05.11.2019", ["2019-09-04", "2019-11-05"]),
        ("2019年3月4日", ["2019-03-04"]),
        ("2019 年 03 月 04 日", ["2019-03-04"]),
        ("2019/03/04", ["2019-03-04"]),
        ("31/02/2019", []),
        ("12345/06/2019", []),
        ("Miércoles 4 sept 2019", ["2019-09-04"]),
        ("4/3/1719", []),
        ("", []),
    ],
)
def test_written_as(text: str, days: list[str]) -> None:
    hits = found(text)
    assert [day for _, _, day in hits] == days
    for begin, end, _ in hits:
        assert text[begin:end].strip(" ,日") or "日" in text


def test_the_place_is_of_the_text_as_it_stands() -> None:
    text = "Día: 4 de marzo de 2019 — alta"
    [(begin, end, _)] = found(text)
    assert text[begin:end] == "4 de marzo de 2019"
