"""How Chinese characters are read, without tones, and how surnames are read.

The table is that of the package pypinyin, whose whole takes 50 MB of memory. Its file of characters alone is read, line
by line, at the first Chinese name, into 200 KB.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import unicodedata
from array import array
from pathlib import Path

FIRST, LAST = 0x3400, 0x9FFF
_ENTRY = re.compile(r'\s*"(\d+)": "([^"]*)"')

_SPECIAL = """
单:shan 單:shan 解:xie 仇:qiu 查:zha 曾:zeng 朴:piao 任:ren 区:ou 區:ou 盖:ge,gai 乐:yue,le 樂:yue,le 翟:zhai 繁:po
种:chong 秘:bi 冼:xian 洗:xian 员:yun 缪:miao 繆:miao 尉:wei,yu 燕:yan 宁:ning 葛:ge 华:hua 召:shao 折:she 那:na 哈:ha
黑:he,hei 逄:pang 薄:bo 柏:bai,bo 车:che 車:che 都:du 句:gou 纪:ji 覃:qin,tan 沈:shen 石:shi 万:wan 隗:wei,kui 臧:zang
祭:zhai 尉迟:yu,chi 尉遲:yu,chi 万俟:mo,qi 长孙:zhang,sun 長孫:zhang,sun 澹台:tan,tai 单于:chan,yu 令狐:ling,hu
宰父:zai,fu 亓官:qi,guan
"""
_COMPOUND = """
欧阳 歐陽 司马 司馬 上官 诸葛 諸葛 东方 東方 皇甫 公孙 公孫 慕容 宇文 司徒 鲜于 夏侯 轩辕 闾丘 钟离 濮阳 淳于 太史
申屠 仲孙 公羊 赫连 宗政 公冶 司空 呼延 端木 百里 南宫 东郭 独孤 拓跋 西门 第五 左丘 梁丘 公西 漆雕 谷梁 颛孙 巫马 乐正
"""

SURNAMES: dict[str, tuple[str, ...]] = {
    name: tuple(ways.split(",")) for name, _, ways in (entry.partition(":") for entry in _SPECIAL.split())
}
"""Where the reading as a name is not the common one. One character: its readings; two: one reading of each."""

COMPOUND = frozenset(_COMPOUND.split()) | frozenset(name for name in SURNAMES if len(name) == 2)


def surname(name: str) -> str:
    """The family name of a name in characters: the first one, or two of the known pairs."""
    return name[:2] if len(name) > 2 and name[:2] in COMPOUND else name[:1]


def surname_readings(family: str) -> list[tuple[str, ...]]:
    """Each way to read a family name, likeliest first; a special reading does not hide the common ones."""
    if len(family) == 2:
        special = [SURNAMES[family]] if family in SURNAMES else []
        common = tuple((readings(letter) or (letter,))[0] for letter in family)
        return [*special, *([common] if common not in special else [])]
    ways = [*SURNAMES.get(family, ()), *(readings(family)[:1] or (family,)), *_umlaut(family)]
    return [(way,) for way in dict.fromkeys(ways)]


def readings(letter: str) -> tuple[str, ...]:
    """The syllables of one character, the commonest first; none: not known. `ü` is there as `v` and as `u`."""
    code = ord(letter)
    if not FIRST <= code <= LAST:
        return ()
    places, ways = _table()
    return ways[places[code - FIRST]]


def _umlaut(letter: str) -> tuple[str, ...]:
    """`lv` and `lu` are one reading."""
    found = readings(letter)
    return found[:2] if found and found[0][-1:] == "v" else ()


@functools.cache
def _table() -> tuple[array[int], list[tuple[str, ...]]]:
    """For each character the number of its readings in the list."""
    spec = importlib.util.find_spec("pypinyin")
    assert spec is not None
    assert spec.origin is not None
    ways: dict[tuple[str, ...], int] = {(): 0}
    places = array("H", bytes(2 * (LAST - FIRST + 1)))
    # A line a character, so the whole is never in memory.
    with Path(spec.origin).with_name("pinyin_dict.json").open(encoding="utf-8") as lines:
        for line in lines:
            if (entry := _ENTRY.match(line)) and FIRST <= (code := int(entry[1])) <= LAST:
                places[code - FIRST] = ways.setdefault(_plain(entry[2]), len(ways))
    return places, list(ways)


def _plain(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for syllable in text.split(","):
        apart = unicodedata.normalize("NFD", syllable)
        has_umlaut = "u\u0308" in apart
        plain = "".join(letter for letter in apart if "a" <= letter <= "z")
        found += [plain.replace("u", "v"), plain] if has_umlaut else [plain]
    return tuple(dict.fromkeys(way for way in found if way))
