"""The shapes of ALERTS."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api.models_alerts import AlertAsked, SnoozeAsked


def test_how_long_one_may_be_put_off() -> None:
    assert SnoozeAsked(minutes=60).note == ""
    for minutes in (0, 30 * 24 * 60 + 1):
        with pytest.raises(ValidationError):
            SnoozeAsked(minutes=minutes)


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        AlertAsked.model_validate({"note": "x", "who": "me"})
