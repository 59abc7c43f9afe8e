"""TIFF of many pages: each becomes a file of its own, its strips unchanged; broken chains are found."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from engine.message import Refused
from records import unpack_tiff
from records.unpack_page import Made, Unreadable
from tests.records import pictures as draw


def taken(data: bytes, folder: Path, first: int = 1, most: int = 100, limit: int = 5000):
    path = draw.write(folder, "source.tif", data)
    out = folder / "out"
    out.mkdir(exist_ok=True)
    return unpack_tiff.take(path, out, first, most, limit)


def pages_of(count: int, mode: str = "1") -> list[Image.Image]:
    return [draw.text_page(40, size=(200, 280), seed=seed, mode=mode) for seed in range(count)]


@pytest.mark.parametrize(
    ("compression", "mode"),
    [
        ("group4", "1"), ("group3", "1"), ("packbits", "1"), ("tiff_lzw", "L"), ("tiff_adobe_deflate", "RGB"),
        ("raw", "RGB"), ("jpeg", "L"), ("jpeg", "RGB"),
    ],
)  # fmt: skip
def test_each_directory_is_the_same_picture_in_the_same_compression(
    tmp_path: Path, compression: str, mode: str
) -> None:
    data = draw.tiff(pages_of(3, mode), compression)
    total, results = taken(data, tmp_path)
    assert total == 3
    with Image.open(tmp_path / "source.tif") as source:
        for number, made in enumerate(results):
            assert isinstance(made, Made)
            assert (made.number, made.media_type, made.width, made.dpi) == (number + 1, "image/tiff", 200, 75)
            source.seek(number)
            with Image.open(made.file) as copy:
                assert copy.n_frames == 1  # type: ignore[attr-defined]
                assert copy.info["compression"] == source.info["compression"]
                assert ImageChops.difference(copy.convert("RGB"), source.convert("RGB")).getbbox() is None


def test_a_piece_in_the_middle(tmp_path: Path) -> None:
    total, results = taken(draw.tiff(pages_of(5)), tmp_path, first=3, most=2)
    assert total == 5
    assert [one.number for one in results] == [3, 4]
    assert taken(draw.tiff(pages_of(5)), tmp_path, first=6)[1] == []


def test_one_directory_stays_as_it_is(tmp_path: Path) -> None:
    total, (made,) = taken(draw.tiff(pages_of(1)), tmp_path)
    assert total == 1
    assert isinstance(made, Made)
    assert made.file == str(tmp_path / "source.tif")


def test_a_ring_of_directories_is_refused(tmp_path: Path) -> None:
    data = draw.tiff(pages_of(3))
    for target in (draw.chain(data)[0], draw.chain(data)[2]):
        with pytest.raises(Refused, match="ring"):
            taken(draw.relink(data, 2, target), tmp_path)


def test_a_chain_that_breaks_off_keeps_the_pages_before(tmp_path: Path) -> None:
    data = draw.tiff(pages_of(3))
    total, results = taken(draw.relink(data, 1, 0xFFFFFF0), tmp_path)
    assert total == 3
    assert [type(one) for one in results] == [Made, Made, Unreadable]


def test_a_page_whose_strips_are_cut_off_fails_alone(tmp_path: Path) -> None:
    data = bytearray(draw.tiff(pages_of(3)))
    offset = draw.chain(bytes(data))[1]
    (tags,) = struct.unpack("<H", data[offset : offset + 2])
    for at in range(offset + 2, offset + 2 + tags * 12, 12):
        if struct.unpack("<H", data[at : at + 2])[0] == 273:
            data[at + 8 : at + 12] = struct.pack("<I", 0xFFFFFF)
    total, results = taken(bytes(data), tmp_path)
    assert total == 3
    assert [type(one) for one in results] == [Made, Unreadable, Made]


def test_too_many_directories_are_refused(tmp_path: Path) -> None:
    data = draw.tiff(pages_of(6))
    assert taken(data, tmp_path, limit=6)[0] == 6
    with pytest.raises(Refused, match="WB-8023"):
        taken(data, tmp_path, limit=5)


def test_a_huge_directory_fails(tmp_path: Path) -> None:
    data = bytearray(draw.tiff(pages_of(2)))
    offset = draw.chain(bytes(data))[1]
    for at in range(offset + 2, offset + 200, 12):
        if struct.unpack("<H", data[at : at + 2])[0] in (256, 257):
            data[at + 2 : at + 12] = struct.pack("<HII", 4, 1, 29_000)
        if struct.unpack("<H", data[at : at + 2])[0] == 273:
            break
    _, results = taken(bytes(data), tmp_path)
    assert isinstance(results[1], Unreadable)
    assert results[1].code == "WB-8022"


def test_a_small_preview_is_no_page(tmp_path: Path) -> None:
    out = io.BytesIO()
    first, *rest = pages_of(3)
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="group4", tiffinfo={254: 1})
    data = bytearray(out.getvalue())
    with pytest.raises(Refused, match="WB-8023"):
        taken(bytes(data), tmp_path)
    offset = draw.chain(bytes(data))[1]
    assert struct.unpack("<H", data[offset + 2 : offset + 4])[0] == 254
    data[offset + 10 : offset + 14] = b"\0\0\0\0"
    total, (made,) = taken(bytes(data), tmp_path)
    assert total == 1
    assert isinstance(made, Made)
    with Image.open(made.file) as copy:
        assert copy.tobytes() == rest[0].tobytes()


def test_big_tiff_is_decoded_and_written_again(tmp_path: Path) -> None:
    first, *rest = pages_of(3)
    path = tmp_path / "big.tif"
    first.save(path, "TIFF", save_all=True, append_images=rest, compression="group4", big_tiff=True)
    total, results = taken(path.read_bytes(), tmp_path)
    assert total == 3
    assert [type(one) for one in results] == [Made] * 3
    for made, picture in zip(results, [first, *rest], strict=True):
        assert isinstance(made, Made)
        with Image.open(made.file) as copy:
            assert copy.info["compression"] == "group4"
            assert copy.tobytes() == picture.tobytes()
    with pytest.raises(Refused, match="WB-8023"):
        taken(path.read_bytes(), tmp_path, limit=2)
