"""Runs as the demonstration looks at them: whether one goes on, and its waybill as text."""

from __future__ import annotations

from typing import Any

ENDED = ("dead", "held", "cancelled", "filtered")
"""States in which a run does not go on by itself."""


def waybill(run: dict[str, Any]) -> str:
    """The run's steps as text."""
    lines = [f"\n  waybill {run['id']}  {run['route']}  {run['status'] or '-'}  {run['state']}"]
    lines += [f"    {step['at'] or '':<26} {step['id']:<14} {step['state']}" for step in run["steps"]]
    return "\n".join([*lines, ""])
