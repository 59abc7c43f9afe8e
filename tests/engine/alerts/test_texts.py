"""What is told, in three languages; bounded, and with what a person needs."""

from __future__ import annotations

import pytest

from engine.alerts.book import Row
from engine.alerts.texts import SHOWN, WORDS, Place, Telling, body, mail, subject
from engine.site.alerts import WORDS as CONDITIONS
from engine.site.alerts import Alert

PLACE = Place("Ward", "https://waybill.example/engine/alerts")


def row(number: int = 1, condition: str = "connection", ended: int | None = None) -> Row:
    return Row(number, "desk", condition, "his_out", "down: refused", 1_790_000_000_000, ended, None, frozenset())


def alert(language: str) -> Alert:
    return Alert("desk", ("OP",), "look at the line", "phone 42", language=language)


@pytest.mark.parametrize("language", ["en", "es", "zh"])
def test_each_language_has_every_word(language: str) -> None:
    assert WORDS[language].keys() == WORDS["en"].keys()
    assert CONDITIONS.keys() <= WORDS[language].keys()
    for condition in CONDITIONS:
        assert "{" not in mail(Telling(alert(language), (row(1, condition),)), PLACE)


def test_one_that_begins() -> None:
    told = Telling(alert("en"), (row(),))
    assert subject(told, PLACE) == "[Ward] desk: Begun: Connection his_out"
    text = mail(told, PLACE)
    for part in ("Connection his_out (down: refused)", "What to do: look at the line", "phone 42", PLACE.link):
        assert part in text


def test_many() -> None:
    told = Telling(alert("zh"), tuple(row(n) for n in range(500)), (row(501, ended=1_790_000_100_000),))
    assert subject(told, PLACE) == "[Ward] desk: 500 开始, 1 结束"
    assert f"以及另外 {501 - SHOWN} 条" in mail(told, PLACE)
    said = body(told, PLACE, "k")
    assert (said["count"], len(said["alerts"]), said["key"]) == (501, SHOWN, "k")


def test_without_screens_there_is_no_link() -> None:
    assert "All alerts" not in mail(Telling(alert("en"), (row(),)), Place("Ward"))
