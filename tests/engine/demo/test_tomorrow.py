"""Appointments of the demonstration, by the schema and the door of the route."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from engine.demo import tomorrow
from engine.demo.people import PEOPLE
from engine.demo.places import DemoFailed
from tests.engine.demo.api import Api, stand_in
from tests.engine.demo.copy_site import ROOT


def test_the_message_fits_the_schema_and_is_the_same_for_the_same_day() -> None:
    schema = etree.XMLSchema(etree.parse(ROOT / "transforms/appointments/Appointments.xsd"))
    text = tomorrow.message(PEOPLE, date(2026, 11, 22))
    schema.assertValid(etree.fromstring(text))
    assert text == tomorrow.message(PEOPLE, date(2026, 11, 22))
    assert text.count("<Day>2026-11-22</Day>") == len(PEOPLE)


def test_it_is_sent_until_it_is_taken(tmp_path: Path, api: Api) -> None:
    stand, _ = stand_in(tmp_path, f"http://127.0.0.1:{api.server.server_address[1]}")
    api.answers["/appointments"] = (503, {})
    with pytest.raises(DemoFailed, match="the appointments were not taken"):
        tomorrow.send(stand)
    api.answers["/appointments"] = (202, {})
    asked = len(api.asked)
    tomorrow.send(stand)
    assert len(api.asked) == asked + 1
    api.answers["/appointments"] = (422, {})
    with pytest.raises(DemoFailed, match=r"^the appointments were refused: HTTP 422$"):
        tomorrow.send(stand)
    nobody, _ = stand_in(tmp_path)
    with pytest.raises(DemoFailed, match="the appointments were not taken"):
        tomorrow.send(nobody)
