"""Orders in both layouts and both envelopes: one run for each item, each with its own patient."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine.message import Xml
from records import patients
from tests.routes.site import Site, client, message_xml, order_id, uid

LAYOUT_B = Path(__file__).parents[1] / "data" / "his" / "AddRisAppBillRt-layout-b.xml"


def two_patients(first: str, second: str, orders: list[str]) -> str:
    """The HIS's sample of layout B with two Orders in the first patient's OrderList: three items."""
    root = etree.parse(LAYOUT_B).getroot()
    one, two = root.iter("AddRisAppBillRt")
    item = one.find("OrderList/Order")
    assert item is not None
    item.addnext(copy.deepcopy(item))
    for bill, patient in ((one, first), (two, second)):
        for element in bill.iter("PATPatientID"):
            element.text = patient
    for element, text in zip(root.iter("OEORIOrderItemID"), orders, strict=True):
        element.text = text
    for element in root.iter("MessageID"):
        element.text = uid("m")
    return etree.tostring(root, encoding="unicode")


def made(site: Site, order: str) -> dict[str, str]:
    """The run's order, as its transform made it."""
    value = site.value(site.run_of(order)["seq"], "order")
    assert isinstance(value, Xml)
    return {str(child.tag): child.text or "" for child in etree.fromstring(value.data)}


@pytest.mark.parametrize("envelope", ["hip", "operation"])
async def test_layout_a_with_two_items_gives_two_runs(site: Site, envelope: str) -> None:
    order, patient = uid(), uid("p")
    pushed = await site.push("order", envelope, order_id=order, patient=patient, name="试验甲", items=2)
    assert (pushed.http, pushed.result) == (200, "0")
    for item in (order, f"{order}.2"):
        run = await site.at(item, "Processing")
        assert len(site.runs_of(item)) == 1
        labels = site.labels(run["seq"])
        assert (labels["order_id"], labels["patient_id"], labels["name"]) == (item, patient, "试验甲")
        (row,) = site.peers.rows(item)
        assert (row["ClientFirstName"], row["Sex"], row["BirthDate"][:10]) == ("试验甲", "2", "1988-04-12")
        assert site.folder(item).is_dir()
        assert site.folder(item).parent.name == patient
    found = site.read(lambda conn: patients.find(conn, patient))
    assert (found["name"], found["birth_date"], found["sex"]) == ("试验甲", "1988-04-12", "F")
    (parent,) = [row for row in site.runs() if row["id"] and row["seq"] == site.run_of(order)["parent"]]
    assert (parent["children"], parent["status"], parent["waits_for"]) == (2, None, "2 parts")


async def test_both_envelopes_give_the_same(site: Site) -> None:
    seen: list[dict[str, Any]] = []
    for envelope in ("hip", "operation"):
        order, patient = order_id(), uid("p")
        assert (await site.push("order", envelope, order_id=order, patient=patient, name="试验乙")).ok
        run = await site.at(order, "Processing")
        (row,) = site.peers.rows(order)
        told = {"labels": site.labels(run["seq"]), "order": made(site, order), "row": row}
        text = repr(told).replace(client(order), "ORDER").replace(order, "ORDER").replace(patient, "PATIENT")
        seen.append({"text": text.replace(order.replace("||", "-"), "EXAM")})
    assert seen[0] == seen[1]


