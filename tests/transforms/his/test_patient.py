"""Demographics from an order and from a registration, in one form."""

from __future__ import annotations

import pytest

from engine.message import Refused, Xml
from tests.transforms.samples import fields, parts, run, sample

FIELDS = {
    "number": "0009000001",
    "name": "示例甲",
    "birth_date": "1988-04-12",
    "sex": "F",
    "identity_number": "000000198804120000",
    "telephone": "00000000000",
    "visit": "900000011",
}


def patient(**changed: str | None) -> dict[str, str]:
    return fields(run("patient.xsl", sample("AddRisAppBillRt-layout-a", **changed)))


def test_from_an_order() -> None:
    assert patient() == FIELDS
    assert fields(run("patient.xsl", parts("a")[1].value)) == FIELDS


def test_from_a_registration() -> None:
    found = fields(run("patient.xsl", sample("PatientRegistryRt")))
    assert found == {**FIELDS, "number": "0009000002", "name": "示例丙", "visit": ""}


@pytest.mark.parametrize(
    ("code", "description", "sex"),
    [
        *[("F", "女", "F"), ("M", "男", "M"), ("f", "", "F"), ("1", "", "M"), ("2", "", "F"), ("男", None, "M")],
        *[("", "女性", "F"), (None, "男", "M"), ("9", "未说明", "U"), ("0", "", "U"), (None, None, "U")],
    ],
)
def test_sex_codes_of_different_sites(code: str | None, description: str | None, sex: str) -> None:
    assert patient(PATSexCode=code, PATSexDesc=description)["sex"] == sex


@pytest.mark.parametrize(
    ("given", "date"),
    [
        *[("19880412", "1988-04-12"), ("1988/4/2", "1988-04-02"), ("1988.04.12", "1988-04-12")],
        *[("1988-04-12 00:00:00", "1988-04-12"), ("1988-04-12T08:00:00", "1988-04-12")],
        *[("", ""), (None, ""), ("38岁", ""), ("1988", ""), ("不详", "")],
    ],
)
def test_dates_of_different_sites(given: str | None, date: str) -> None:
    assert patient(PATDob=given)["birth_date"] == date


def test_optional_elements_may_be_missing() -> None:
    found = patient(PATIdentityNum=None, PATTelephone=None, PATAdmInfo=None, PATDob=None)
    assert [found[name] for name in ("identity_number", "telephone", "visit", "birth_date")] == [""] * 4


@pytest.mark.parametrize(("missing", "field"), [("PATName", "name"), ("PATPatientID", "number")])
def test_name_and_number_are_needed(missing: str, field: str) -> None:
    with pytest.raises(Refused, match=rf"WB-2003 patient\.xsl: {field} is required and empty"):
        patient(**{missing: " "})


def test_markup_in_a_name_stays_text() -> None:
    assert patient(PATName="A & <b>")["name"] == "A & <b>"


def test_a_message_without_a_patient_is_refused() -> None:
    with pytest.raises(Refused):
        run("patient.xsl", Xml(b"<Request/>"))
