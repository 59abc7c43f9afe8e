"""The demonstration's patients."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.demo import people
from engine.demo.client import Browser
from engine.demo.places import DemoFailed
from records import codes
from simulators.paper_text import LANGUAGES, Patient
from tests.engine.demo.api import Api, stand_in

LOOKUP = "/api/v1/scan/patients/lookup"


def test_one_of_each_language_whose_number_fits_a_label() -> None:
    assert {who.language for who in people.PEOPLE} == set(LANGUAGES)
    for who in people.PEOPLE:
        assert codes.parse(codes.label(who.number)) == codes.Label(who.number)


def test_the_his_pushes_each_as_the_papers_have_them(tmp_path: Path) -> None:
    stand, fake = stand_in(tmp_path)
    people.register(stand)
    assert len(fake.pushed) == len(people.PEOPLE)
    first = people.PEOPLE[0]
    assert fake.pushed[0][:5] == ("patient", "--patient", first.number, "--name", first.name)
    assert f"PATDob={first.birth_date}" in fake.pushed[0]
    people.write(tmp_path / "patients.json")
    assert Patient(**json.loads((tmp_path / "patients.json").read_text("utf-8"))[0]).name == first.name


def test_they_are_known_when_the_look_up_finds_every_number(tmp_path: Path, api: Api, browser: Browser) -> None:
    stand, _ = stand_in(tmp_path)
    rows = [{"id": f"id{who.number}", "number": who.number} for who in people.PEOPLE]
    api.answers[LOOKUP] = (200, {"items": rows})
    assert people.known(stand, browser) == {row["number"]: row["id"] for row in rows}
    api.answers[LOOKUP] = (200, {"items": rows[1:]})
    assert people.looked_up(browser, people.PEOPLE[0].number) is None
    with pytest.raises(DemoFailed, match="not in the records"):
        people.known(stand, browser)
