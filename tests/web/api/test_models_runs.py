"""Shapes of what people do with a waybill."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api import models_runs


@pytest.mark.parametrize("asked", [{"note": "", "more": 1}, {"note": "x" * 1001}, {"note": 1}])
def test_what_is_not_asked_for_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        models_runs.NoteAsked.model_validate(asked)
