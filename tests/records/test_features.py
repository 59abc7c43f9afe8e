"""What a classification sees: words and pieces, runs of Chinese characters; no digits and no accents."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from records.features import MOST_CHARACTERS, counted, folded


def test_words_pieces_and_heads() -> None:
    found = counted("Anamnesis del riñón 12345")
    assert found["rinon"] == 1
    assert found["~rino"] == 1
    assert found["^rinon"] == 1
    assert found["del"] == 1
    assert not any(letter.isdigit() for feature in found for letter in feature)


def test_chinese_runs() -> None:
    found = counted("检验报告")
    assert {"检", "检验", "检验报", "验报告", "^检验"} <= set(found)


def test_compatibility_forms_are_the_same() -> None:
    assert folded("ＥＣＧ") == "ecg"


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    assert all(feature for feature in counted(text))


def test_only_the_beginning_of_a_long_text() -> None:
    assert "zzend" not in counted("word " * MOST_CHARACTERS + "zzend")
