"""Bytes first, then the file; nothing is overwritten and nothing newer is hidden."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from channels._folder.scan import Found
from channels._folder.take import DONE, keep, move
from engine.channel import TakenFile
from engine.store.blobs import Blobs


def found(file: Path) -> Found:
    at = file.lstat()
    return Found(f"o/{file.name}", file, (at.st_size, at.st_mtime_ns, at.st_ino))


def taken(data: bytes, name: str = "a.pdf") -> TakenFile:
    return TakenFile(f"o/{name}", hashlib.sha256(data).hexdigest())


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "root" / "o"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(name="blobs")
def fixture_blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs", durable=False)


def test_the_bytes_are_kept(folder: Path, blobs: Blobs) -> None:
    (folder / "a.PDF").write_bytes(b"bytes")
    blob = keep(blobs, found(folder / "a.PDF"))
    assert blob is not None
    assert (blob.content_type, blob.name, blobs.read(blob)) == ("application/pdf", "a.PDF", b"bytes")
    (folder / "a.txt").write_bytes(b"bytes")
    other = keep(blobs, found(folder / "a.txt"))
    assert other is not None
    assert other.content_type == "application/octet-stream"


def test_a_file_that_changed_or_went_is_not_kept(folder: Path, blobs: Blobs) -> None:
    file = folder / "a.pdf"
    file.write_bytes(b"bytes")
    before = found(file)
    file.write_bytes(b"more bytes")
    assert keep(blobs, before) is None
    file.unlink()
    assert keep(blobs, before) is None


class SlowBlobs(Blobs):
    """The device writes on while the file is being read."""

    def put_file(self, path: Path, content_type: str = "", name: str = ""):
        blob = super().put_file(path, content_type, name)
        path.write_bytes(b"other bytes, written meanwhile")
        return blob


def test_a_file_that_changes_while_it_is_read_is_not_kept(folder: Path, tmp_path: Path) -> None:
    (folder / "a.pdf").write_bytes(b"bytes")
    assert keep(SlowBlobs(tmp_path / "blobs", durable=False), found(folder / "a.pdf")) is None


def test_a_taken_file_goes_to_done_and_a_repeat_is_harmless(folder: Path) -> None:
    root = folder.parent
    (folder / "a.pdf").write_bytes(b"1")
    assert move(root, taken(b"1"))
    assert (folder / DONE / "a.pdf").read_bytes() == b"1"
    assert not (folder / "a.pdf").exists()
    assert move(root, taken(b"1"))


def test_nothing_in_done_is_overwritten(folder: Path) -> None:
    for data in (b"1", b"2", b"3"):
        (folder / "a.pdf").write_bytes(data)
        assert move(folder.parent, taken(data))
    assert {file.name: file.read_bytes() for file in (folder / DONE).iterdir()} == {
        "a.pdf": b"1",
        "a (2).pdf": b"2",
        "a (3).pdf": b"3",
    }


def test_a_newer_file_under_the_same_name_stays(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"newer")
    assert move(folder.parent, taken(b"1"))
    assert (folder / "a.pdf").read_bytes() == b"newer"


def test_what_was_discarded_half_written_goes_too(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"half")
    assert move(folder.parent, TakenFile("o/a.pdf", ""))
    assert (folder / DONE / "a.pdf").read_bytes() == b"half"
    assert move(folder.parent, TakenFile("o/a.pdf", ""))


def test_a_link_in_its_place_is_not_moved(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"1")
    (folder / "a.pdf").symlink_to(tmp_path / "real")
    assert move(folder.parent, taken(b"1"))
    assert (folder / "a.pdf").is_symlink()


def test_a_move_that_fails_is_tried_again(folder: Path) -> None:
    (folder / "a.pdf").write_bytes(b"1")
    (folder / DONE).write_bytes(b"a file stands where the folder should be")
    assert not move(folder.parent, taken(b"1"))
    assert (folder / "a.pdf").exists()


def test_a_file_of_the_root_itself(folder: Path) -> None:
    (folder.parent / "a.pdf").write_bytes(b"1")
    assert move(folder.parent, TakenFile("a.pdf", hashlib.sha256(b"1").hexdigest()))
    assert (folder.parent / DONE / "a.pdf").exists()


def test_a_link_in_the_place_of_done_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / DONE).symlink_to(tmp_path / "elsewhere")
    (folder / "a.pdf").write_bytes(b"1")
    assert not move(folder.parent, taken(b"1"))
    assert (folder / "a.pdf").exists()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_was_put_in_the_files_place_is_not_kept(folder: Path, blobs: Blobs, tmp_path: Path) -> None:
    class Swapping(Blobs):
        """Somebody puts a link there after the last look, and takes it away again."""

        def put_file(self, path: Path, content_type: str = "", name: str = ""):
            path.rename(tmp_path / "aside")
            path.symlink_to(tmp_path / "secret")
            try:
                return super().put_file(path, content_type, name)
            finally:
                (tmp_path / "aside").rename(path)

    (tmp_path / "secret").write_bytes(b"12345")
    (folder / "a.pdf").write_bytes(b"bytes")
    assert keep(Swapping(tmp_path / "blobs", durable=False), found(folder / "a.pdf")) is None
