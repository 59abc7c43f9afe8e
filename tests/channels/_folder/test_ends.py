"""A picture is whole only when all of it is there: every beginning of every kind is told from the whole."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels._folder import ends
from channels._folder.tiff import BROKEN
from engine.message import Refused
from tests.channels._folder.pictures import jpeg, pdf, png, tiff

WHOLE = {
    "jpeg": (jpeg(), "image/jpeg"),
    "jpeg with a thumbnail": (jpeg(thumbnail=jpeg()), "image/jpeg"),
    "png": (png(), "image/png"),
    "tiff": (tiff(3), "image/tiff"),
    "motorola": (tiff(2, ">"), "image/tiff"),
    "bigtiff": (tiff(2, wide=True), "image/tiff"),
}


def look(folder: Path, data: bytes) -> tuple[str, str]:
    file = folder / "file"
    file.write_bytes(data)
    kind = ends.kind(file)
    return kind, ends.incomplete(file, kind) if kind.startswith("image/") else ""


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_and_each_beginning_of_it(name: str, tmp_path: Path) -> None:
    data, kind = WHOLE[name]
    assert look(tmp_path, data) == (kind, "")
    assert look(tmp_path, data + b"\0" * 30) == (kind, "")
    first_pages = 0
    for end in range(ends.SHORT, len(data)):
        _, reason = look(tmp_path, data[:end])
        first_pages += not reason
    assert first_pages == 0, "a beginning counts as whole"


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_that_is_made_at_its_full_size_first(name: str, tmp_path: Path) -> None:
    """Up to the last entry of a TIFF, behind which zeros mean that no page follows."""
    data, kind = WHOLE[name]
    last = len(data) - (28 if kind == "image/tiff" else 0)
    for end in [0, *range(ends.SHORT, last)]:
        found, reason = look(tmp_path, data[:end] + b"\0" * (len(data) - end))
        assert reason or not found, end


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_anything_is_answered(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    for start in (b"", *ends.KINDS):
        with contextlib.suppress(Refused):
            assert isinstance("".join(look(folder, start + data)), str)


def test_kinds(tmp_path: Path) -> None:
    assert look(tmp_path, pdf())[0] == "application/pdf"
    assert look(tmp_path, b"MZ" + b"a program" * 9)[0] == "unknown"
    assert look(tmp_path, b"")[0] == ""
    assert look(tmp_path, b"\0" * 5000)[0] == ""


def test_damaged_ones_never_become_whole(tmp_path: Path) -> None:
    for data in (png()[:8] + b"\0\0\0\1\1\2\3\4" + b"x" * 20, b"\xff\xd8\xff\xe0\0\4ab" + b"nonsense" * 4):
        with pytest.raises(Refused, match=BROKEN):
            look(tmp_path, data)


def test_too_many_parts_are_refused(tmp_path: Path) -> None:
    chunk = b"\0\0\0\0tEXt\0\0\0\0"
    with pytest.raises(Refused, match="chunks"):
        look(tmp_path, png()[:8] + chunk * (ends.MOST_PARTS + 1))
