"""The committed description, from which the screens' types are made, is today's."""

from __future__ import annotations

from pathlib import Path

from web.api.openapi import described

COMMITTED = Path(__file__).resolve().parents[3] / "web" / "ui" / "openapi.json"


def test_the_committed_description_is_up_to_date() -> None:
    advice = "run `python -m web.api.openapi > web/ui/openapi.json` and make the types again"
    assert COMMITTED.read_text("utf-8") == described(), advice
