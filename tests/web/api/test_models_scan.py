"""The shapes of the scan desk."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api.models_scan import ActAsked, Batch, BatchPatch, Suggested


def test_an_act_is_bounded() -> None:
    asked = ActAsked.model_validate({"act": "crop", "pages": ["P1"], "box": [0, 0, 0.5, 1]})
    assert asked.box == [0, 0, 0.5, 1]
    for wrong in (
        {"act": "burn"},
        {"act": "crop", "box": [0, 0, 2, 1]},
        {"act": "crop", "box": [0, 0, 1]},
        {"act": "rotate", "by": 45},
        {"act": "drop", "pages": ["../x"]},
        {"act": "drop", "reason": "x" * 201},
        {"act": "drop", "who": "me"},
    ):
        with pytest.raises(ValidationError):
            ActAsked.model_validate(wrong)


def test_a_patch_says_what_was_sent() -> None:
    assert BatchPatch.model_validate({"sheets": None}).model_dump(exclude_unset=True) == {"sheets": None}


def test_a_whole_batch_lists_what_its_row_counts() -> None:
    fields = Batch.model_json_schema(mode="serialization")["properties"]
    assert fields["pages"]["type"] == "array"
    assert fields["drafts"]["type"] == "array"


def test_nothing_suggested_is_an_abstention() -> None:
    assert Suggested().model_dump() == {"kinds": [], "values": [], "abstained": True}
