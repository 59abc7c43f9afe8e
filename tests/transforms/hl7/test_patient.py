"""A patient out of an ADT message."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from engine import hl7
from engine.message import Hl7, Refused, Xml
from engine.transform.jobs import mapping

ROOT = Path(__file__).parents[3]
TABLE = ROOT / "transforms/hl7/patient.yaml"
SAMPLES = ROOT / "tests/data/hl7"


def patient(message: Hl7) -> dict[str, str]:
    made = mapping(TABLE, {"body": message}, {})
    assert isinstance(made, Xml)
    root = etree.fromstring(made.data)
    assert root.tag == "patient"
    return {str(child.tag): child.text or "" for child in root}


def sample(name: str) -> Hl7:
    return hl7.read((SAMPLES / name).read_bytes())


def test_all_that_is_known() -> None:
    assert patient(sample("a04.hl7")) == {
        "number": "0009000001", "name": "示例甲", "birth_date": "1990-01-01", "sex": "F",
        "telephone": "13800000000", "visit": "V000001",
    }  # fmt: skip


def test_gb18030_and_a_time_of_birth() -> None:
    made = patient(sample("a08-gb18030.hl7"))
    assert (made["name"], made["birth_date"], made["sex"]) == ("示例乙", "1990-01-01", "M")


def test_what_is_not_known_is_left_out() -> None:
    made = patient(sample("a28.hl7"))
    assert (made["number"], made["name"]) == ("0009000002", "DoeJane")
    assert "birth_date" not in made
    assert "sex" not in made


def test_another_code_of_sex_is_unknown() -> None:
    assert patient(sample("a31.hl7"))["sex"] == "U"


def test_without_a_number_it_is_refused() -> None:
    message = hl7.Message(sample("a04.hl7"))
    message.set("PID-3", "")
    with pytest.raises(Refused) as caught:
        patient(message.to_hl7())
    assert "示例" not in str(caught.value)
