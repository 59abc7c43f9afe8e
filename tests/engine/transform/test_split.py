"""Parts stand inside their own ancestors, and nobody else's patient stands beside them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine.message import Hl7, Refused, Xml
from engine.site.model import Label
from engine.site.nodes import Text
from engine.site.paths import Template, XPath
from engine.site.problems import Invalid
from engine.site.settings import Context
from engine.transform.split import By, Part, SplitSpec, split

DATA = Path(__file__).parents[2] / "data/his"
LABELS = (
    Label("order_id", XPath("//OEORIOrderItemID")),
    Label("patient_id", XPath("//PATPatientID")),
    Label("name", XPath("//PATName"), phi=True, optional=True),
    Label("site", value="demo"),
)
ORDERS = SplitSpec(By(XPath("//OrderList[not(Order)] | //OrderList/Order")), (XPath(".//OEORIOrderItemID"),), LABELS)


def sample(name: str) -> Xml:
    return Xml(etree.tostring(etree.parse(str(DATA / name)).getroot(), encoding="utf-8"))


def parts(xml: str, by: str, **more: object) -> list[str]:
    spec = SplitSpec(By(XPath(by)), **more)  # type: ignore[arg-type]
    return [data(part).decode() for part in split(spec, {"body": Xml(xml.encode())})]


def data(part: Part) -> bytes:
    assert isinstance(part.value, Xml)
    return part.value.data


def ids(part: Part, name: str) -> list[str]:
    return [str(node.text) for node in etree.fromstring(data(part)).iter(name)]


def test_layout_a() -> None:
    found = split(ORDERS, {"body": sample("AddRisAppBillRt-layout-a.xml")})
    assert [part.identity for part in found] == [("900000011||1",), ("900000011||2",)]
    for part in found:
        assert ids(part, "PATPatientID") == ["0009000001"]
        assert ids(part, "PAADMVisitNumber") == ["900000011"]
        assert ids(part, "OEORIOrderItemID") == list(part.identity)
    assert found[0].labels == {
        "order_id": "900000011||1",
        "patient_id": "0009000001",
        "name": "示例甲",
        "site": "demo",
    }


def test_layout_b_keeps_its_two_patients_apart() -> None:
    found = split(ORDERS, {"body": sample("AddRisAppBillRt-layout-b.xml")})
    assert [(part.identity, ids(part, "PATPatientID")) for part in found] == [
        (("900000011||3",), ["0009000001"]),
        (("900000012||1",), ["0009000002"]),
    ]
    assert [part.labels["patient_id"] for part in found] == ["0009000001", "0009000002"]
    assert [part.labels["name"] for part in found] == ["", ""]


def test_two_patients_and_one_list_of_two_orders_give_three_parts_with_the_right_patients() -> None:
    text = sample("AddRisAppBillRt-layout-b.xml").data.decode()
    start, end = text.index("<Order>"), text.index("</Order>") + len("</Order>")
    text = text[:end] + text[start:end].replace("||3", "||4") + text[end:]
    found = split(ORDERS, {"body": Xml(text.encode())})
    assert [(part.labels["order_id"], part.labels["patient_id"]) for part in found] == [
        ("900000011||3", "0009000001"),
        ("900000011||4", "0009000001"),
        ("900000012||1", "0009000002"),
    ]


def test_ancestors_keep_attributes_text_namespaces_and_children_without_a_match() -> None:
    xml = '<r a="1" xmlns:p="urn:p">t<h>1</h><p:b x="y"><i>A</i>tail</p:b><b><i>B</i></b><z/></r>'
    assert parts(xml, "//i") == [
        '<r xmlns:p="urn:p" a="1">t<h>1</h><p:b x="y"><i>A</i></p:b><z/></r>',
        '<r xmlns:p="urn:p" a="1">t<h>1</h><b><i>B</i></b><z/></r>',
    ]


def test_the_order_of_siblings_stays() -> None:
    assert parts("<r><a/><i/><b/><i/><c/></r>", "//i") == ["<r><a/><i/><b/><c/></r>", "<r><a/><b/><i/><c/></r>"]


def test_a_match_inside_a_match() -> None:
    assert parts("<r><i><x/><i>1</i></i></r>", "//i") == ["<r><i><x/><i>1</i></i></r>", "<r><i><x/><i>1</i></i></r>"]


def test_the_root_itself() -> None:
    assert parts("<r><a/></r>", "/r") == ["<r><a/></r>"]


def test_prefixes_of_the_site() -> None:
    assert len(parts('<r xmlns="urn:x"><i/><i/></r>', "//x:i", namespaces={"x": "urn:x"})) == 2


def digests(xml: str) -> list[str]:
    return [part.digest for part in split(SplitSpec(By(XPath("//i"))), {"body": Xml(xml.encode())})]


def test_the_digest_is_of_the_matched_element_alone() -> None:
    first, second, other = digests('<r xmlns:q="urn:q"><h>1</h><i b="2" a="1">x</i><i a="1" b="2">x</i><i>y</i></r>')
    assert first == second != other
    assert digests("<s><i a='1' b='2'>x</i></s>") == [first]


def refused(xml: str, **more: object) -> str:
    with pytest.raises(Refused) as caught:
        parts(xml, "//i", **more)
    return str(caught.value)


def test_no_part() -> None:
    assert refused("<r/>").startswith("WB-2006")


@pytest.mark.parametrize("item", ["<i/>", "<i><n> </n></i>", "<i><n>甲</n><n>乙</n></i>"])
def test_identity_must_be_exactly_one_filled_text(item: str) -> None:
    reason = refused(f"<r>{item}</r>", identity=(XPath(".//n"),))
    assert reason.startswith("WB-1011")
    assert "甲" not in reason


def test_identity_is_looked_for_in_the_matched_element() -> None:
    xml, paths = Xml(b"<r><n>1</n><i><n>2</n></i></r>"), (XPath(".//n"), XPath("string-length(n)"))
    assert split(SplitSpec(By(XPath("//i")), paths), {"body": xml})[0].identity == ("2", "1.0")


def test_labels_none_is_refused_unless_optional_and_several_always() -> None:
    assert refused("<r><i/></r>", labels=(Label("n", XPath("//n")),)).startswith("WB-1011")
    assert parts("<r><i/></r>", "//i", labels=(Label("n", XPath("//n"), optional=True),))
    several = "<r><n>1</n><n>2</n><i/></r>"
    for optional in (False, True):
        assert refused(several, labels=(Label("n", XPath("//n"), optional=optional),)).startswith("WB-1011")


def test_a_thousand_parts_in_bounded_time_and_too_many_refused() -> None:
    item = "<i><n>%d</n>" + "<f>text</f>" * 40 + "</i>"
    xml = "<r><h>" + "<g/>" * 100 + "</h>" + "".join(item % n for n in range(1000)) + "</r>"
    began = time.monotonic()
    assert len(parts(xml, "//i", identity=(XPath("n"),))) == 1000
    assert time.monotonic() - began < 3
    assert refused("<r>" + "<i/>" * 2001 + "</r>").startswith("WB-2006")


def test_parts_that_repeat_too_much_are_refused() -> None:
    assert refused("<r><h>" + "x" * 1_000_000 + "</h>" + "<i/>" * 200 + "</r>").startswith("WB-2006")


def test_a_list_s_items_are_whole_bodies() -> None:
    spec = SplitSpec(
        By(Template("$(body/orders)")), (Template("$(body/id)"),), (Label("n", Template("$(body/n)"), optional=True),)
    )
    found = split(spec, {"body": {"patient": "甲", "orders": [{"id": "1", "n": "a"}, {"id": 2}]}, "meta": {}})
    assert [(part.value, part.identity, part.labels) for part in found] == [
        ({"id": "1", "n": "a"}, ("1",), {"n": "a"}),
        ({"id": 2}, ("2",), {"n": ""}),
    ]


def test_rows_of_an_earlier_step_and_elements_are_items_too() -> None:
    assert [p.value for p in split(SplitSpec(By(Template("$(rows)"))), {"body": "x", "rows": ["a", 1]})] == ["a", 1]
    body = Xml(b"<r><i><a>1</a></i><i>2</i></r>")
    assert [p.value for p in split(SplitSpec(By(Template("$(body/i)"))), {"body": body})] == [
        Xml(b"<i><a>1</a></i>"),
        "2",
    ]


def test_the_digest_of_an_item_does_not_know_the_order_of_its_keys() -> None:
    spec = SplitSpec(By(Template("$(body)")))
    one, two, other = (part.digest for part in split(spec, {"body": [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}]}))
    assert one == two != other


def test_hl7_groups_with_header_and_patient() -> None:
    body = Hl7(b"MSH|^~\\&|A\rPID|||77\rOBR|1|x\rOBX|1\rOBR|2|y\r")
    spec = SplitSpec(By(XPath("OBR"), "OBR"), (Template("$(body/OBR-2)"),), (Label("p", Template("$(body/PID-3)")),))
    found = split(spec, {"body": body})
    assert [(part.identity, part.labels) for part in found] == [(("x",), {"p": "77"}), (("y",), {"p": "77"})]
    assert found[1].value == Hl7(b"MSH|^~\\&|A\rPID|||77\rOBR|2|y\r")
    assert found[0].digest != found[1].digest


@pytest.mark.parametrize(
    ("by", "body", "code"),
    [
        (By(Template("$(body/orders)")), {"orders": []}, "WB-2006"),
        (By(Template("$(body/orders)")), {}, "WB-2006"),
        (By(Template("$(body/orders)")), {"orders": [1] * 2001}, "WB-2006"),
        (By(XPath("OBR"), "OBR"), Hl7(b"MSH|^~\\&|A\r"), "WB-2006"),
        (By(XPath("//i")), {"i": 1}, "WB-2012"),
        (By(XPath("//i")), Hl7(b"MSH|^~\\&|A\r"), "WB-2012"),
    ],
)
def test_what_cannot_be_split_is_refused(by: By, body: Any, code: str) -> None:
    with pytest.raises(Refused) as caught:
        split(SplitSpec(by), {"body": body})
    assert caught.value.code == code


def test_how_by_is_written() -> None:
    context = Context(Path())
    assert By.from_node(Text("OBR"), context) == By(XPath("OBR"), "OBR")
    assert By.from_node(Text("//item"), context) == By(XPath("//item"))
    assert By.from_node(Text("$(body/orders)"), context) == By(Template("$(body/orders)"))
    with pytest.raises(Invalid, match="this is not one list"):
        By.from_node(Text("$(a) $(b)"), context)
