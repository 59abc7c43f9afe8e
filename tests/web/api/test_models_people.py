"""The shapes refuse what is too much or of another form."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from web.api import models_people as models


@pytest.mark.parametrize(
    ("model", "body"),
    [
        (models.LookupAsked, {"text": "x" * 101}),
        (models.LookupAsked, {"text": "a", "limit": 51}),
        (models.AssignAsked, {"pages": "some", "patient": None}),
        (models.AssignAsked, {"pages": ["a b"], "patient": None}),
        (models.AssignAsked, {"pages": "all", "patient": "P1", "how": "guessed"}),
        (models.RepairNoted, {"documents": ["D"], "to": "P", "note": ""}),
        (models.RepairAsked, {"documents": ["D"] * 501, "to": "P"}),
        (models.TomorrowAsked, {"day": "tomorrow"}),
        (models.BoxNew, {"code": ""}),
        (models.BoxPatch, {"state": "lost"}),
        (models.BoxPatch, {"colour": "red"}),
    ],
)
def test_refused(model: Any, body: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model.model_validate(body)


def test_what_is_not_sent_is_not_set() -> None:
    assert models.BoxPatch.model_validate({"shelf": "R2"}).model_dump(exclude_unset=True) == {"shelf": "R2"}
