"""Shapes of searches."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api.models_messages import BulkAsked, SearchAsked


def test_a_search_without_words_asks_for_everything() -> None:
    assert SearchAsked.model_validate({}).model_dump(exclude_defaults=True) == {}


def test_bounds() -> None:
    with pytest.raises(ValidationError):
        SearchAsked.model_validate({"state": ["dead"] * 21})
    with pytest.raises(ValidationError):
        BulkAsked.model_validate({"act": "retry", "ids": ["not an id"]})
