"""What is claimed and where it goes: never over anything, never through a link, in the order of writing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from channels._folder.drop import MOST, Dropped, Drops, natural
from channels._folder.scan import Limits
from engine.message import Unavailable


def drops(root: Path, marker: str = "", settle: float = 1.0) -> Drops:
    return Drops(root, Limits(settle, 1000, 1 << 20), marker)


def write(root: Path, *names: str, data: bytes = b"data") -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def ready(found: Drops, now: float) -> list[str]:
    return [file.path for files in found.look(now).ready.values() for file in files]


def test_quiet_by_our_own_clock(tmp_path: Path) -> None:
    write(tmp_path, "a.jpg", "north/b.jpg")
    found = drops(tmp_path)
    assert ready(found, 0.0) == []
    assert ready(found, 0.9) == []
    write(tmp_path, "a.jpg", data=b"more data")
    assert ready(found, 1.0) == ["north/b.jpg"]
    assert ready(found, 2.5) == ["a.jpg", "north/b.jpg"]


def test_left_alone(tmp_path: Path) -> None:
    write(tmp_path, ".hidden", "~$a.doc", "b.part", "c.tmp", "order.txt", ".work/old/x", "s/deeper/d.jpg", "e.jpg")
    (tmp_path / "link.jpg").symlink_to(tmp_path / "e.jpg")
    (tmp_path / "linked").symlink_to(tmp_path / "s")
    found = drops(tmp_path)
    found.look(0.0)
    look = found.look(2.0)
    assert [file.name for file in look.ready[""]] == ["e.jpg"]
    assert list(look.ready) == [""]
    assert look.trouble == "folders below a station's are not looked at"


def test_the_order_is_that_of_writing_then_of_the_numbers_in_the_name(tmp_path: Path) -> None:
    write(tmp_path, "page 10.jpg", "page 9.jpg", "page 1.jpg", "a late one.jpg")
    for name in ("page 10.jpg", "page 9.jpg", "page 1.jpg"):
        os.utime(tmp_path / name, (1000, 1000))
    found = drops(tmp_path)
    found.look(0.0)
    assert ready(found, 2.0) == ["page 1.jpg", "page 9.jpg", "page 10.jpg", "a late one.jpg"]
    assert natural("7") < natural("10")
    assert natural("a2b10") > natural("a2b9")


def taken(found: Drops, now: float = 2.0) -> list[Dropped]:
    found.look(0.0)
    files = [file for some in found.look(now).ready.values() for file in some]
    return [file for _, file in found.claim(files)]


def test_claimed_finished_and_refused_over_nothing(tmp_path: Path) -> None:
    write(tmp_path, "n/a.jpg", "n/b.jpg", "n/.done/a.jpg", "n/.error/b.jpg", "n/.work/c.jpg", data=b"old")
    os.utime(tmp_path / "n/a.jpg", (86_400, 86_400))
    found = drops(tmp_path)
    files = {file.name: file for file in taken(found)}
    assert set(files) == {"a.jpg", "b.jpg", "c.jpg"}
    found.finish([files["a.jpg"], files["c.jpg"]])
    found.refuse(files["b.jpg"], "WB-8600", "why")
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {"n/.done/a.jpg", "n/.done/a 19700102-000000.jpg", "n/.done/c.jpg", "n/.error/b.jpg"} < left
    (why,) = (tmp_path / "n/.error").glob("b 2*.jpg.txt")
    assert why.read_bytes() == b"WB-8600 why\r\n"
    assert why.with_suffix("").is_file()
    assert ready(found, 9.0) == []


def test_one_that_changed_is_not_claimed_and_one_that_changes_later_is_given_back(tmp_path: Path) -> None:
    write(tmp_path, "a.jpg", "b.jpg")
    found = drops(tmp_path)
    found.look(0.0)
    files = found.look(2.0).ready[""]
    write(tmp_path, "a.jpg", data=b"its writer has gone on")
    ((_, claimed),) = found.claim(files)
    assert claimed.name == "b.jpg"
    assert found.unchanged(claimed)
    with claimed.file.open("ab") as writer:
        writer.write(b"more")
    assert not found.unchanged(claimed)
    found.give_back(claimed)
    assert (tmp_path / "b.jpg").read_bytes() == b"datamore"
    assert ready(found, 3.0) == []
    assert sorted(ready(found, 9.0)) == ["a.jpg", "b.jpg"]


def test_a_new_file_under_the_name_of_a_claimed_one(tmp_path: Path) -> None:
    write(tmp_path, "a.jpg")
    found = drops(tmp_path)
    first = taken(found)
    write(tmp_path, "a.jpg", data=b"another")
    second = [file for file in taken(found, 20.0) if file.name != "a.jpg"]
    assert [file.name for file in second] == ["a (2).jpg"]
    found.finish([*first, *second])
    assert len(list((tmp_path / ".done").iterdir())) == 2


def test_a_marker_says_that_a_file_is_whole(tmp_path: Path) -> None:
    write(tmp_path, "a.jpg", "b.jpg", "a.jpg.ready")
    found = drops(tmp_path, ".ready")
    assert [file.name for file in taken(found)] == ["a.jpg"]
    assert not (tmp_path / "a.jpg.ready").exists()
    write(tmp_path, "a.jpg.ready")  # as if a crash had come before the marker went
    again = drops(tmp_path, ".ready")
    assert [file.path for file in again.look(0.0).ready[""]] == ["a.jpg"]
    assert not (tmp_path / "a.jpg.ready").exists()


def test_a_link_in_place_of_our_folders_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, "n/a.jpg")
    (tmp_path / "n/.work").symlink_to(tmp_path)
    found = drops(tmp_path)
    with pytest.raises(Unavailable, match="link"):
        taken(found)
    assert (tmp_path / "n/a.jpg").exists()


def test_what_rests_comes_again_when_it_changes_or_later(tmp_path: Path) -> None:
    write(tmp_path, "a.jpg")
    found = drops(tmp_path)
    found.look(0.0)
    (file,) = found.look(2.0).ready[""]
    found.rest(file, 2.0)
    assert ready(found, 3.0) == []
    assert ready(found, 30.0) == ["a.jpg"]
    found.rest(file, 30.0)
    write(tmp_path, "a.jpg", data=b"changed")
    found.look(31.0)
    assert ready(found, 33.0) == ["a.jpg"]


def test_the_most_that_is_looked_at_is_more_than_comes_at_once() -> None:
    assert MOST >= 10_000


def test_what_cannot_be_renamed_is_told_and_the_others_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "n/a.jpg", "n/b.jpg")
    found = drops(tmp_path)
    rename = Path.rename

    def held(self: Path, target: Path) -> Path:
        if self.name == "a.jpg":
            raise PermissionError(13, "its writer has it")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", held)
    assert [file.name for file in taken(found)] == ["b.jpg"]
    assert found.held == {"n/a.jpg"}
    monkeypatch.undo()
    assert [file.name for file in taken(found, 5.0)] == ["b.jpg", "a.jpg"]
    assert not found.held


def test_a_station_that_may_not_be_read_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "n/a.jpg", "s/b.jpg")
    found = drops(tmp_path)
    scandir = os.scandir

    def closed(path: Path) -> object:
        if Path(path).name == "n":
            raise PermissionError(13, "not for us")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    found.look(0.0)
    look = found.look(2.0)
    assert (list(look.ready), look.trouble) == (["s"], "a station's folder may not be read")
