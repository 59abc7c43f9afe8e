"""What a message is before its reply: good, or found wrong and answered."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from engine.message import Refused, Xml
from engine.site.model import Label
from engine.site.paths import XPath
from engine.transform.accept import Accepted, AcceptSpec, accept, reply

ROOT = Path(__file__).parents[3]
DATA, HIS = ROOT / "tests/data/his", ROOT / "transforms/his"
LABELS = (Label("order_id", XPath("//OEORIOrderItemID")), Label("patient_id", XPath("//PATPatientID")))
IDENTITY = (XPath("//Header/SourceSystem"), XPath("//Header/MessageID"))
SPEC = AcceptSpec(
    {}, str(HIS / "AddRisAppBillRt.xsd"), IDENTITY, LABELS, str(HIS / "reply.xsl"), str(HIS / "reply.xsl"), "run-1"
)


def taken(body: bytes, content_type: str = "text/xml", spec: AcceptSpec = SPEC) -> Accepted:
    return accept(spec, body, content_type)


def sample(layout: str = "a") -> bytes:
    return (DATA / f"AddRisAppBillRt-layout-{layout}.xml").read_bytes()


def test_a_good_message() -> None:
    good = taken(sample())
    assert good.identity == ("02", "900001")
    assert good.findings == ()
    assert good.canonical.startswith(b"<Request>")
    assert b"<ResultCode>0</ResultCode>" in good.reply


def test_labels_with_several_or_none_are_empty() -> None:
    assert taken(sample()).labels == {"order_id": "", "patient_id": "0009000001"}
    assert taken(sample("b")).labels == {"order_id": "", "patient_id": ""}


def test_gbk_becomes_utf8() -> None:
    text = sample().decode().replace('encoding="UTF-8"', 'encoding="GBK"')
    assert taken(text.encode("gbk"), "text/xml; charset=GBK").canonical == taken(sample()).canonical


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"rubbish", "WB-1001"), (b"<!DOCTYPE a><a/>", "WB-1002"), (b"", "WB-1010"), (b"\xff", "WB-1006")],
)
def test_what_is_not_xml_is_answered_with_its_code(body: bytes, code: str) -> None:
    bad = taken(body)
    assert (bad.canonical, bad.identity, bad.labels) == (b"", (), {})
    assert [finding.code for finding in bad.findings] == [code]
    assert b"<ResultCode>-1</ResultCode>" in bad.reply
    assert code.encode() in bad.reply


def test_a_violation_has_no_identity_and_tells_no_value() -> None:
    bad = taken(sample().replace(b"900000011||2", b"").replace(b"1988-04-12", "示例甲".encode()))
    assert bad.identity == ()
    told = " ".join(finding.line() for finding in bad.findings)
    assert "OEORIOrderItemID" in told
    assert "PATDob" in told
    assert "示例" not in told + bad.reply.decode()
    assert "0009000001" not in told + bad.reply.decode()


def test_identity_that_is_missing_or_double_is_a_finding() -> None:
    spec = AcceptSpec(identity=(XPath("//id"),))
    for body in (b"<a/>", b"<a><id>1</id><id>2</id></a>"):
        bad = taken(body, spec=spec)
        assert [finding.code for finding in bad.findings] == ["WB-1011"]
        assert bad.reply == b""


def test_nothing_asked_is_nothing_found() -> None:
    assert taken(b"<a>1</a>", spec=AcceptSpec()) == Accepted(Xml(b"<a>1</a>"), (), {}, (), b"")


def test_a_reply_for_a_message_of_any_kind() -> None:
    path = HIS / "reply.xsl"
    assert b"<MessageID>900001</MessageID>" in reply(path, "WB-1008", "WB-1008 other content", "r", Xml(sample()))
    assert b"<MessageID/>" in reply(path, "WB-1001", "WB-1001 no", "r", None)


def test_a_reply_stylesheet_that_fails_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="WB-2003"):
        reply(tmp_path / "none.xsl", "0", "", "r", b"<a/>")


def test_a_spec_is_packed_once_and_unpacked_once_for_many_messages() -> None:
    spec = AcceptSpec({"a": "urn:a"}, "order.xsd", (XPath("//a"),), (Label("x", XPath("//b")),), "ok.xsl", None, "r")
    first, second = pickle.loads(pickle.dumps(spec, 5)), pickle.loads(pickle.dumps(spec, 5))
    assert first == spec
    assert first is second
    other = pickle.loads(pickle.dumps(replace(spec, run="s"), 5))
    assert other == replace(spec, run="s") != spec


def test_what_was_accepted_comes_back_whole() -> None:
    made = accept(AcceptSpec(identity=(XPath("//a"),)), b"<r><a>1</a></r>", "text/xml")
    assert pickle.loads(pickle.dumps(made, 5)) == made
    assert made.identity == ("1",)
