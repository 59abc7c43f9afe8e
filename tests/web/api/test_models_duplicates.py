"""What a clerk may decide."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api.models_duplicates import DecisionAsked, DuplicatesAsked


def test_what_is_left_out() -> None:
    assert DuplicatesAsked().limit == 50
    assert DecisionAsked(decision="same").note == ""


def test_nothing_is_deleted() -> None:
    with pytest.raises(ValidationError):
        DecisionAsked(decision="delete")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        DuplicatesAsked(limit=1000)
