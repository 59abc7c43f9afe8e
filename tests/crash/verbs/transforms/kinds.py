"""A plug-in that says what its settings say."""

from typing import Any


def transform(values: dict[str, Any], settings: dict[str, str]) -> dict[str, str]:
    return {"mark": settings["mark"]}
