"""Changes that come to an order: before it, in each of its statuses, twice, and too late."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from engine.message import Refused, Xml
from engine.ops import read_sign, signing
from engine.steps import sign
from records import patients
from simulators.report import report_bytes
from tests.routes.site import Site, message_xml, order_id, uid

CHANGED = "改后的项目"


async def update(site: Site, order: str, text: str = CHANGED, status: str = "E", **fields: Any) -> str:
    """One UpdateOrdersRt; its MessageID. status C cancels."""
    more = (("OEORIOrdSubCatDesc", text),)
    pushed = await site.push("update", order_id=order, status=status, fields=more, **fields)
    assert (pushed.http, pushed.result) == (200, "0")
    return pushed.message_id


async def cancel(site: Site, order: str) -> None:
    """Cancelled, and the update's run has ended."""
    await site.handled(await update(site, order, status="C"))


def states(site: Site, order: str, route: str = "order_update") -> list[str]:
    """Of the runs that a route has for this order."""
    return [row["state"] for row in site.runs_of(order, route)]


def description(site: Site, order: str) -> str:
    value = site.value(site.run_of(order)["seq"], "order")
    assert isinstance(value, Xml)
    return etree.fromstring(value.data).findtext("description") or ""


def notes(site: Site, order: str) -> list[str]:
    return [row["Note"] for row in site.peers.rows(order)]


async def waits_for_patient(site: Site) -> tuple[str, str]:
    """An order of layout B whose patient nobody knows yet: (order, patient)."""
    order, patient = order_id(), uid("p")
    assert (await site.push("order", order_id=order, layout="b", patient=patient)).ok
    await site.at(order, "Pending")
    return order, patient


# --- cancelled


async def test_cancelled_while_pending(site: Site) -> None:
    order, patient = await waits_for_patient(site)
    await cancel(site, order)
    assert site.run_of(order)["state"] == "cancelled"
    registered = await site.push("patient", patient=patient, name="迟到")
    await site.handled(registered.message_id)
    assert site.run_of(order)["state"] == "cancelled"
    assert not site.peers.rows(order)


async def test_cancelled_while_processing(site: Site) -> None:
    """Row and folder stay; what the device writes afterwards is late, and taken by nobody."""
    order = order_id()
    await site.order(order)
    await cancel(site, order)
    assert site.run_of(order)["state"] == "cancelled"
    assert len(site.peers.rows(order)) == 1
    name = f"{uid()}.pdf"
    site.report(order, name)
    await site.until(lambda: bool(site.files(name)))
    assert [row["state"] for row in site.files(name)] == ["late"]
    assert (site.folder(order) / name).exists()


async def test_cancelled_while_processed(site: Site) -> None:
    """A signature that comes after that is only evidence."""
    order = order_id()
    await site.processed(order)
    job = await site.sign(order)
    await cancel(site, order)
    assert site.run_of(order)["state"] == "cancelled"
    assert site.jobs(site.run_of(order)["seq"])[0]["state"] == "cancelled"
    await site.phone(job)
    await sign.tidy(site.daemon.runtime)
    (after,) = site.jobs(job["run"])
    assert after["state"] == "cancelled"
    assert after["findings"][0].startswith("not cancelled")  # the provider was told, and had signed already
    assert site.run_of(order)["state"] == "cancelled"
    assert not site.peers.documents(order)


async def test_a_cancelled_order_takes_its_signing_job_back(site: Site) -> None:
    order = order_id()
    await site.processed(order)
    job = await site.sign(order)
    await cancel(site, order)
    await sign.tidy(site.daemon.runtime)
    asked = site.peers.clerk.job(job["reference"])
    assert asked is not None
    assert asked.state == "CANCEL"
    with pytest.raises(Refused, match="WB-4060"):
        await site.write(lambda conn: signing.request(conn, site.run_of(order)["id"], site.doctor))


async def test_cancelled_when_sent(site: Site) -> None:
    order = order_id()
    await site.processed(order)
    await site.signed(order)
    run = await site.sent(order)
    await cancel(site, order)
    (entry,) = site.open_attention(run["seq"])
    assert (entry["kind"], entry["code"], entry["reason"]) == (
        "update", "WB-4201", "cancel came when the report was sent",
    )  # fmt: skip
    assert site.run_of(order)["state"] == "done"
    assert len(site.peers.documents(order)) == 1


