"""Shapes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from pydantic import ValidationError

from web.api import models


def test_milliseconds_become_iso() -> None:
    assert models.iso(0) == "1970-01-01T00:00:00.000Z"
    assert models.iso(None) is None
    assert models.iso("x") == "x"
    link = models.Access.model_validate(SimpleNamespace(at=1500, user="u", act="a", subject="", origin="", run_id=None))
    assert link.at == "1970-01-01T00:00:01.500Z"


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        models.NoteAsked.model_validate({"note": "", "more": 1})
