"""The HIS's samples, changed at will, and the demonstration's transforms run on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree

from engine.message import Finding, Value, Xml
from engine.site.model import Label
from engine.site.paths import XPath
from engine.transform.jobs import Part, RunHeader, SplitSpec, check, split, xslt
from engine.transform.split import By

ROOT = Path(__file__).parents[2]
HIS = ROOT / "transforms/his"
DATA = ROOT / "tests/data/his"
KEY = "0123456789abcdef" * 4
HEADER = RunHeader("0190", 5, "2026-11-20T11:30:00.123+08:00", 1, KEY)
ORDERS = SplitSpec(
    By(XPath("//OrderList[not(Order)] | //OrderList/Order")),
    (XPath(".//OEORIOrderItemID"),),
    (Label("patient_id", XPath("//PATPatientID")),),
)
KNOWN: dict[str, Any] = {
    "number": "0009000002",
    "name": "示例丙",
    "sex": "F",
    "birth_date": "1988-04-12",
    "visit": "900000012",
}


def sample(name: str, **changed: str | None) -> Xml:
    """A sample; each element named in `changed` gets that text everywhere, or is removed (None)."""
    root = etree.parse(str(DATA / f"{name}.xml")).getroot()
    for tag, text in changed.items():
        for element in list(root.iter(tag)):
            parent = element.getparent()
            if text is None and parent is not None:
                parent.remove(element)
            else:
                element.text = text
    return Xml(etree.tostring(root, encoding="utf-8"))


def parts(layout: str, **changed: str | None) -> list[Part]:
    """The parts of an order, as the route splits it."""
    return split(ORDERS, {"body": sample(f"AddRisAppBillRt-layout-{layout}", **changed)})


def run(sheet: str, body: Value, values: dict[str, Value] | None = None) -> etree._Element:
    """The root of what a stylesheet makes."""
    return etree.fromstring(xslt(HIS / sheet, HEADER, body, values or {}).data)


def fields(root: etree._Element) -> dict[str, str]:
    """Child elements with their text."""
    return {str(child.tag): child.text or "" for child in root}


def findings(schema: str, xml: Xml) -> list[Finding]:
    """What a schema of the demonstration refuses."""
    return check(HIS / schema, xml)


def lines(schema: str, xml: Xml) -> list[str]:
    return [finding.line() for finding in findings(schema, xml)]
