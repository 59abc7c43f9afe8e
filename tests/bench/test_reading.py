"""The benchmark of reading on two pages, and its count of wrong characters."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import reading


@pytest.mark.parametrize(
    ("true", "said", "share"),
    [
        ("one two\nthree", "one two\n\nthree\n", 0.0),
        ("one two\nthree", "three\nonetwo", 0.0),
        ("abcd", "abxd", 0.25),
        ("abcd", "abcdef", 0.5),
        ("abcd\nefgh", "abcd", 0.5),
        ("abcd", "", 1.0),
        ("", "", 0.0),
        ("sign: ____", "sign:", 0.0),
        ("出院记录", "出院纪录", 0.25),
    ],
)
def test_wrong_characters(true: str, said: str, share: float) -> None:
    assert reading.wrong(true, said) == share


def test_distance() -> None:
    assert reading.distance("kitten", "sitting") == 3
    assert reading.distance("", "abc") == 3


def test_what_two_cores_could_read_comes_from_processor_time() -> None:
    assert reading.alone({"cpu": 3.0}) == 40
    assert reading.alone({"cpu": 0.0}) > 1000


def test_a_page_is_read_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{reading.BEGIN}\nold\n{reading.END}\nafter\n", "utf-8")
    assert reading.main(["--pages", "1", "--languages", "en", "--docs", str(page)]) in (0, 1)
    text = page.read_text("utf-8")
    assert text.startswith("before")
    assert text.endswith("after\n")
    assert "| eng | 1 |" in text
    assert "old" not in text
    wrong = float(text.partition("| eng |")[2].split("|")[4])
    assert wrong < 10
    assert "pages a minute" in capsys.readouterr().out
