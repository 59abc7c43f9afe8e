"""spyne's part: WSDL and answers."""

from __future__ import annotations

import logging

import pytest
from lxml import etree

from channels._soap.envelope import Version
from channels._soap.wsdl import Interface

NS = "http://www.dhcc.com.cn"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


@pytest.fixture(name="interface", scope="module")
def fixture_interface() -> Interface:
    return Interface("Test", NS, {"One": ("xml",), "Two": ("a", "b")})


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_result_is_escaped_text(interface: Interface, version: Version) -> None:
    root = etree.fromstring(interface.result(version, "Two", "<a>&amp; 示例</a>"))
    operation = root.find("{*}Body/*")
    assert operation is not None
    assert operation.tag == f"{{{NS}}}TwoResponse"
    assert [(child.tag, child.text) for child in operation] == [(f"{{{NS}}}TwoResult", "<a>&amp; 示例</a>")]


@pytest.mark.parametrize(("version", "words"), [("1.1", ("Client", "Server")), ("1.2", ("Sender", "Receiver"))])
def test_faults_in_the_words_of_their_version(interface: Interface, version: Version, words: tuple[str, str]) -> None:
    for sender, word in zip((True, False), words, strict=True):
        fault = interface.fault(version, sender, "WB-1001", "line 1 <", "m-7").decode()
        assert f":{word}</" in fault
        assert "WB-1001 line 1 &lt;" in fault
        assert "<message>m-7</message>" in fault
    assert "<message>" not in interface.fault(version, True, "WB-1001", "r").decode()


def test_the_wsdl_has_a_port_for_each_version(interface: Interface) -> None:
    root = etree.fromstring(interface.wsdl("http://127.0.0.1:1/his"))
    ports = root.findall(f"{WSDL}service/{WSDL}port")
    assert [port[0].get("location") for port in ports] == ["http://127.0.0.1:1/his"] * 2
    assert {etree.QName(port[0]).namespace for port in ports} == {
        "http://schemas.xmlsoap.org/wsdl/soap/",
        "http://schemas.xmlsoap.org/wsdl/soap12/",
    }
    assert len(root.findall(f"{WSDL}binding")) == 2
    assert {element.get("soapAction") for element in root.iter()} == {None, f"{NS}/One", f"{NS}/Two"}


def test_an_interface_without_operations_still_answers_faults() -> None:
    empty = Interface("Empty", NS, {})
    assert b"WB-1004" in empty.fault("1.1", True, "WB-1004", "nothing")
    assert empty.wsdl("http://127.0.0.1:1/")


def test_spyne_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("spyne.protocol.soap.soap11.invalid").error("a body with a name")
    logging.getLogger("spyne.protocol.xml.invalid").error("a body with a name")
    assert not caplog.records
