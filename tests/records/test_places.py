"""Where hits stand: snippets and boxes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from records import places, read, words
from records.read import Word


def packed(*texts: str) -> bytes:
    return read.packed([Word(n / 10, 0.5, 0.08, 0.02, 90, one, "1") for n, one in enumerate(texts)])


def test_a_word_a_phrase_and_a_part_of_a_run() -> None:
    row = packed("Blood", "count", "C-reactive", "出院记录", "血", "压")
    assert list(places.on_page(row, "count")) == [[0.1, 0.5, 0.08, 0.02]]
    assert list(places.on_page(row, '"blood count"')) == [[0.0, 0.5, 0.08, 0.02], [0.1, 0.5, 0.08, 0.02]]
    assert list(places.on_page(row, "reactive")) == [[0.2, 0.5, 0.08, 0.02]]
    assert list(places.on_page(row, "记录")) == [[0.34, 0.5, 0.04, 0.02]]
    assert list(places.on_page(row, "血压")) == [[0.4, 0.5, 0.08, 0.02], [0.5, 0.5, 0.08, 0.02]]
    assert list(places.on_page(row, "none")) == []
    assert list(places.on_page(packed(), "count")) == []


def test_two_hits_in_one_word() -> None:
    assert list(places.on_page(packed("院内院外"), "院")) == [[0.0, 0.5, 0.02, 0.02], [0.04, 0.5, 0.02, 0.02]]


WORDS = st.lists(st.text(st.sampled_from("ab é出院-。"), min_size=1).map(str.strip).filter(bool), max_size=8)


@given(WORDS, st.text(st.sampled_from("ab é出院 "), max_size=6))
def test_any_words_have_boxes_in_the_page(texts: list[str], asked: str) -> None:
    for x, y, width, height in places.on_page(packed(*texts), asked):
        assert 0 <= x <= x + width <= 1
        assert (y, height) == (0.5, 0.02)


@given(st.text(max_size=60), st.text(max_size=10))
def test_any_text_gives_a_snippet_of_itself(whole: str, asked: str) -> None:
    parts = places.snippet(whole, asked)
    assert "".join(part["text"] for part in parts) in whole.replace("\n", " ")
    assert bool(parts) == bool(list(words.found(whole, asked)))


def test_a_snippet_is_short_and_around_the_first_hit() -> None:
    whole = "x " * 200 + "found\nhere " + "y " * 100 + "found" + " z" * 200
    parts = places.snippet(whole, "found")
    assert [part["text"] for part in parts if part["hit"]] == ["found"]
    assert len("".join(part["text"] for part in parts)) <= places.BEFORE + 5 + places.AFTER
    assert "\n" not in parts[-1]["text"]