async def test_layout_b_two_patients_and_one_list_of_two_orders_are_three_runs(site: Site) -> None:
    """The first patient's registration came before the orders, the second's comes after them."""
    one, two = uid("p"), uid("p")
    orders = [order_id(), order_id(), order_id()]
    assert (await site.push("patient", patient=one, name="先到")).ok
    await site.until(lambda: site.read(lambda conn: patients.find(conn, one)) is not None)
    assert (await site.post("order", two_patients(one, two, orders)))[0] == "0"
    for order in orders[:2]:
        assert site.labels((await site.at(order, "Processing"))["seq"])["patient_id"] == one
    waiting = await site.at(orders[2], "Pending")
    assert site.labels(waiting["seq"]) == {"order_id": orders[2], "patient_id": two, "exam": "自主神经稳定性测定"}
    assert waiting["waits_for"] == "an answer of records"
    assert waiting["due_at"] - site.daemon.runtime.now() > 30_000  # it would ask again in a minute
    assert not site.peers.rows(orders[2])
    assert (await site.push("patient", patient=two, name="后到")).ok
    await site.at(orders[2], "Processing", seconds=10)  # woken at once
    for order, patient, name in zip(orders, (one, one, two), ("先到", "先到", "后到"), strict=True):
        run = site.run_of(order)
        assert len(site.runs_of(order)) == 1
        assert site.labels(run["seq"])["name"] == name
        assert [row["ClientFirstName"] for row in site.peers.rows(order)] == [name]
        assert site.folder(order).parent.name == patient
        assert (made(site, order)["patient_id"], made(site, order)["patient_name"]) == (patient, name)
    assert made(site, orders[0])["visit"] == made(site, orders[1])["visit"] == "900000011"
    assert made(site, orders[2])["visit"] == "900000012"


async def test_a_registration_wakes_only_its_own_patient(site: Site) -> None:
    orders = [order_id(), order_id()]
    patient_of = {order: uid("p") for order in orders}
    for order in orders:
        assert (await site.push("order", order_id=order, layout="b", patient=patient_of[order])).ok
        await site.at(order, "Pending")
    assert (await site.push("patient", patient=patient_of[orders[0]], name="甲")).ok
    await site.at(orders[0], "Processing")
    assert site.run_of(orders[1])["status"] == "Pending"


async def test_the_first_word_of_a_patient_may_be_an_order_of_layout_a(site: Site) -> None:
    """Layout B waits for the patient; another order with demographics knows him, and the next look finds him."""
    waits, brings, patient = order_id(), order_id(), uid("p")
    assert (await site.push("order", order_id=waits, layout="b", patient=patient)).ok
    await site.at(waits, "Pending")
    await site.order(brings, patient=patient, name="试验丙")
    await site.cancel_wait(site.run_of(waits)["seq"])  # its minute is over
    await site.at(waits, "Processing")
    assert site.peers.rows(waits)[0]["ClientFirstName"] == "试验丙"


async def test_the_same_item_again_is_a_repeat_and_another_content_is_held(site: Site) -> None:
    order, patient = order_id(), uid("p")
    await site.order(order, patient=patient, name="试验甲")
    assert (await site.push("order", order_id=order, patient=patient, name="试验甲")).ok  # a new MessageID
    await site.until(lambda: [row["state"] for row in site.runs_of(order)] == ["waiting", "filtered"])
    changed = message_xml(
        "order", order_id=order, patient=patient, name="试验甲", message_id=uid("m"), fields=(("RISRDesc", "另一项"),)
    )
    assert (await site.post("order", changed))[0] == "0"
    await site.until(lambda: [row["state"] for row in site.runs_of(order)] == ["waiting", "filtered", "held"])
    (entry,) = site.open_attention(site.runs_of(order)[2]["seq"])
    assert (entry["kind"], entry["code"]) == ("update", "WB-1008")
    assert len(site.peers.rows(order)) == 1


async def test_different_patients_inside_one_order_are_refused(site: Site) -> None:
    """PATPatientInfo says one patient and the bill another: whose report would it be?"""
    root = etree.fromstring(message_xml("order", order_id=order_id(), patient=uid("p"), message_id=uid("m")))
    bill = root.find(".//AddRisAppBillRt")
    assert bill is not None
    etree.SubElement(bill, "PATPatientID").text = uid("p")
    result, why = await site.post("order", etree.tostring(root, encoding="unicode"))
    assert result == "-1"
    assert "different patients" in why
