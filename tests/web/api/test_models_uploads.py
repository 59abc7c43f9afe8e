"""The shapes of uploads and problems."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from records.uploads import LARGEST
from web.api.models_uploads import ScanProblemsRetry, UploadAsked

GOOD: dict[str, Any] = {"name": "a.jpg", "size": LARGEST, "sha256": "a" * 64, "station": "s"}


def test_what_is_announced() -> None:
    assert UploadAsked.model_validate(GOOD).batch == ""
    for wrong in ({"size": LARGEST + 1}, {"size": 0}, {"sha256": "A" * 64}, {"station": ""}, {"name": ""}, {"more": 1}):
        with pytest.raises(ValidationError):
            UploadAsked.model_validate({**GOOD, **wrong})


def test_at_least_one_problem_is_tried_again() -> None:
    for ids in ([], ["x" * 41], ["file-1"] * 201):
        with pytest.raises(ValidationError):
            ScanProblemsRetry.model_validate({"ids": ids})
