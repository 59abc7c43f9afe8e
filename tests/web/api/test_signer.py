"""Who may sign: the rest is in test_sign."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from signing.people import Person
from tests.engine.ops import seed
from tests.web.api.world import World
from web.api.signer import signer_of, why_not


def person(*roles: str, staff: str = "1001", certificate: str = "SF1") -> Person:
    return Person(1, frozenset(roles), "", staff, certificate)


def report(**changes: Any) -> Any:
    made = {"waits": True, "run": SimpleNamespace(blocked=""), "job": None, "matches": [], "by": {"role": "physician"}}
    return SimpleNamespace(**(made | changes))


def test_reasons() -> None:
    assert why_not(person("PH"), report()) is None
    assert why_not(person("OP"), report()) == "WB-4041: the step asks for the role physician."
    assert why_not(person("PH"), report(by={})) is None
    assert why_not(person("PH"), report(by={"staff": "1002"})) == "WB-4041: the step asks for another person."
    assert why_not(person("PH", staff=""), report()) == "WB-4042: no staff number is registered."
    assert why_not(person("PH", certificate=""), report()) == "WB-4043: no certificate is registered."
    assert why_not(person("PH"), report(waits=False)) == "This report does not wait for a signature."
    asked = why_not(person("PH"), report(job=SimpleNamespace(ended=False)))
    assert asked == "A signature is already asked for."
    assert why_not(person("PH"), report(job=SimpleNamespace(ended=True))) is None


def test_a_user_as_the_rules_see_one(world: World) -> None:
    number = world.write(lambda conn: seed.user(conn, staff_number="1001", certificate_id="SF1"))
    signer = world.store.read_now(lambda conn: signer_of(conn, number))
    assert signer == Person(1, frozenset({"OP", "PH"}), "", "1001", "SF1")
