"""What shapes have in common."""

from __future__ import annotations

from web.api.models_base import iso


def test_milliseconds_become_iso() -> None:
    assert iso(0) == "1970-01-01T00:00:00.000Z"
    assert iso(None) is None
    assert iso("x") == "x"
