"""What a page of a file is, and how many there may be."""

from __future__ import annotations

import pytest

from engine.message import Refused
from records.unpack_page import Made, Unreadable, count


def test_pages_are_plain_values() -> None:
    assert Made(2, "f", "image/png", 3, 4, 300).shown() == {
        "number": 2, "file": "f", "media_type": "image/png", "width": 3, "height": 4, "dpi": 300, "lossless": True,
        "rotate": 0,
    }  # fmt: skip
    assert Unreadable(2, "WB-8021", "cut").shown() == {"number": 2, "code": "WB-8021", "reason": "cut"}


@pytest.mark.parametrize("total", [0, 11])
def test_a_file_has_pages_and_not_too_many(total: int) -> None:
    assert count(10, 10) == 10
    with pytest.raises(Refused, match="WB-8023"):
        count(total, 10)
