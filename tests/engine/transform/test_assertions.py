"""Schematron assertions inside an XSD."""

from __future__ import annotations

import pytest
from lxml import etree

from engine.message import Refused
from engine.transform.assertions import Rule, broken, rules


def made(content: str) -> list[Rule]:
    return rules([etree.fromstring(f'<s xmlns:sch="http://purl.oclc.org/dsdl/schematron">{content}</s>')])


def test_assert_and_report() -> None:
    found = made(
        '<sch:rule context="b"><sch:assert test="c">c is\n needed</sch:assert>'
        '<sch:report test="d">no d</sch:report></sch:rule>'
    )
    root = etree.fromstring("<a><b><c/></b><b><d/></b></a>")
    assert broken(found, root, 9) == [("/a/b[2]", "c is needed"), ("/a/b[2]", "no d")]
    assert broken(found, root, 1) == [("/a/b[2]", "c is needed")]


def test_namespaces() -> None:
    found = made(
        '<sch:ns prefix="p" uri="urn:p"/><sch:rule context="/p:a"><sch:assert test="p:b">t</sch:assert></sch:rule>'
    )
    assert broken(found, etree.fromstring('<a xmlns="urn:p"><b/></a>'), 9) == []
    assert len(broken(found, etree.fromstring('<a xmlns="urn:p"/>'), 9)) == 1


def test_a_test_that_is_no_xpath() -> None:
    with pytest.raises(Refused, match="WB-2003"):
        made('<sch:rule context="b"><sch:assert test="c[">t</sch:assert></sch:rule>')
