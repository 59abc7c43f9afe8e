"""Shapes of the patient's record."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from web.api import models_records


@pytest.mark.parametrize(
    "asked", [{"date": "1.2.2026"}, {"kind": ""}, {"patient": "x"}, {"title": "x" * 201}, {"details": {"a": "x" * 201}}]
)
def test_attributes_that_no_document_has_are_refused(asked: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        models_records.AttributesAsked.model_validate(asked)


def test_an_export_is_a_pdf_or_a_zip() -> None:
    assert models_records.ExportAsked.model_validate({"patient": "P1", "form": "zip"}).documents is None
    with pytest.raises(ValidationError):
        models_records.ExportAsked.model_validate({"patient": "P1", "form": "exe"})
