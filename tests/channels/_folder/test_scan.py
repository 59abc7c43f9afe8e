"""Which files count as finished: quiet by our clock, plain, and not somebody's work under way."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from channels._folder.scan import AGAIN, BATCH, REREAD, Found, Limits, Scan, Scanner, stamp_of, unchanged
from engine.channel import SeenFile


def scanner(root: Path, files: int = 1000, size: int = 1000) -> Scanner:
    return Scanner(root, Limits(1.0, files, size))


def paths(scan: Scan) -> list[str]:
    return [found.path for found in scan.settled]


def report(it: Scanner, scan: Scan, now: float, complete: bool = True) -> None:
    it.reported([SeenFile(found.path, *found.stamp, complete) for found in scan.settled], scan.gone, now)


def test_a_file_settles_by_our_clock(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    (tmp_path / "o").mkdir()
    file = tmp_path / "o/a.pdf"
    file.write_bytes(b"1")
    # A time far in the past is no proof that nobody writes: the first scan after a start does not take it.
    os.utime(file, (0, 0))
    assert paths(it.scan(["o"], 10.0)) == []
    assert paths(it.scan(["o"], 10.9)) == []
    file.write_bytes(b"12")
    assert paths(it.scan(["o"], 11.1)) == []
    assert paths(it.scan(["o"], 12.0)) == []
    settled = it.scan(["o"], 12.1)
    assert paths(settled) == ["o/a.pdf"]
    assert settled.settled[0].is_pdf
    assert unchanged(settled.settled[0])


def test_a_file_is_reported_once_until_it_changes(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    file = tmp_path / "a.pdf"
    file.write_bytes(b"1")
    it.scan([""], 0)
    scan = it.scan([""], 1)
    assert paths(it.scan([""], 1)) == ["a.pdf"]  # not reported yet: the engine may have been away
    report(it, scan, 1)
    assert paths(it.scan([""], 1000)) == []
    file.write_bytes(b"22")
    assert not unchanged(scan.settled[0])
    it.scan([""], 1001)
    assert paths(it.scan([""], 1002)) == ["a.pdf"]


def test_an_incomplete_file_is_looked_at_again(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"1")
    it.scan([""], 0)
    report(it, it.scan([""], 1), 1, complete=False)
    assert paths(it.scan([""], AGAIN)) == []
    assert paths(it.scan([""], 1 + AGAIN)) == ["a.pdf"]


@pytest.mark.parametrize(
    "name", [".a.pdf", "~$a.pdf", "a.pdf.tmp", "a.part", "a.PDF.FilePart", "order.txt", "Order.TXT", ".waybill"]
)
def test_what_is_left_alone(tmp_path: Path, name: str) -> None:
    it = scanner(tmp_path)
    (tmp_path / name).write_bytes(b"1")
    it.scan([""], 0)
    assert paths(it.scan([""], 5)) == []


def test_links_folders_and_pipes_are_left_alone(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    (tmp_path / "o").mkdir()
    (tmp_path / "real.pdf").write_bytes(b"1")
    (tmp_path / "o/link.pdf").symlink_to(tmp_path / "real.pdf")
    (tmp_path / "o/folder.pdf").mkdir()
    os.mkfifo(tmp_path / "o/pipe.pdf")
    (tmp_path / "linked").symlink_to(tmp_path / "o")
    it.scan(["o", "linked", "missing"], 0)
    scan = it.scan(["o", "linked", "missing"], 5)
    assert paths(scan) == []
    assert scan.trouble == "the folder's path goes through a link"


def test_only_what_is_watched_is_read(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    for folder in ("o1", "o2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.pdf").write_bytes(b"1")
    it.scan(["o1"], 0)
    assert paths(it.scan(["o1"], 5)) == ["o1/a.pdf"]


def test_what_goes_is_told_once_and_a_share_that_is_away_is_not_gone(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "o").mkdir(parents=True)
    it = scanner(root)
    (root / "o/a.pdf").write_bytes(b"1")
    it.scan(["o"], 0)
    report(it, it.scan(["o"], 1), 1)
    root.rename(tmp_path / "away")
    with pytest.raises(FileNotFoundError):
        it.scan(["o"], 2)
    (tmp_path / "away").rename(root)
    assert it.scan(["o"], 3).gone == []
    (root / "o/a.pdf").unlink()
    scan = it.scan(["o"], 4)
    assert scan.gone == ["o/a.pdf"]
    report(it, scan, 4)
    assert it.scan(["o"], 5).gone == []
    (root / "o/a.pdf").write_bytes(b"1")
    it.scan(["o"], 6)
    assert paths(it.scan(["o"], 7)) == ["o/a.pdf"]


def test_the_whole_folder_removed_is_its_files_gone(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    (tmp_path / "o").mkdir()
    (tmp_path / "o/a.pdf").write_bytes(b"1")
    it.scan(["o"], 0)
    report(it, it.scan(["o"], 1), 1)
    (tmp_path / "o/a.pdf").unlink()
    (tmp_path / "o").rmdir()
    assert it.scan(["o"], 2).gone == ["o/a.pdf"]


def test_the_engine_calls_the_root_a_dot(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    (tmp_path / "a.pdf").write_bytes(b"1")
    it.scan(["."], 0)
    scan = it.scan(["."], 1)
    assert paths(scan) == ["a.pdf"]
    report(it, scan, 1)
    (tmp_path / "a.pdf").unlink()
    assert it.scan(["."], 2).gone == ["a.pdf"]


def test_a_huge_file_and_a_crowd_are_bounded(tmp_path: Path) -> None:
    it = scanner(tmp_path, files=BATCH + 5, size=3)
    (tmp_path / "big.pdf").write_bytes(b"1234")
    it.scan([""], 0)
    assert it.scan([""], 1).settled[0].reason == "larger than 3 bytes"
    for number in range(BATCH + 9):
        (tmp_path / f"f{number:03}.pdf").write_bytes(b"1")
    it.scan([""], 2)
    scan = it.scan([""], 4)
    assert len(scan.settled) == BATCH
    assert scan.trouble == f"a folder holds more than {BATCH + 5} files"


def test_an_empty_folder_is_listed_again_when_something_comes_or_after_a_while(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    folder = tmp_path / "o"
    folder.mkdir()
    (folder / "order.txt").write_text("x")
    long_ago = time.time_ns() - 10**12
    os.utime(folder, ns=(long_ago, long_ago))
    it.scan(["o"], 0)
    (folder / "a.pdf").write_bytes(b"1")
    it.scan(["o"], 1)
    assert paths(it.scan(["o"], 2)) == ["o/a.pdf"]
    # A share that does not tell that its folder changed.
    (folder / "a.pdf").unlink()
    os.utime(folder, ns=(long_ago, long_ago))
    it.scan(["o"], 3)
    (folder / "b.pdf").write_bytes(b"1")
    os.utime(folder, ns=(long_ago, long_ago))
    it.scan(["o"], 4)
    assert paths(it.scan(["o"], 3 + REREAD - 1)) == []
    it.scan(["o"], 3 + REREAD)
    assert paths(it.scan(["o"], 4 + REREAD)) == ["o/b.pdf"]


def test_a_name_in_no_encoding_is_left_alone(tmp_path: Path) -> None:
    it = scanner(tmp_path)
    (tmp_path / os.fsdecode(b"\xff.pdf")).write_bytes(b"1")
    it.scan([""], 0)
    assert paths(it.scan([""], 5)) == []


def test_a_stamp_is_what_a_seen_file_says() -> None:
    assert stamp_of(SeenFile("a", 1, 2, 3, True)) == (1, 2, 3)


def test_many_are_listed_once_and_handed_on_in_batches(tmp_path: Path) -> None:
    """Ten thousand files are not looked at again for every twenty of them; what is new is seen soon after."""
    for number in range(2 * BATCH + 5):
        (tmp_path / f"{number:03}.pdf").write_bytes(b"x")
    scanner = Scanner(tmp_path, Limits(1, 1000, 1 << 20))
    scanner.scan(["."], 0.0)
    first = scanner.scan(["."], 2.0).settled
    (tmp_path / "000-new.pdf").write_bytes(b"x")
    second, third = scanner.scan(["."], 2.1).settled, scanner.scan(["."], 2.2).settled
    assert [len(first), len(second), len(third)] == [BATCH, BATCH, 5]
    paths = [found.path for found in (*first, *second, *third)]
    assert paths == sorted(set(paths)), "each once, in order"
    scanner.reported([seen(found) for found in (*first, *second, *third)], [], 2.2)
    assert scanner.scan(["."], 5.0).settled == []
    assert [found.path for found in scanner.scan(["."], 7.0).settled] == ["000-new.pdf"]


def test_what_is_left_of_a_folder_that_nobody_waits_for_any_more_is_dropped(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for number in range(BATCH):
            (tmp_path / folder / f"{number}.pdf").write_bytes(b"x")
    scanner = Scanner(tmp_path, Limits(1, 1000, 1 << 20))
    scanner.scan(["a", "b"], 0.0)
    assert {found.path[0] for found in scanner.scan(["a", "b"], 2.0).settled} == {"a"}
    assert scanner.scan(["a"], 2.1).settled != [], "listed anew: nobody has reported them"
    assert all(found.path[0] == "a" for found in scanner.scan(["a"], 2.2).settled)


def seen(found: Found) -> SeenFile:
    size, mtime, inode = found.stamp
    return SeenFile(found.path, size, mtime, inode, True)
