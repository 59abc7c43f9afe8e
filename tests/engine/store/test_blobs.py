"""Blobs: bytes by their hash, put whole or not at all; whose disk is in trouble is told apart."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from pathlib import Path

import pytest

from engine.message import Blob, Refused, Unavailable
from engine.store.blobs import KEEP, PIECE, Blobs


@pytest.fixture(name="blobs")
def fixture_blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("data", [b"", b"a", b"x" * (PIECE * 2 + 1)])
def test_what_is_put_is_read(blobs: Blobs, tmp_path: Path, data: bytes) -> None:
    kept = blobs.put(data, "application/pdf", "a.pdf")
    assert kept == Blob(hashlib.sha256(data).hexdigest(), len(data), "application/pdf", "a.pdf")
    assert blobs.read(kept) == data
    (tmp_path / "source.bin").write_bytes(data)
    assert blobs.put_file(tmp_path / "source.bin").sha256 == kept.sha256
    assert files(tmp_path / "blobs") == [blobs.path(kept)]
    assert stat.S_IMODE(blobs.path(kept).stat().st_mode) == 0o400


def test_a_missing_and_a_damaged_blob_are_refused(blobs: Blobs) -> None:
    kept = blobs.put(b"report")
    with pytest.raises(Refused, match="WB-5001"):
        blobs.read(Blob("0" * 64, 1))
    blobs.path(kept).chmod(0o600)
    blobs.path(kept).write_bytes(b"reporT")
    with pytest.raises(Refused, match="WB-5002"):
        blobs.read(kept)


def test_our_disk_in_trouble_is_unavailable_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file stands where the folder should be")
    with pytest.raises(Unavailable, match="WB-1012"):
        Blobs(tmp_path / "blobs").put(b"report")
    full = Blobs(Path("/dev/full/blobs"))
    with pytest.raises(Unavailable):
        full.put(b"report")


def test_trouble_below_the_folder_is_ours_too(blobs: Blobs, tmp_path: Path) -> None:
    digest = hashlib.sha256(b"report").hexdigest()
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / digest[:2]).write_text("in the way")
    with pytest.raises(Unavailable):
        blobs.put(b"report")
    assert [path.name for path in files(tmp_path / "blobs")] == [digest[:2]]


def test_the_sources_trouble_is_the_callers(blobs: Blobs, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        blobs.put_file(tmp_path / "gone.pdf")
    with pytest.raises(IsADirectoryError):
        blobs.put_file(tmp_path)
    # The kernel refuses to read the memory of nobody: an error while reading, without a file name.
    with pytest.raises(OSError) as caught:  # noqa: PT011
        blobs.put_file(Path("/proc/self/mem"))
    assert not isinstance(caught.value, Unavailable)
    assert not files(tmp_path / "blobs")


def test_the_sweep_removes_only_what_is_old_and_unnamed(blobs: Blobs, tmp_path: Path) -> None:
    old, named, young = blobs.put(b"old"), blobs.put(b"named"), blobs.put(b"young")
    left = tmp_path / "blobs" / ".77-1-abcd"
    left.write_bytes(b"half")
    long_ago = time.time() - KEEP - 60
    for path in (blobs.path(old), blobs.path(named), left):
        os.utime(path, (long_ago, long_ago))
    assert blobs.sweep([named.sha256]) == 2
    assert set(files(tmp_path / "blobs")) == {blobs.path(named), blobs.path(young)}


def test_putting_an_old_blob_again_saves_it_from_the_sweep(blobs: Blobs) -> None:
    kept = blobs.put(b"report")
    long_ago = time.time() - KEEP - 60
    os.utime(blobs.path(kept), (long_ago, long_ago))
    assert blobs.put(b"report") == kept
    assert blobs.sweep([]) == 0
    assert blobs.read(kept) == b"report"


def test_what_is_no_plain_file_is_not_read(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"of this computer")
    (tmp_path / "link.pdf").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe.pdf")
    (tmp_path / "device.pdf").symlink_to("/dev/zero")
    for name in ("link.pdf", "pipe.pdf", "device.pdf"):
        with pytest.raises(OSError, match=r"plain|symbolic"):
            blobs.put_file(tmp_path / name)
    assert files(tmp_path / "blobs") == []
