"""The XSDs: both layouts pass, sites may add what they like, and what the flow needs is needed."""

from __future__ import annotations

import pytest

from engine.message import Xml
from tests.transforms.samples import lines, sample

ORDER = "AddRisAppBillRt.xsd"


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (ORDER, "AddRisAppBillRt-layout-a"),
        (ORDER, "AddRisAppBillRt-layout-b"),
        ("UpdateOrdersRt.xsd", "UpdateOrdersRt"),
        ("PatientRegistryRt.xsd", "PatientRegistryRt"),
        ("RisRegistry.xsd", "RisRegistry"),
        ("RegisterDocumentRt.xsd", "RegisterDocumentRt"),
    ],
)
def test_the_samples_are_valid(schema: str, name: str) -> None:
    assert lines(schema, sample(name)) == []


@pytest.mark.parametrize("layout", ["a", "b"])
def test_unknown_elements_anywhere_are_let_through(layout: str) -> None:
    text = sample(f"AddRisAppBillRt-layout-{layout}").data.decode()
    for tag in ("Header", "Body", "AddRisAppBillRt", "OrderList", "Order", "PATPatientInfo"):
        text = text.replace(f"<{tag}>", f'<{tag}><SiteExtra a="1"><X>1</X></SiteExtra>')
    assert lines(ORDER, Xml(text.encode())) == []


@pytest.mark.parametrize("date", ["2026-11-20 09:20:31", "20261120", "2026/1/2", "2026-11-20T09:20:31+08:00", ""])
def test_dates_in_the_forms_that_sites_send(date: str) -> None:
    assert lines(ORDER, sample("AddRisAppBillRt-layout-a", RISRSubmitTime=date, PATDob=date)) == []


@pytest.mark.parametrize(
    ("layout", "changed", "line"),
    [
        ("a", {"MessageID": None}, "/Request/Header one MessageID is needed"),
        ("a", {"MessageID": " "}, "/Request/Header/MessageID is empty"),
        ("b", {"SourceSystem": None}, "/Request/Header one SourceSystem is needed"),
        ("a", {"OrderList": None}, "/Request/Body/AddRisAppBillRt OrderList is needed"),
        ("a", {"AddRisAppBillRt": None}, "/Request/Body AddRisAppBillRt is needed"),
        (
            "a",
            {"OEORIOrderItemID": None},
            "/Request/Body/AddRisAppBillRt/OrderList[1] one OEORIOrderItemID is needed",
        ),
        (
            "b",
            {"OEORIOrderItemID": None},
            "/Request/Body/AddRisAppBillRt[2]/OrderList/Order one OEORIOrderItemID is needed",
        ),
        (
            "b",
            {"PATPatientID": None},
            "/Request/Body/AddRisAppBillRt[2] PATPatientID is needed, here or in PATPatientInfo",
        ),
        (
            "a",
            {"PATPatientInfo": None},
            "/Request/Body/AddRisAppBillRt PATPatientID is needed, here or in PATPatientInfo",
        ),
        ("a", {"PATPatientID": ""}, "/Request/Body/PATPatientInfo/PATPatientID is empty"),
        (
            "a",
            {"PATDob": "昨天"},
            "/Request/Body/PATPatientInfo/PATDob is not a date such as 2026-11-20 or 20261120, with or without a time",
        ),
        ("a", {"Body": None}, "/Request Body is needed"),
    ],
)
def test_orders_that_are_refused(layout: str, changed: dict[str, str | None], line: str) -> None:
    found = lines(ORDER, sample(f"AddRisAppBillRt-layout-{layout}", **changed))
    assert f"WB-1007 {line}" in found
    assert not any("昨天" in text for text in found)


def test_two_different_patients_in_one_order_are_refused() -> None:
    text = sample("AddRisAppBillRt-layout-a").data.decode()
    text = text.replace("<AddRisAppBillRt>", "<AddRisAppBillRt><PATPatientID>7</PATPatientID>")
    assert lines(ORDER, Xml(text.encode())) == [
        "WB-1007 /Request/Body PATPatientInfo and AddRisAppBillRt name different patients"
    ]


@pytest.mark.parametrize(
    ("schema", "name", "missing"),
    [
        ("UpdateOrdersRt.xsd", "UpdateOrdersRt", "OEORIInfo"),
        ("UpdateOrdersRt.xsd", "UpdateOrdersRt", "OEORIOrderItemID"),
        ("UpdateOrdersRt.xsd", "UpdateOrdersRt", "UpdateOrdersRt"),
        ("PatientRegistryRt.xsd", "PatientRegistryRt", "PATPatientID"),
        ("PatientRegistryRt.xsd", "PatientRegistryRt", "PATName"),
        ("RisRegistry.xsd", "RisRegistry", "OEORIOrderItemID"),
        ("RegisterDocumentRt.xsd", "RegisterDocumentRt", "PAADMVisitNumber"),
    ],
)
def test_what_the_other_messages_need(schema: str, name: str, missing: str) -> None:
    assert any(missing in line for line in lines(schema, sample(name, **{missing: None})))


@pytest.mark.parametrize(
    ("field", "text"),
    [("PATPatientName", ""), ("DocumentType", "2001"), ("UpdateDate", "20261120"), ("DocumentPath", "/d/1")],
)
def test_a_document_that_the_his_would_refuse(field: str, text: str) -> None:
    assert lines("RegisterDocumentRt.xsd", sample("RegisterDocumentRt", **{field: text}))
