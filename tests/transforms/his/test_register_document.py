"""The document for the HIS: every required field filled, ids and times equal on every attempt."""

from __future__ import annotations

import base64
import dataclasses
from typing import Any

import pytest
from lxml import etree

from engine.message import Blob, Refused, Value, Xml, document_id
from engine.transform.jobs import xslt
from tests.transforms.samples import DATA, HEADER, HIS, KNOWN, lines, parts, sample

SIGNED = Blob("ab" * 32, 9, "application/pdf", "report.pdf")
ID = document_id(HEADER.id, SIGNED.sha256)


def document(
    layout: str = "a", index: int = 0, more: dict[str, Value] | None = None, header: Any = HEADER, **changed: str | None
) -> Xml:
    body = parts(layout, **changed)[index].value
    order = xslt(HIS / "order.xsl", header, body, {"patient": KNOWN})
    values: dict[str, Value] = {"patient": KNOWN, "order": order, "signed": SIGNED, **(more or {})}
    return xslt(HIS / "register-document.xsl", header, body, values)


def sent(xml: Xml) -> etree._Element:
    """As it leaves: the sink has filled the blob."""
    root = etree.fromstring(xml.data)
    (blob,) = root.iter("{urn:waybill}blob")
    assert {str(name): value for name, value in blob.attrib.items()} == {"name": "signed", "as": "base64"}
    content = blob.getparent()
    assert content is not None
    content.remove(blob)
    content.text = base64.b64encode(b"%PDF-1.7\n").decode()
    return root


@pytest.mark.parametrize(("layout", "index"), [("a", 0), ("a", 1), ("b", 0), ("b", 1)])
def test_it_is_valid_with_every_required_field(layout: str, index: int) -> None:
    root = sent(document(layout, index))
    assert lines("RegisterDocumentRt.xsd", Xml(etree.tostring(root, encoding="utf-8"))) == []


def test_it_has_the_elements_of_the_sample_in_its_order() -> None:
    theirs = etree.parse(str(DATA / "RegisterDocumentRt.xml")).getroot()
    assert [node.tag for node in sent(document()).iter()] == [node.tag for node in theirs.iter()]


def test_its_values() -> None:
    found = {str(node.tag): node.text for node in sent(document()).iter() if not len(node)}
    assert found == {
        "SourceSystem": "SWFK",
        "MessageID": "0123456789ABCDEF0123",
        "OrganizationCode": "DEMO01",
        "PATPatientID": "0009000001",
        "PATPatientName": "示例甲",
        "PAADMVisitNumber": "900000011",
        "RISRExamID": "900000011-1",
        "SpecimenID": None,
        "OEORIOrderItemID": "900000011||1",
        "DocumentType": "02001",
        "DocumentID": ID,
        "DocumentContent": base64.b64encode(b"%PDF-1.7\n").decode(),
        "DocumentPath": f"http://127.0.0.1:8080/d/{ID}",
        "DocumentPicPath": f"http://127.0.0.1:8080/d/{ID}.png",
        "UpdateUserCode": "D9001",
        "UpdateDate": "2026-11-20",
        "UpdateTime": "11:30:00",
    }


def test_it_is_equal_on_every_attempt_and_differs_by_effect() -> None:
    again = dataclasses.replace(HEADER, attempt=9)
    other = sent(document(header=dataclasses.replace(HEADER, key="f" * 64, id="other")))
    assert document(header=again) == document()
    assert other.findtext(".//MessageID") != sent(document()).findtext(".//MessageID")
    assert other.findtext(".//DocumentID") != ID


def test_the_signer_comes_before_the_ordering_doctor() -> None:
    root = sent(document(more={"signer": {"staff_number": "D9007"}}))
    assert root.findtext(".//UpdateUserCode") == "D9007"


def test_markup_in_values_is_escaped() -> None:
    root = sent(document(PATName="A & <b>"))
    assert root.findtext(".//PATPatientName") == "A & <b>"
    assert b"A &amp; &lt;b&gt;" in etree.tostring(root)


def test_a_required_field_that_is_empty_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"register-document\.xsl: UpdateUserCode is required and empty"):
        document(RISRSubmitDocCode="", PAADMDocCode="")


def test_the_sample_itself_would_pass() -> None:
    assert lines("RegisterDocumentRt.xsd", sample("RegisterDocumentRt")) == []
