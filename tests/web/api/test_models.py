"""Shapes of answers."""

from __future__ import annotations

from types import SimpleNamespace

from web.api import models, models_engine


def test_an_answer_is_read_from_attributes() -> None:
    row = models.Access.model_validate(SimpleNamespace(at=1500, user="u", act="a", subject="", origin="", run_id=None))
    assert row.at == "1970-01-01T00:00:01.500Z"


def test_a_word_of_python_goes_out_under_its_own_name() -> None:
    fields = models_engine.ConnectionRow.model_json_schema(mode="serialization")["properties"]
    assert "in" in fields
    assert "in_" not in fields
