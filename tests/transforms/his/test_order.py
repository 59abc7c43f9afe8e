"""One order item from both layouts: the right patient, the right visit, text unchanged."""

from __future__ import annotations

from typing import Any

import pytest

from engine.message import Refused, Xml
from tests.transforms.samples import KNOWN, fields, parts, run

ORDER = {
    "id": "900000011||1",
    "exam_id": "900000011-1",
    "code": "80010||1",
    "description": "自主神经稳定性测定",
    "category": "JC",
    "patient_id": "0009000001",
    "patient_name": "示例甲",
    "sex": "F",
    "birth_date": "1988-04-12",
    "age": "38岁",
    "visit": "900000011",
    "department": "XLWS",
    "department_name": "心理卫生中心",
    "doctor": "D9001",
    "doctor_name": "示例医师",
    "ordered_at": "2026-11-20 09:20:31",
    "symptoms": "失眠 & 焦虑 <2周>",
    "organization": "DEMO01",
    "document_type": "02001",
}


def order(layout: str = "a", index: int = 0, patient: Any = None, **changed: str | None) -> dict[str, str]:
    return fields(run("order.xsl", parts(layout, **changed)[index].value, {"patient": patient or {}}))


def test_layout_a() -> None:
    assert order() == ORDER
    assert order(index=1)["id"] == "900000011||2"
    assert order(index=1)["description"] == "心率变异性分析"


def test_layout_b_takes_the_patient_from_the_value() -> None:
    found = order("b", 1, KNOWN)
    assert found == {
        **ORDER,
        "id": "900000012||1",
        "exam_id": "900000012-1",
        "patient_id": "0009000002",
        "patient_name": "示例丙",
        "age": "",
        "visit": "900000012",
    }
    assert order("b", 0, KNOWN)["patient_id"] == "0009000001"


def test_the_patient_as_xml_serves_too() -> None:
    assert order("b", 1, Xml("<patient><name>示例丙</name></patient>".encode()))["patient_name"] == "示例丙"


def test_the_order_itself_comes_before_what_is_known() -> None:
    assert order(patient=KNOWN)["patient_name"] == "示例甲"


@pytest.mark.parametrize("age", ["14岁", "3月", "38"])
def test_an_age_stays_text(age: str) -> None:
    assert order(PATAge=age)["age"] == age


def test_missing_optional_elements_are_empty() -> None:
    gone = ("RISRExamID", "RISRClinicalSymptoms", "RISRSubmitDocCode", "PAADMDocCode", "PATDob", "RISRSubmitTime")
    removed: dict[str, Any] = dict.fromkeys(gone)
    found = order(**removed)
    names = ("exam_id", "symptoms", "doctor", "birth_date", "ordered_at")
    assert [found[name] for name in names] == [""] * 5
    assert found["id"] == ORDER["id"]


def test_the_visits_doctor_stands_in_for_the_orders() -> None:
    assert order(RISRSubmitDocCode="", AppDeptCode=None)["doctor"] == "D9001"


def test_the_organisation_of_the_site_stands_in() -> None:
    assert order("b", 0, KNOWN)["organization"] == "DEMO01"


def test_an_order_without_id_is_refused() -> None:
    with pytest.raises(Refused, match="id is required and empty"):
        run("order.xsl", Xml(b"<Request><Body/></Request>"))
