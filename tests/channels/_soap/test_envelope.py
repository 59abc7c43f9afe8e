"""SOAP envelopes without I/O. Over the wire they are in tests/wire/test_soap_in.py."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from channels._soap.envelope import Call, business_names, choose, parse, read, soap_action, version_of
from engine.message import Refused

NS = "http://www.dhcc.com.cn"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def envelope(inside: str, space: str = SOAP) -> bytes:
    return f'<s:Envelope xmlns:s="{space}"><s:Body>{inside}</s:Body></s:Envelope>'.encode()


def hip(payload: str) -> bytes:
    return envelope(f'<HIPMessageServer xmlns="{NS}"><input1>M</input1><input2>{payload}</input2></HIPMessageServer>')


TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


@given(TEXT)
def test_escaped_text_comes_out_as_it_went_in(text: str) -> None:
    payload = f"<r>{escape(text)}</r>"
    assert read(hip(escape(payload)), "text/xml", NS, "hip").payload.decode() == payload


@given(TEXT)
def test_child_elements_keep_every_text(text: str) -> None:
    root = etree.fromstring(read(hip(f"<r>{escape(text)}<c/>tail</r>"), "", NS, "hip").payload)
    assert (root.tag, root.text or "", root[0].tail) == ("r", text, "tail")


def test_child_elements_lose_only_the_namespace_of_the_envelope() -> None:
    payload = read(hip('<r xmlns:o="urn:o"><o:c a="1"/><d xmlns=""/></r>'), "", NS, "hip").payload
    assert payload == b'<r xmlns:o="urn:o"><o:c a="1"/><d/></r>'


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_with_a_code(body: bytes) -> None:
    with pytest.raises(Refused, match=r"^WB-10\d\d "):
        read(body, "text/xml", NS, "hip")


@given(st.text(alphabet=st.characters(codec="latin-1", exclude_characters="\0\r\n"), max_size=60))
def test_any_header_gives_a_call_or_a_refusal(content_type: str) -> None:
    for header in (content_type, f"text/xml; charset={content_type}", f"text/xml; charset*=utf-8''{content_type}"):
        assert len(soap_action(content_type, header)) <= 200
        try:
            assert read(hip("text"), header, NS, "hip").payload == b"text"
        except Refused:
            continue


def test_a_doubling_of_entities_is_refused_without_expanding() -> None:
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20))
    with pytest.raises(Refused, match="WB-1002"):
        parse(f'<!DOCTYPE a [<!ENTITY a0 "x">{bomb}]><a b="&a19;"/>'.encode())


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Refused, match="WB-1001"):
        parse(b"<a>" * 100_000 + b"</a>" * 100_000)


@pytest.mark.parametrize(
    ("header", "content_type", "action"),
    [
        ('"urn:a"', "text/xml", "urn:a"),
        ("MES0138", "text/xml", "MES0138"),
        ('""', "text/xml", ""),
        ("", "text/xml", ""),
        ("", 'application/soap+xml; action="urn:b"', "urn:b"),
        ("x" * 900, "", "x" * 200),
    ],
)
def test_soap_actions(header: str, content_type: str, action: str) -> None:
    assert soap_action(header, content_type) == action


def test_the_version_of_what_cannot_be_read() -> None:
    assert version_of(b"", "application/soap+xml; charset=utf-8") == "1.2"
    assert version_of(envelope("", "http://www.w3.org/2003/05/soap-envelope"), "text/xml") == "1.2"
    assert version_of(b"?", "text/xml") == "1.1"


NAMES = {"M1": "Order", "Gone": "Nobody"}
RECEIVED = frozenset({"Order", "Update"})
BODY = b"<Request><Header/><Body><Patient/><%s/></Body></Request>"


@pytest.mark.parametrize(
    ("element", "code", "inside", "operation"),
    [
        ("HIPMessageServer", "M1", b"Update", "Order"),
        ("HIPMessageServer", "", b"Update", "Update"),
        ("HIPMessageServer", "M7", b"Order", "Order"),
        ("Order", None, b"Update", "Order"),
        ("M1", None, b"Update", "Order"),
        ("HIPMessageServer", "Gone", b"Order", "WB-1004"),
        ("HIPMessageServer", "M7", b"Other", "WB-1004"),
        ("HIPMessageServer", "M7", b"Order/><Update", "WB-1009"),
        ("HIPMessageServer", "M7", b"<", "WB-1001"),
        ("Other", None, b"Order", "WB-1004"),
    ],
)
def test_the_operation_of_a_call(element: str, code: str | None, inside: bytes, operation: str) -> None:
    call = Call("1.1", element, code, BODY % inside)
    if operation.startswith("WB"):
        with pytest.raises(Refused, match=operation):
            choose(call, NAMES, RECEIVED)
    else:
        assert choose(call, NAMES, RECEIVED) == operation


def test_names_under_body_once_and_in_order() -> None:
    assert business_names(b"<R><Body><a/><b/><!-- c --><a/></Body></R>") == ["a", "b"]
    assert business_names(b"<R/>") == []