async def test_cancelled_when_dead(site: Site) -> None:
    """A report without its place for the seal is dead at `signed`; the order may still be cancelled."""
    order = order_id()
    await site.order(order)
    (site.folder(order) / "empty.pdf").write_bytes(_without_keyword())
    await site.at(order, "Processed", "dead")
    await cancel(site, order)
    assert site.run_of(order)["state"] == "cancelled"
    assert not site.open_attention(site.run_of(order)["seq"])


async def test_cancelled_before_its_order(site: Site) -> None:
    order = order_id()
    before = await update(site, order, status="C")
    await site.until(lambda: states(site, order) == ["waiting"])
    assert site.run_of(order, "order_update")["waits_for"] == "a run of exam_report"
    assert (await site.push("order", order_id=order, patient=uid("p"))).ok
    await site.until(lambda: states(site, order, "exam_report") == ["cancelled"])
    await site.handled(before)
    assert len(site.peers.rows(order)) <= 1  # it may have begun: row and folder stay
    assert not site.peers.documents(order)


async def test_cancelled_twice_is_nothing(site: Site) -> None:
    order = order_id()
    await site.order(order)
    await cancel(site, order)
    events = site.events(site.run_of(order)["seq"])
    await cancel(site, order)
    assert site.events(site.run_of(order)["seq"]) == events
    again = site.runs_of(order, "order_update")[1]
    value = site.value(again["seq"], "cancelled")
    assert isinstance(value, dict)
    assert value["done"] == "nothing"
    await site.handled(await update(site, order))  # nor does another change revive it
    assert site.run_of(order)["state"] == "cancelled"
    assert not site.open_attention(site.run_of(order)["seq"])


def _without_keyword() -> bytes:
    from io import BytesIO

    from pypdf import PdfReader, PdfWriter

    writer, out = PdfWriter(), BytesIO()
    writer.add_page(PdfReader(BytesIO(report_bytes("x", "y", "z"))).pages[0])
    writer.write(out)
    return out.getvalue()


# --- changed


async def test_changed_while_pending(site: Site) -> None:
    order, patient = await waits_for_patient(site)
    await site.handled(await update(site, order))
    assert site.run_of(order)["status"] == "Pending"
    assert (await site.push("patient", patient=patient, name="试验丁")).ok
    await site.at(order, "Processing")
    assert description(site, order) == CHANGED
    assert notes(site, order) == [CHANGED]


async def test_changed_while_processing(site: Site) -> None:
    order = order_id()
    await site.order(order)
    assert notes(site, order) == ["自主神经稳定性测定"]
    await site.handled(await update(site, order))
    assert description(site, order) == CHANGED
    assert notes(site, order) == [CHANGED]
    assert site.run_of(order)["state"] == "waiting"


async def test_changed_while_processed(site: Site) -> None:
    order = order_id()
    run = await site.processed(order)
    await site.handled(await update(site, order))
    assert site.run_of(order)["blocked"]
    with pytest.raises(Refused, match="WB-4062"):
        await site.write(lambda conn: signing.request(conn, run["id"], site.doctor))
    await site.write(lambda conn: signing.reread(conn, run["id"], site.doctor))
    await site.signed(order)
    await site.sent(order)
    assert description(site, order) == CHANGED
    assert notes(site, order) == ["自主神经稳定性测定"]  # the device has done its part


async def test_changed_while_a_signature_is_asked_for(site: Site) -> None:
    """What the physician read is not the order any more: that signature must not carry the report on."""
    order = order_id()
    run = await site.processed(order)
    job = await site.sign(order)
    await site.handled(await update(site, order))
    assert site.run_of(order)["blocked"]
    await site.phone(job)
    await site.until(lambda: site.run_of(order)["waits_for"] == "a physician's signature")
    assert [row["state"] for row in site.jobs(run["seq"])] == ["cancelled"]
    assert not site.peers.documents(order)
    await site.write(lambda conn: signing.reread(conn, run["id"], site.doctor))
    await site.signed(order)
    await site.sent(order)
    assert [row["state"] for row in site.jobs(run["seq"])] == ["cancelled", "delivered"]
    assert len(site.peers.accepted(order)) == 1


