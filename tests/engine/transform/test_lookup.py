"""Look-up tables in CSV: as Excel writes them, bounded, read again when they change."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engine.message import Refused
from engine.site.units import SitePath
from engine.transform.lookup import LookUp, read, texts
from engine.transform.mapping import mapping


def lookup(folder: Path, data: str | bytes, **more: str) -> dict[str, str]:
    path = folder / "x.csv"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return texts(LookUp(SitePath(path), **more), read(path))


def test_the_first_two_columns_or_those_that_are_named(tmp_path: Path) -> None:
    data = 'code,text,english\nF,女,female\nM,"男, 成人",male\n\n'
    assert lookup(tmp_path, data) == {"F": "女", "M": "男, 成人"}
    assert lookup(tmp_path, data, key="english", value="code") == {"female": "F", "male": "M"}


@pytest.mark.parametrize("data", ["\ufeffa;b\r\n1;2\r\n", "a\tb\n1\t2\n", "a,b\n 1 , 2 \n"])
def test_as_spreadsheets_write_it(tmp_path: Path, data: str) -> None:
    assert lookup(tmp_path, data) == {"1": "2"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("a,b\n1\n", "x.csv:2: 1 columns"),
        ("a\n1\n", "names two or more different columns"),
        ("a,a\n1,2\n", "names two or more different columns"),
        ("a,b\n1,2\n1,3\n", "`1` stands in a twice"),
        ("a,b\n1,示例".encode("gbk"), "x.csv:2: not UTF-8"),
        ('a,b\n"1,2\n', "a quotation mark"),
        ("a,b\n" + "1,2\n" * 1_100_000, "larger than"),
    ],
)
def test_faults_are_told_with_their_line(tmp_path: Path, data: str | bytes, said: str) -> None:
    with pytest.raises(Refused, match="WB-2003") as caught:
        lookup(tmp_path, data)
    assert said in caught.value.reason


def test_a_column_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no column `c`; it has a, b"):
        lookup(tmp_path, "a,b\n1,2\n", key="c")


def test_in_a_mapping_table_with_else_and_changed_while_it_runs(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\nF,2\n")
    path = tmp_path / "t.yaml"
    path.write_text("F: {from: $(v), table: {file: x.csv, else: '9'}}\n")
    assert [mapping(path, {"v": v}, {}) for v in "FX"] == [{"F": "2"}, {"F": "9"}]
    (tmp_path / "x.csv").write_text("a,b\nF,3\n")
    os.utime(tmp_path / "x.csv", ns=(1, 1))
    end = time.monotonic() + 30
    while mapping(path, {"v": "F"}, {}) != {"F": "3"}:
        assert time.monotonic() < end
    path = tmp_path / "u.yaml"
    path.write_text("F: {from: $(v), table: {file: x.csv}, required: no}\n")
    with pytest.raises(Refused, match=r"WB-2008 u.yaml: F: is not in the table \(x.csv\)"):
        mapping(path, {"v": "甲"}, {})
