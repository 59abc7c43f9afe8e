"""By what a patient is found: Chinese, Spanish and English names, numbers, birth dates."""

from __future__ import annotations

import pytest

from records import names


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Núñez", "nunez"),
        ("ＮＵÑＥＺ", "nunez"),
        ("Łukasz Øre", "lukasz ore"),
        ("Straße", "strasse"),
        ("ｱ", "ア"),
        ("王", "王"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert names.fold(text) == folded


@pytest.mark.parametrize(
    ("number", "keys"),
    [
        ("0009000001", {"n:0009000001", "n:9000001"}),
        (" AB-12 3", {"n:ab123"}),
        ("０12", {"n:012", "n:12"}),
        ("000", {"n:000"}),
        ("--", set()),
    ],
)
def test_numbers(number: str, keys: set[str]) -> None:
    assert names.number_keys(number) == keys


def test_a_chinese_name_is_found_by_characters_pinyin_and_initials() -> None:
    assert names.name_keys("王小华") >= {"z:王小华", "z:小华", "p:wangxiaohua", "p:xiaohua", "i:wxh"}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("单小平", {"p:shanxiaoping", "p:danxiaoping", "i:sxp"}),
        ("解平", {"p:xieping", "p:jieping"}),
        ("曾平", {"p:zengping"}),
        ("欧阳平", {"z:平", "p:ouyangping", "p:ping", "i:oyp"}),
        ("尉迟平", {"p:yuchiping", "p:weichiping"}),
        ("王乐", {"p:wangle", "p:wangyue", "i:wl", "i:wy"}),
        ("吕平", {"p:lvping", "p:luping"}),
        ("买买提·艾力", {"z:买买提艾力", "p:maimaitiaili"}),
        ("王", {"z:王", "p:wang", "i:w"}),
    ],
)
def test_readings(name: str, keys: set[str]) -> None:
    assert names.name_keys(name) >= keys


def test_a_name_with_many_readings_has_few_keys() -> None:
    assert len(names.name_keys("重乐行长重乐行长")) < 30
    assert len(names.name_keys("𠀀龘" * 40)) < 30


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("García López, María José", ["garcia", "lopez", "maria", "jose"]),
        ("O'Brien", ["obrien", "brien"]),
        ("O’Brien", ["obrien", "brien"]),
        ("Jean-Luc", ["jeanluc", "jean", "luc"]),
        ("Núñez‐Peña", ["nunezpena", "nunez", "pena"]),
        ("J. R. Smith", ["j", "r", "smith"]),
        ("", []),
        ("' - ,", []),
    ],
)
def test_words(name: str, words: list[str]) -> None:
    assert names.words(name) == words


def test_each_word_of_a_latin_name_is_a_key_and_the_whole_one() -> None:
    keys = names.keys("1", "García-López, María", "1980-01-02")
    assert keys == {"n:1", "a:garcia", "a:lopez", "a:garcialopez", "a:maria", "p:garcialopezmaria", "b:19800102"}


def test_a_name_in_both_scripts() -> None:
    assert names.name_keys("Lan 王平") >= {"a:lan", "z:王平", "p:wangping"}


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("1980-01-02", ["19800102"]),
        ("1980/1/2", ["19800102"]),
        ("1980.01.02", ["19800102"]),
        ("19800102", ["19800102"]),
        ("02/01/1980", ["19800102"]),
        ("2-1-1980", ["19800102"]),
        ("01/31/1980", ["19800131"]),
        ("1980年1月2日", ["19800102"]),
        ("１９８０年１月", ["198001"]),
        ("1980-01", ["198001"]),
        ("1980", ["1980"]),
        ("31/02/1980", []),
        ("19801302", []),
        ("0009000001", []),
        ("", []),
    ],
)
def test_birth_dates(text: str, dates: list[str]) -> None:
    assert names.dates(text) == dates


def test_no_key_is_longer_than_the_column() -> None:
    keys = names.keys("9" * 60, "ab" * 100 + " " + "cd" * 100, "")
    assert max(map(len, keys)) == names.LONGEST
