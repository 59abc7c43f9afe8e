"""The shapes of the lists."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api.models_lists import ImportAsked


def test_only_looked_at_unless_asked() -> None:
    assert ImportAsked(yaml="kinds: []").apply is False
    for wrong in ({"yaml": "", "force": True}, {}):
        with pytest.raises(ValidationError):
            ImportAsked.model_validate(wrong)
