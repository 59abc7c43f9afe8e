"""What is asked to be printed has limits."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from web.api.models_sheets import MOST, SheetsAsked


def test_most_is_left_out() -> None:
    asked = SheetsAsked(kind="separators", count=MOST)
    assert (asked.language, asked.first, asked.station, asked.batch) == ("en", 1, "", None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "poster"}, {"kind": "set", "language": "fr"}, {"kind": "set", "documents": 0},
        {"kind": "separators", "count": MOST + 1}, {"kind": "header", "sheets": 0}, {"kind": "set", "colour": "red"},
        {"kind": "labels", "patient": "a b"}, {"kind": "header", "station": "s" * 41},
    ],
)  # fmt: skip
def test_the_rest_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SheetsAsked(**wrong)
