"""Every kind of violation is told as path and rule, and no value of the input is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import Refused, Xml
from engine.transform.schema import check

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="Short"><xs:restriction base="xs:string"><xs:minLength value="2"/><xs:maxLength value="4"/>
  </xs:restriction></xs:simpleType>
  <xs:simpleType name="Digits"><xs:restriction base="xs:string"><xs:pattern value="[0-9]+"/>
  </xs:restriction></xs:simpleType>
  <xs:simpleType name="Day"><xs:annotation><xs:documentation>a day of
    the week</xs:documentation></xs:annotation>
    <xs:restriction base="xs:string"><xs:pattern value="Mo|Tu"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="Kind"><xs:restriction base="xs:string"><xs:enumeration value="A"/><xs:enumeration value="B"/>
  </xs:restriction></xs:simpleType>
  <xs:simpleType name="Small"><xs:restriction base="xs:int"><xs:maxInclusive value="9"/>
  </xs:restriction></xs:simpleType>
  <xs:element name="r"><xs:complexType><xs:sequence>
    <xs:element name="s" type="Short" minOccurs="0"/><xs:element name="d" type="Digits" minOccurs="0"/>
    <xs:element name="w" type="Day" minOccurs="0"/><xs:element name="k" type="Kind" minOccurs="0"/>
    <xs:element name="n" type="Small" minOccurs="0"/><xs:element name="t" type="xs:date"/>
  </xs:sequence><xs:attribute name="v" use="required"/></xs:complexType></xs:element>
</xs:schema>"""
GOOD = "<t>2026-11-20</t>"


@pytest.fixture
def xsd(tmp_path: Path) -> Path:
    path = tmp_path / "r.xsd"
    path.write_text(XSD)
    return path


def lines(xsd: Path, xml: str) -> list[str]:
    return [finding.line() for finding in check(xsd, Xml(xml.encode()))]


def test_valid(xsd: Path) -> None:
    assert lines(xsd, f'<r v="1"><s>ab</s><d>1</d><w>Mo</w><k>A</k><n>3</n>{GOOD}</r>') == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (f"<s>甲</s>{GOOD}", "/r/s needs at least 2 characters"),
        (f"<s>示例甲乙丙</s>{GOOD}", "/r/s has more than 4 characters"),
        (f"<d>甲</d>{GOOD}", "/r/d does not have the form [0-9]+"),
        (f"<w>甲</w>{GOOD}", "/r/w is not a day of the week"),
        (f"<k>甲</k>{GOOD}", "/r/k is not one of A, B"),
        (f"<n>77</n>{GOOD}", "/r/n is more than 9"),
        ("<t>甲</t>", "/r/t is not of type date"),
        ("", "/r t is needed"),
        (f"{GOOD}<甲/>", "/r an unknown element may not stand here"),
        (f"{GOOD}<d>1</d>", "/r d may not stand here"),
        (f"甲{GOOD}", "/r may not hold text between its elements"),
        (f"<d><甲/></d>{GOOD}", "/r/d may hold only text"),
    ],
)
def test_violations(xsd: Path, content: str, line: str) -> None:
    found = lines(xsd, f'<r v="1">{content}</r>')
    assert f"WB-1007 {line}" in found
    assert not any("甲" in text or "77" in text for text in found)


@pytest.mark.parametrize(
    ("xml", "line"),
    [
        (f"<r>{GOOD}</r>", "/r the attribute v is missing"),
        (f'<r v="1" 甲="1">{GOOD}</r>', "/r has an attribute that is not allowed"),
        ("<甲/>", "/* is not a root element of the schema"),
    ],
)
def test_the_root(xsd: Path, xml: str, line: str) -> None:
    assert lines(xsd, xml) == [f"WB-1007 {line}"]


def test_at_most_ten_findings(xsd: Path) -> None:
    assert len(lines(xsd, '<r v="1">' + "<n>x</n>" * 100 + "</r>")) <= 10


@pytest.mark.parametrize(
    "text", ["<a", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element/></xs:schema>"]
)
def test_a_broken_schema_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.xsd"
    path.write_text(text)
    with pytest.raises(Refused, match=r"WB-2003 bad\.xsd"):
        check(path, Xml(b"<r/>"))
