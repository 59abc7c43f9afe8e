"""Who may sign: the rest is in test_sign."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from web.api.auth import Person
from web.api.signer import why_not


def person(*roles: str) -> Person:
    return Person(1, "demo", "Demo", roles, "en", "", "")


def report(**changes: Any) -> Any:
    made = {"waits": True, "run": SimpleNamespace(blocked=""), "job": None, "matches": [], "by": {"role": "physician"}}
    return SimpleNamespace(**(made | changes))


def test_reasons() -> None:
    assert why_not(person("PH"), report()) is None
    assert why_not(person("OP"), report()) == "This report is signed by a physician."
    assert why_not(person("PH"), report(by={})) is None
    assert why_not(person("PH"), report(waits=False)) == "This report does not wait for a signature."
    asked = why_not(person("PH"), report(job=SimpleNamespace(ended=False)))
    assert asked == "A signature is already asked for."
    assert why_not(person("PH"), report(job=SimpleNamespace(ended=True))) is None
