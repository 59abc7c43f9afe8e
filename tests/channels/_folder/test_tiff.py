"""TIFFs: circles, bombs, and a page that is still being appended."""

from __future__ import annotations

import struct
from io import BytesIO

import pytest

from channels._folder.tiff import incomplete
from engine.message import Refused
from tests.channels._folder.pictures import tiff


def look(data: bytes) -> str:
    return incomplete(BytesIO(data), len(data))


def test_a_page_that_is_being_appended() -> None:
    one, two = tiff(1, text=b"x" * 200), tiff(2, text=b"x" * 200)
    assert look(one) == ""
    assert "no page names yet" in look(one + two[len(one) : len(one) + 100])
    assert "no page names yet" in look(one[:4] + two[4:8][:0] + one[4:] + b"y" * 65)


def test_a_chain_that_goes_in_a_circle_is_refused() -> None:
    data = bytearray(tiff(2))
    first = struct.unpack("<I", data[4:8])[0]
    struct.pack_into("<I", data, len(data) - 4, first)
    with pytest.raises(Refused, match="circle"):
        look(bytes(data))


def test_a_directory_of_too_many_entries_and_strips_without_end() -> None:
    with pytest.raises(Refused, match="entries"):
        look(b"II*\0\x08\0\0\0" + b"\xff\xff" + b"\1" * 100)
    entry = struct.pack("<HHII", 273, 1, 9_000_000, 8)
    with pytest.raises(Refused, match="strips"):
        look(b"II*\0\x08\0\0\0" + b"\1\0" + entry + b"\0" * 4 + b"\0" * 9_100_000)


def test_places_beyond_the_end_are_not_written_yet() -> None:
    data = tiff(1)
    assert look(data[:4] + b"\xff\xff\0\0" + data[8:])
    assert look(data[:4] + b"\0\0\0\0" + data[8:]) == "the TIFF names no page yet"
