"""The row of the device's table Clients, checked against the real file's columns."""

from __future__ import annotations

from typing import Any

import pytest

from engine.message import Refused
from engine.site.filters import apply
from engine.transform.jobs import mapping, xslt
from engine.transform.mapping import load
from tests.transforms.samples import HEADER, HIS, KNOWN, ROOT, parts

TABLE = ROOT / "transforms/device/client.yaml"
COLUMNS = {"ClientID": 50, "ClientFirstName": 100, "ClientLastName": 100, "Sex": 10, "BirthDate": 0, "Note": 255}
"""Of tests/data/MultiTrace.mdb, with their sizes in characters (mdb-schema)."""


def row(layout: str = "a", index: int = 0, **changed: str | None) -> dict[str, Any]:
    order = xslt(HIS / "order.xsl", HEADER, parts(layout, **changed)[index].value, {"patient": KNOWN})
    made = mapping(TABLE, {"order": order}, {})
    assert isinstance(made, dict)
    return made


def test_the_row() -> None:
    assert row() == {
        "ClientID": "900000011%7C%7C1",
        "ClientFirstName": "示例甲",
        "ClientLastName": "",
        "Sex": "2",
        "BirthDate": "1988-04-12",
        "Note": "自主神经稳定性测定",
    }


def test_its_fields_are_columns_of_the_device_and_fit() -> None:
    assert set(row()) <= set(COLUMNS)
    assert {field.name: field.row.max for field in load(TABLE, {}).fields if field.row.max} == {
        name: COLUMNS[name] for name in ("ClientID", "ClientFirstName", "Note")
    }


def test_the_id_is_of_the_order_and_spelled_as_its_folder() -> None:
    ids = [row("a", 0)["ClientID"], row("a", 1)["ClientID"], row("b", 0)["ClientID"], row("b", 1)["ClientID"]]
    assert len(set(ids)) == 4
    assert ids[0] == apply("filename", None, "900000011||1")


@pytest.mark.parametrize(("code", "sex"), [("F", "2"), ("M", "1"), ("1", "1"), ("2", "2"), ("9", "0")])
def test_sex_codes(code: str, sex: str) -> None:
    assert row(PATSexCode=code, PATSexDesc="")["Sex"] == sex


@pytest.mark.parametrize("age", ["14岁", "3月", ""])
def test_an_age_that_is_no_number_does_no_harm(age: str) -> None:
    assert row(PATAge=age)["BirthDate"] == "1988-04-12"


def test_without_a_birth_date_the_column_is_left_out() -> None:
    order = xslt(HIS / "order.xsl", HEADER, parts("a", PATDob="")[0].value, {})
    made = mapping(TABLE, {"order": order}, {})
    assert isinstance(made, dict)
    assert "BirthDate" not in made


def test_a_layout_b_order_without_its_patient_is_refused() -> None:
    order = xslt(HIS / "order.xsl", HEADER, parts("b")[1].value, {})
    with pytest.raises(Refused, match=r"WB-2008 client\.yaml: ClientFirstName: is required and empty"):
        mapping(TABLE, {"order": order}, {})