@pytest.mark.parametrize("word", ["sent", "signed"])
async def test_changed_when_sent_or_signed(site: Site, word: str) -> None:
    order = order_id()
    await site.processed(order)
    if word == "signed":
        site.peers.fails(1000)
    await site.signed(order)
    if word == "sent":
        await site.sent(order)
    else:
        await site.until(lambda: bool(site.peers.documents(order)))
    await site.handled(await update(site, order))
    run = site.run_of(order)
    (entry,) = site.open_attention(run["seq"], "update")
    assert entry["reason"] == f"set came when the report was {word}"
    site.peers.fails(0)
    await site.sent(order)
    assert description(site, order) == "自主神经稳定性测定"
    assert len(site.peers.accepted(order)) == 1


async def test_changed_before_its_order(site: Site) -> None:
    """It waits, and the device sees the order as it was changed."""
    order = order_id()
    before = await update(site, order)
    await site.until(lambda: states(site, order) == ["waiting"])
    await site.order(order)
    await site.handled(before)
    assert description(site, order) == CHANGED
    await site.until(lambda: notes(site, order) == [CHANGED])


async def test_changes_come_in_their_order(site: Site) -> None:
    order = order_id()
    await site.order(order)
    for text in ("一", "二", "三"):
        await site.handled(await update(site, order, text))
    assert (description(site, order), notes(site, order)) == ("三", ["三"])


async def test_the_same_update_twice_is_one(site: Site) -> None:
    order, same = order_id(), uid("m")
    await site.order(order)
    for _ in range(2):
        await update(site, order, message_id=same)
    await site.handled(same)
    assert len(site.runs_of(order, "order_update")) == 1
    assert site.message(same)["repeats"] == 1
    assert site.events(site.run_of(order)["seq"]).count("changed") == 1


async def test_an_update_without_changes_of_ours_is_done(site: Site) -> None:
    order = order_id()
    await site.order(order)
    root = etree.fromstring(message_xml("update", order_id=order, status="E", message_id=uid("m")))
    for element in list(root.iter("OEORIOrdSubCatDesc")):
        element.getparent().remove(element)  # type: ignore[union-attr]
    assert (await site.post("update", etree.tostring(root, encoding="unicode")))[0] == "0"
    await site.until(lambda: states(site, order) == ["done"])
    assert notes(site, order) == ["自主神经稳定性测定"]


# --- the patient came


@pytest.mark.parametrize("first", ["order", "registry"])
async def test_the_patient_was_registered_for_the_examination(site: Site, first: str) -> None:
    order = order_id()
    if first == "registry":
        assert (await site.push("registry", order_id=order)).ok
        await site.until(lambda: states(site, order, "ris_registry") == ["waiting"])
    await site.order(order)
    if first == "order":
        assert (await site.push("registry", order_id=order)).ok
    await site.until(lambda: states(site, order, "ris_registry") == ["done"])
    await site.until(lambda: "registered" in site.labels(site.run_of(order)["seq"]))
    assert site.labels(site.run_of(order)["seq"])["registered"] == "2026-11-20 10:00:00"


async def test_demographics_may_change_later(site: Site) -> None:
    """The record follows the HIS's last word, and who signs is told that the order says another name."""
    order, patient = order_id(), uid("p")
    await site.processed(order, patient=patient, name="旧名")
    run = site.run_of(order)
    changed = await site.push("patient", patient=patient, name="新名", fields=(("PATTelephone", "00000000001"),))
    await site.handled(changed.message_id)
    found = site.read(lambda conn: patients.find(conn, patient))
    assert (found["name"], found["telephone"]) == ("新名", "00000000001")
    shown = site.read(lambda conn: read_sign.report(conn, run["id"], site.doctor))
    assert [match.rule for match in shown.matches if not match.ok] == ["name"]


async def test_a_registration_that_comes_twice_changes_nothing(site: Site) -> None:
    patient, same = uid("p"), uid("m")
    for _ in range(2):
        assert (await site.push("patient", patient=patient, name="两次", message_id=same)).ok
    await site.handled(same)
    assert site.message(same)["repeats"] == 1
