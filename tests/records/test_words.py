"""Words of the index and questions to it: any text goes in, and is found again by each of its words."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from records import words

RECORD = "患者于2019年3月14日经急诊收入院。行腹部CT检查，诊断：2型糖尿病。"


class Index:
    """The table of the store, alone."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.execute(
            "CREATE VIRTUAL TABLE page_find USING fts5(text, content='', tokenize='unicode61 remove_diacritics 2')"
        )
        self.count = 0

    def add(self, text: str) -> int:
        self.count += 1
        self.db.execute("INSERT INTO page_find (rowid, text) VALUES (?, ?)", (self.count, words.fold(text)))
        return self.count

    def ask(self, text: str) -> list[int]:
        sql = "SELECT rowid FROM page_find WHERE page_find MATCH ? ORDER BY rowid"
        return [row[0] for row in self.db.execute(sql, (words.query(text),))]


INDEX = Index()
TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("aéñÄß ZzıİΣς出院记录が力\u3000\"*^():-+{}'AND OR NOT NEAR")),
    max_size=40,
)


@settings(max_examples=300)
@given(TEXTS)
@example('"')
@example('a" OR b*')
@example("\x00")
@example("NEAR(a b, 5)")
@example("text : x")
def test_any_text_is_a_question_without_an_error(text: str) -> None:
    INDEX.ask(text)


@settings(max_examples=300)
@given(TEXTS)
@example("Straße İstanbul ﬁn Ⅷ ½")
@example("\u1100\u1161 각")
@example("\u2e80 カ・タ ゠")
def test_what_is_indexed_is_found_by_each_of_its_words(text: str) -> None:
    index = Index()
    row = index.add(text)
    for word in text.split():
        if words.asked(word):
            assert index.ask(word) == [row], word
    if words.asked(text):
        assert index.ask(text) == [row]
        assert index.ask(f"“{text.replace('”', ' ')}”"[:150]) == [row] or any(mark in text for mark in '"“”„«»「」『』')


@settings(max_examples=100)
@given(TEXTS)
def test_folding_what_is_folded_finds_the_same(text: str) -> None:
    assert words.fold(text) == words.fold(text.upper().lower()) or not text.isascii()
    assert len(words.slim(text)) == len(text)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Neumonía adquirida en la comunidad", "neumonia"),
        ("NEUMONIA", "neumonía"),
        ("Diabetes mellitus", "DIABETES"),
        ("Año de la señora", "ano senora"),
        ("ＣＴ　检查", "ct"),
        ("C-reactive protein 12.5 mg/L", "c-reactive"),
        ("C-reactive protein 12.5 mg/L", "12.5"),
        ("C-reactive protein 12.5 mg/L", '"reactive protein"'),
        ("bronchopneumonia and pneumonitis", "pneumon*"),
        (RECORD, "患"),
        (RECORD, "院"),
        (RECORD, "急诊"),
        (RECORD, "糖尿病"),
        (RECORD, "2型糖尿病"),
        (RECORD, "行腹部CT"),
        (RECORD, "部CT"),
        (RECORD, "CT检"),
        (RECORD, "CT检查"),
        (RECORD, "2019年3月14日"),
        (RECORD, "日经急诊 糖尿病"),
        ("出\n院 记 录", "出院记录"),
        ("繁體字", "繁體"),
        ("カナダ", "カナ"),
    ],
)
def test_found(text: str, question: str) -> None:
    index = Index()
    assert index.ask(question) == []
    row = index.add(text)
    assert index.ask(question) == [row]
    assert list(words.found(text, question))


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("protein, reactive", '"reactive protein"'),
        ("出院记录", "院出"),
        ("出院 and 记录", "院记"),
        ("出院记录", "记录出"),
        ("pneumonia", "pneumon"),
        ("pneumonia", "pn*"),
        ("one", "one two"),
        ("anything", ""),
        ("anything", "-- !"),
    ],
)
def test_not_found(text: str, question: str) -> None:
    index = Index()
    index.add(text)
    assert index.ask(question) == []


def test_places_are_those_of_the_text() -> None:
    text = "La Neumonía del niño; neumonia. 出 院记录"
    assert [text[slice(*span)] for span in words.found(text, "neumonia")] == ["Neumonía", "neumonia"]
    assert [text[slice(*span)] for span in words.found(text, "NIÑO 出院")] == ["niño", "出 院"]
    assert [text[slice(*span)] for span in words.found(text, "neu*")] == ["Neumonía", "neumonia"]
    assert list(words.found(text, "")) == []


def test_a_long_question_is_cut() -> None:
    assert len(words.asked("a b " * 200)) == words.MOST
    assert words.query("") == words.NOTHING
