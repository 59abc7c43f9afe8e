"""The reply is the HIS's own form, as in its samples."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from engine.message import Xml
from engine.transform.jobs import reply
from tests.transforms.samples import DATA, HIS, sample

BODY = sample("AddRisAppBillRt-layout-a")


def made(code: str, reason: str, body: Xml | None = BODY) -> str:
    return reply(HIS / "reply.xsl", code, reason, "r1", body).decode().strip()


def canonical(xml: bytes) -> bytes:
    root = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True))
    return etree.tostring(root, method="c14n")


def test_accepted_is_the_sample() -> None:
    assert canonical(made("0", "").encode()) == canonical(Path(DATA / "Response-accepted.xml").read_bytes())


def test_failed_has_the_form_of_the_sample_with_code_path_and_rule() -> None:
    text = made("WB-1007", "WB-1007 /Request/Body/a needs <1> & more")
    assert canonical(text.encode()) == canonical(
        (DATA / "Response-failed.xml")
        .read_text(encoding="utf-8")
        .replace("缺少必填项 PAADMVisitNumber", "WB-1007 /Request/Body/a needs &lt;1&gt; &amp; more")
        .encode()
    )


def test_the_code_is_told_also_when_the_reason_is_without_it() -> None:
    assert "<ResultContent>WB-1012 full</ResultContent>" in made("WB-1012", "full")


def test_no_body_or_a_strange_one() -> None:
    for body in (None, Xml(b"<a/>")):
        assert made("WB-1001", "WB-1001 not XML", body) == (
            "<Response><Header><SourceSystem/><MessageID/></Header><Body><ResultCode>-1</ResultCode>"
            "<ResultContent>WB-1001 not XML</ResultContent></Body></Response>"
        )


def test_it_has_no_declaration_so_that_it_can_stand_in_an_envelope() -> None:
    assert made("0", "").startswith("<Response>")
