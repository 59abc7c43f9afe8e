"""The table of readings: right, small, and without the package's phrases."""

from __future__ import annotations

import subprocess
import sys

import pytest

from records import pinyin

MEMORY = """
import sys
from records import names
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
before = resident()
names.name_keys("王小明")
assert "pypinyin" not in sys.modules
print(resident() - before)
"""


@pytest.mark.parametrize(
    ("letter", "readings"),
    [("王", "wang"), ("女", "nv"), ("女", "nu"), ("重", "zhong"), ("重", "chong"), ("䶮", "yan")],
)
def test_readings(letter: str, readings: str) -> None:
    assert readings in pinyin.readings(letter)


@pytest.mark.parametrize("letter", ["a", "é", "あ", "\U00020000", "!"])
def test_what_is_no_known_character_has_none(letter: str) -> None:
    assert pinyin.readings(letter) == ()


def test_surnames() -> None:
    assert [pinyin.surname(name) for name in ("王平", "欧阳平", "欧阳", "", "单")] == ["王", "欧阳", "欧", "", "单"]
    assert pinyin.surname_readings("仇") == [("qiu",), ("chou",)]
    assert pinyin.surname_readings("万俟")[0] == ("mo", "qi")
    assert pinyin.surname_readings("司马") == [("si", "ma")]


def test_it_takes_little_memory() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=60)
    assert int(done.stdout) < 5 << 20
