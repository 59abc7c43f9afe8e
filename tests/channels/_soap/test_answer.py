"""What a peer's answer means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels._soap.answer import business_answer
from engine.message import Failure, InDoubt, Refused, Unavailable
from tests.contracts.fakes import NAME
from tests.contracts.soap_peer import ENVELOPES, fault, result

XML = "text/xml; charset=utf-8"
OK = "<Response><Body><ResultCode>0</ResultCode></Body></Response>"
FAULT_12 = (
    f'<e:Envelope xmlns:e="{ENVELOPES["1.2"]}"><e:Body><e:Fault><e:Code><e:Value>e:{{}}</e:Value></e:Code>'
    "</e:Fault></e:Body></e:Envelope>"
)
CHILD = f'<e:Envelope xmlns:e="{ENVELOPES["1.1"]}"><e:Body><r><result>{OK}</result></r></e:Body></e:Envelope>'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (XML, result(OK)),
        (XML, result(OK, "1.2")),
        (XML, result('<?xml version="1.0" encoding="GBK"?>\n' + OK)),
        (XML, CHILD.encode()),
        (XML, CHILD.replace("<r>", '<r xmlns="http://www.dhcc.com.cn">').encode()),
        ("text/xml; charset=gbk", result(OK.replace("0", "示")).decode().encode("gbk")),
    ],
)
def test_the_inner_xml_of_a_result(content_type: str, body: bytes) -> None:
    assert business_answer(200, content_type, body).data in (OK.encode(), OK.replace("0", "示").encode())


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (500, fault("Client", NAME), Refused, "WB-3003"),
        (500, fault("Client.Authentication"), Refused, "WB-3003"),
        (400, FAULT_12.format("Sender").encode(), Refused, "WB-3003"),
        (200, fault("VersionMismatch"), Refused, "WB-3003"),
        (500, fault("Server", NAME), Unavailable, "WB-3011"),
        (500, FAULT_12.format("Receiver").encode(), Unavailable, "WB-3011"),
        (500, fault(NAME), Unavailable, "WB-3011"),
        (503, fault("Server"), Unavailable, "WB-3001"),
        (503, b"busy", Unavailable, "WB-3001"),
        (404, b"<html/>", Unavailable, "WB-3001"),
        (401, b"", Unavailable, "WB-3001"),
        (302, b"", Unavailable, "WB-3001"),
        (500, NAME.encode(), InDoubt, "WB-3002"),
        (502, b"<html/>", InDoubt, "WB-3002"),
        (504, b"", InDoubt, "WB-3002"),
        (202, result(OK), InDoubt, "WB-3002"),
        (200, b"", InDoubt, "WB-3002"),
        (200, result(OK)[:-20], InDoubt, "WB-3002"),
        (200, result(""), InDoubt, "WB-3002"),
        (200, result(NAME), InDoubt, "WB-3002"),
        (200, b"<!DOCTYPE a>" + result(OK), InDoubt, "WB-3002"),
        (200, CHILD.replace("<r>", "<r><more/>").encode(), InDoubt, "WB-3002"),
        (200, f'<e:Envelope xmlns:e="{ENVELOPES["1.1"]}"/>'.encode(), InDoubt, "WB-3002"),
    ],
)
def test_failures(status: int, body: bytes, kind: type[Failure], code: str) -> None:
    with pytest.raises(kind) as failure:
        business_answer(status, XML, body)
    assert failure.value.code == code
    assert NAME not in str(failure.value)


@given(st.integers(100, 599), st.binary(max_size=80))
def test_nothing_but_xml_is_ever_a_success(status: int, body: bytes) -> None:
    with pytest.raises(Failure):
        business_answer(status, XML, body)
