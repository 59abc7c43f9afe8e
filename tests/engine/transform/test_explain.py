"""Twelve faults as senders make them: the rule, and advice that says what to write. Never a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import Xml
from engine.transform.schema import check
from tests.transforms.samples import HIS, sample

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="order"><xs:complexType><xs:sequence>
<xs:element name="id" type="xs:positiveInteger"/><xs:element name="sex"><xs:simpleType>
<xs:restriction base="xs:string"><xs:enumeration value="M"/><xs:enumeration value="F"/></xs:restriction></xs:simpleType>
</xs:element><xs:element name="when" type="xs:dateTime"/><xs:element name="item" maxOccurs="2"><xs:complexType>
<xs:sequence><xs:element name="code" type="xs:string"/></xs:sequence>
<xs:attribute name="no" use="required" type="xs:int"/></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
ITEM = "<item no='1'><code>a</code></item>"
GOOD = f"<order><id>1</id><sex>M</sex><when>2026-11-20T10:00:00</when>{ITEM}</order>"


@pytest.mark.parametrize(
    ("old", "new", "rule", "advice"),
    [
        (">1<", ">0<", "/order/id is not of type positiveInteger", "write a whole number from 1"),
        (">1<", ">甲<", "/order/id is not of type positiveInteger", "write a whole number from 1"),
        (">M<", ">男<", "/order/sex is not one of M, F", "send one of these"),
        ("T10", " 10", "/order/when is not of type dateTime", "write such as 2026-11-20T08:30:00"),
        (ITEM, ITEM * 3, "/order item stands here more than 2 times", "correct the message"),
        (" no='1'", "", "/order/item the attribute no is missing", "add the attribute no"),
        ("no='1'", "no='甲'", "/order/item its attribute no is not of type int", "write a whole number"),
        ("no='1'", "no='1' 甲='x'", "/order/item has an attribute that is not allowed", "allowed: no"),
        ("code>", "cod>", "/order/item an unknown element may not stand here, code is needed",
         "perhaps code is misspelt"),
        ("<id>1</id><sex>M</sex>", "<sex>M</sex><id>1</id>", "/order sex may not stand here, id is needed",
         "put id before sex"),
        ("<sex>M</sex>", "", "/order when may not stand here, sex is needed", "add sex before when"),
        ("order>", "ordre>", "/* is not a root element of the schema", "begin the message with order"),
        ("<order>", "<order xmlns='urn:x'>", "/order is in another namespace", "send it in no namespace"),
        (ITEM, "", "/order item is needed", "add item"),
    ],
)  # fmt: skip
def test_faults(tmp_path: Path, old: str, new: str, rule: str, advice: str) -> None:
    (tmp_path / "o.xsd").write_text(XSD)
    assert check(tmp_path / "o.xsd", Xml(GOOD.encode())) == []
    (finding,) = check(tmp_path / "o.xsd", Xml(GOOD.replace(old, new).encode()))
    assert finding.text().startswith(rule)
    assert finding.advice.startswith(advice)
    assert not {"甲", "男", "cod,", "ordre"} & set(finding.line().split())


def test_on_the_demonstration_s_orders() -> None:
    (found,) = check(HIS / "AddRisAppBillRt.xsd", sample("AddRisAppBillRt-layout-a", PATPatientID=""))[:1]
    assert (found.text(), found.advice[:7]) == ("/Request/Body/PATPatientInfo/PATPatientID is empty", "fill it")


def test_text_between_elements_is_told_once() -> None:
    xml = sample("AddRisAppBillRt-layout-a").data.replace(b"<OrderList>", b"<OrderList>x", 1)
    (found,) = check(HIS / "AddRisAppBillRt.xsd", Xml(xml))
    assert found.rule == "may not hold text between its elements"
