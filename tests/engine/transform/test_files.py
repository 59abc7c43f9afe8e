"""A compiled file is kept until it, or a file that it includes, changes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.message import Refused
from engine.transform import files
from engine.transform.files import Compiled, linked


def compiled(made: list[str], more: list[str]) -> Compiled[str]:
    def make(path: str) -> tuple[str, list[str]]:
        made.append(path)
        return Path(path).read_text(), more

    return Compiled(make)


def test_a_file_is_compiled_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FRESH", 0.0)
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("1")
    other.write_text("x")
    made: list[str] = []
    kept = compiled(made, [str(other)])
    assert [kept.get(str(file)), kept.get(str(file))] == ["1", "1"]
    file.write_text("22")
    assert kept.get(str(file)) == "22"
    os.utime(other, ns=(1, 1))
    assert kept.get(str(file)) == "22"
    assert len(made) == 3


def test_a_change_is_seen_after_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, now = tmp_path / "a", [100.0]
    file.write_text("1")
    monkeypatch.setattr(files, "monotonic", lambda: now[0])
    kept = compiled([], [])
    assert kept.get(str(file)) == "1"
    file.write_text("22")
    assert kept.get(str(file)) == "1"
    now[0] += files.FRESH
    assert kept.get(str(file)) == "22"


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"WB-2003 a: No such file"):
        files.stamp(str(tmp_path / "a"))


def test_only_so_many_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "KEPT", 2)
    made: list[str] = []
    kept = compiled(made, [])
    for name in ("a", "b", "c", "a"):
        (tmp_path / name).write_text(name)
        kept.get(str(tmp_path / name))
    assert len(made) == 4


def test_included_files_are_found_once_also_in_a_circle(tmp_path: Path) -> None:
    (tmp_path / "a.x").write_text('<r><i href="b.x"/><i href="b.x"/></r>')
    (tmp_path / "b.x").write_text('<r><i href="a.x"/></r>')
    assert [Path(name).name for name in linked(str(tmp_path / "a.x"), ("i",), "href")] == ["a.x", "b.x"]


def test_a_broken_included_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.x").write_text('<r><i href="b.x"/></r>')
    (tmp_path / "b.x").write_text("<r>")
    with pytest.raises(Refused, match=r"b\.x"):
        linked(str(tmp_path / "a.x"), ("i",), "href")


def test_an_included_file_outside_the_transforms_is_refused(tmp_path: Path) -> None:
    house = tmp_path / "transforms"
    (house / "lab").mkdir(parents=True)
    (tmp_path / "secret.x").write_text("<r/>")
    (house / "common.x").write_text("<r/>")
    (house / "lab" / "a.x").write_text('<r><i href="../common.x"/></r>')
    assert len(linked(str(house / "lab" / "a.x"), ("i",), "href")) == 2
    for href in ("../../secret.x", str(tmp_path / "secret.x"), "../../%73ecret.x"):
        (house / "lab" / "a.x").write_text(f'<r><i href="{href}"/></r>')
        with pytest.raises(Refused, match=r"a\.x: secret\.x is outside transforms/"):
            linked(str(house / "lab" / "a.x"), ("i",), "href")
