"""What a naive version of this flow gets wrong, one number after the other: how ours does it, with real pieces."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from twisted.internet import ssl
from twisted.internet.defer import gatherResults
from twisted.internet.threads import deferToThread

from engine.message import Refused
from engine.ops import users
from records import patients
from simulators.report import report_bytes
from tests.channels._soap.test_client import certificate
from tests.contracts.soap_peer import SoapPeer
from tests.routes.process import daemon, until
from tests.routes.site import ROOT, SECRET, Site, client, message_xml, order_id, running, uid


@pytest.mark.limit(60)
def test_failure_01_an_answer_means_that_it_is_durable(tmp_path: Path) -> None:
    """Killed before the commit: no answer, and the resend is the first. Killed after the answer: nothing is lost."""
    with daemon(tmp_path) as engine:
        lost, told, unsaid = ({"order_id": order_id(), "patient": uid("p"), "message_id": uid("m")} for _ in range(3))
        engine.kill_at("accept.before_commit")
        assert engine.push("order", **lost).http == 0
        engine.wait_for_death()
        engine.start()
        assert engine.search(lost["order_id"]) == []
        assert engine.push("order", **told).ok
        engine.kill()
        engine.start()
        engine.at(told["order_id"], "Processing")
        engine.kill_at("channel.soap_in.before_answer")
        assert engine.push("order", **unsaid).http == 0
        engine.wait_for_death()
        engine.start()
        for fields in (lost, told, unsaid):
            assert engine.push("order", **fields).ok
            engine.at(fields["order_id"], "Processing")
            assert len(engine.peers.rows(fields["order_id"])) == 1


async def test_failure_02_a_failing_step_keeps_its_message_and_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as site:
        sheet = tmp_path / "transforms" / "his" / "order.xsl"
        good = sheet.read_text("utf-8")
        sheet.write_text(good.replace("<order>", '<xsl:message terminate="yes">broken</xsl:message><order>'), "utf-8")
        assert (await site.daemon.desk.reload("analyst")).applied
        order = order_id()
        assert (await site.push("order", order_id=order, patient=uid("p"))).ok
        run = await site.at(order, "Pending", "dead")
        assert (run["step"], run["code"]) == ("order", "WB-2003")
        (entry,) = site.open_attention(run["seq"])
        assert (entry["kind"], entry["route"], entry["step"]) == ("dead", "exam_report", "order")
        sheet.write_text(good, "utf-8")
        assert (await site.daemon.desk.reload("analyst")).applied
        # A worker process that dies under its job is one more exception that must not lose anything.
        for pid in site.daemon.workers.pids:
            os.kill(pid, signal.SIGKILL)
        # The run is on the revision that it entered: it goes on with the repaired one.
        (moved,) = await site.daemon.desk.move("operator", runs=[run["id"]], preview=False, note="repaired")
        assert not moved["problem"]
        await site.at(order, "Processing")
        assert not site.open_attention(run["seq"])


async def test_failure_03_the_same_message_twice_is_one_patient_and_one_row(site: Site) -> None:
    order, patient, same = order_id(), uid("p"), uid("m")
    fields: dict[str, Any] = {"order_id": order, "patient": patient, "message_id": same}
    answers = await gatherResults([deferred(site.push("order", **fields)) for _ in range(5)])
    answers.append(await site.push("order", **fields))
    assert [answer.result for answer in answers] == ["0"] * 6
    await site.at(order, "Processing")
    assert site.message(same)["repeats"] == 5
    assert len(site.runs_of(order)) == 1
    assert len(site.peers.rows(order)) == 1
    from engine.store.schema import patient as table

    assert len(site.table(table, number=patient)) == 1
    other = message_xml("order", **{**fields, "name": "另一人"})
    result, why = await site.post("order", other)
    assert result == "-1"
    assert why.startswith("WB-1008")
    assert "另一人" not in why
    assert site.open_attention(kind="conflict")


@pytest.mark.limit(90)
def test_failure_04_killed_anywhere_on_the_way_and_sent_again(tmp_path: Path) -> None:
    """Between commit, Access insert, folder and status: one row, one folder, and never stuck at Pending."""
    places = ["accept.after_commit", "access.after_commit", "folder.after_make", "step.device_folder.settled"]
    with daemon(tmp_path) as engine:
        for place in places:
            order = order_id()
            fields: dict[str, Any] = {"order_id": order, "patient": uid("p"), "message_id": uid("m")}
            engine.kill_at(place)
            first = engine.push("order", **fields)
            engine.wait_for_death()
            assert first.http in (0, 200)
            engine.start()
            assert engine.push("order", **fields).ok  # the HIS sends it again
            engine.at(order, "Processing")
            assert len(engine.peers.rows(order)) == 1, place
            assert len(list(engine.peers.folders.glob(f"*/{client(order)}"))) == 1, place


async def test_failure_05_a_second_examination_is_not_finished_by_the_first_report(site: Site) -> None:
    patient, first, second = uid("p"), order_id(), order_id()
    await site.processed(first, patient=patient)
    await site.order(second, patient=patient)
    assert site.folder(first) != site.folder(second)
    assert site.folder(first).parent == site.folder(second).parent
    site.report(first, "again.pdf", text="again")
    await site.until(lambda: [row["state"] for row in site.files("again.pdf")] == ["late"])
    assert site.run_of(second)["status"] == "Processing"
    await site.signed(first)
    await site.sent(first)
    assert site.run_of(second)["status"] == "Processing"
    own = site.report(second)
    await site.at(second, "Processed")
    await site.signed(second)
    await site.sent(second)
    assert site.peers.received_pdf(second).startswith(own)
    assert not site.peers.received_pdf(first).startswith(own)


@pytest.mark.limit(60)
async def test_failure_06_a_half_written_report_is_not_taken(tmp_path: Path) -> None:
    """The device writes slowly, with pauses that are longer than `settle`."""
    async with running(tmp_path) as site:
        words = ["--database", site.peers.database, "--folders", site.peers.folders, "--log", tmp_path / "device.jsonl"]
        slow = ["--delay", 0, "--pieces", 5, "--piece-delay", 0.5, "--poll", 0.05]
        device = subprocess.Popen(
            [sys.executable, "-m", "simulators.device", *map(str, [*words, *slow])], cwd=ROOT,
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            order = order_id()
            await site.order(order)
            name = f"ANS {client(order)}.pdf"
            await site.until(lambda: [row["state"] for row in site.files(name)] == ["incomplete"])
            assert site.run_of(order)["status"] == "Processing"
            run = await site.at(order, "Processed")
        finally:
            device.terminate()
            await deferToThread(device.wait, 10)
        path = site.blob(run["seq"], "report")
        assert path.read_bytes().rstrip().endswith(b"%%EOF")
        assert path.read_bytes() == (site.folder(order) / ".done" / name).read_bytes()


async def test_failure_07_what_goes_out_is_escaped_and_in_its_envelope(site: Site) -> None:
    order, name = order_id(), "<甲>&\"乙' ]]>"
    await site.processed(order, name=name, fields=(("RISRDesc", "A&B <x>"),))
    await site.signed(order)
    await site.sent(order)
    body = site.peers.his.bodies[-1]
    envelope = etree.fromstring(body, etree.XMLParser(huge_tree=True))
    assert envelope.tag == "{http://schemas.xmlsoap.org/soap/envelope/}Envelope"
    assert envelope.find("{*}Body/{http://www.dhcc.com.cn}HIPMessageServer") is not None
    assert site.peers.request(order)["PATPatientName"] == name
    assert site.peers.rows(order)[0]["ClientFirstName"] == name
    assert site.peers.rows(order)[0]["Note"] == "A&B <x>"
    assert site.labels(site.run_of(order)["seq"])["name"] == name


async def test_failure_08_minus_one_is_no_success(site: Site) -> None:
    order = order_id()
    await site.processed(order)
    site.peers.fails(1000)
    await site.signed(order)
    await site.until(lambda: len(site.peers.documents(order)) >= 2)
    run = site.run_of(order)
    assert run["status"] == "Processed"
    assert not site.peers.accepted(order)
    await site.until(lambda: site.run_of(order)["state"] == "waiting")
    assert (site.run_of(order)["waits_for"], site.run_of(order)["code"]) == ("retry of send_back", "WB-2007")
    site.peers.fails(0)
    await site.sent(order)
    assert len(site.peers.accepted(order)) == 1


@pytest.mark.parametrize("layout", ["a", "b"])
async def test_failure_09_every_required_field_is_filled(site: Site, layout: str) -> None:
    order, patient = order_id(), uid("p")
    assert (await site.push("patient", patient=patient, name="试验甲")).ok
    await site.processed(order, patient=patient, layout=layout, name="试验甲")
    await site.signed(order)
    await site.sent(order)
    sent = site.peers.request(order)
    required = (
        "OrganizationCode PATPatientID PATPatientName PAADMVisitNumber DocumentType DocumentID DocumentContent"
        " DocumentPath DocumentPicPath UpdateUserCode UpdateDate UpdateTime"
    )
    assert not [name for name in required.split() if not sent[name].strip()]
    assert (sent["PATPatientID"], sent["PATPatientName"], sent["DocumentType"]) == (patient, "试验甲", "02001")
    assert sent["UpdateUserCode"] == "D9001"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", sent["UpdateDate"])
    assert re.fullmatch(r"\d\d:\d\d:\d\d", sent["UpdateTime"])
    assert re.fullmatch(r"http://.+/d/[\w-]+", sent["DocumentPath"])
    assert patient not in sent["DocumentPath"]


async def test_failure_09_an_empty_required_field_is_not_sent(site: Site) -> None:
    """An order without a visit number: dead with the field's name, and nothing went to the HIS."""
    order, patient = order_id(), uid("p")
    root = etree.fromstring(message_xml("order", order_id=order, patient=patient, name="甲", message_id=uid("m")))
    for element in root.iter("PAADMVisitNumber"):
        element.text = ""
    assert (await site.post("order", etree.tostring(root, encoding="unicode")))[0] == "0"
    await site.at(order, "Processing")
    site.report(order)
    await site.at(order, "Processed")
    await site.signed(order)
    await site.until(lambda: site.run_of(order)["state"] == "dead")
    run = site.run_of(order)
    assert (run["step"], run["code"]) == ("send_back", "WB-2003")
    assert "PAADMVisitNumber" in run["reason"]
    assert not site.peers.documents(order)


@pytest.mark.parametrize(
    ("age", "code", "description", "sex", "device"),
    [("14岁", "F", "女", "F", "2"), ("3月", "M", "男", "M", "1"), ("38", "2", "", "F", "2"), ("3天", "1", "", "M", "1"),
     ("", "9", "未知", "U", "0")],
)  # fmt: skip
async def test_failure_10_ages_and_sex_codes_of_every_site(
    site: Site, age: str, code: str, description: str, sex: str, device: str
) -> None:
    order, patient = order_id(), uid("p")
    root = etree.fromstring(message_xml("order", order_id=order, patient=patient, name="甲", message_id=uid("m")))
    for name, text in (("PATAge", age), ("PATSexCode", code), ("PATSexDesc", description)):
        for element in root.iter(name):
            element.text = text
    assert (await site.post("order", etree.tostring(root, encoding="unicode")))[0] == "0"
    await site.at(order, "Processing")
    assert site.peers.rows(order)[0]["Sex"] == device
    assert site.read(lambda conn: patients.find(conn, patient))["sex"] == sex


async def test_failure_11_an_update_before_its_order_and_patient_is_not_lost(site: Site) -> None:
    order, patient = order_id(), uid("p")
    pushed = [
        await site.push("update", order_id=order, status="E", fields=(("OEORIOrdSubCatDesc", "先到的变更"),)),
        await site.push("registry", order_id=order, patient=patient),
        await site.push("order", order_id=order, layout="b", patient=patient),
    ]
    assert [answer.result for answer in pushed] == ["0", "0", "0"]  # none is answered "not found"
    await site.at(order, "Pending")
    assert (await site.push("patient", patient=patient, name="最后到")).ok
    run = await site.at(order, "Processing")
    await site.until(lambda: "registered" in site.labels(run["seq"]))
    await site.until(lambda: [row["Note"] for row in site.peers.rows(order)] == ["先到的变更"])
    assert site.peers.rows(order)[0]["ClientFirstName"] == "最后到"


async def test_failure_12_every_order_id_has_its_own_safe_folder(site: Site) -> None:
    tail, patient = uid(), uid("p")
    orders = [
        f"{tail}||1", f"{tail}%7C%7C1", f"{tail}/../../x", f"..\\{tail}", f"CON.{tail}", f"{tail}.", f'{tail}:*?"<>',
        tail, tail.upper(), f"{tail}号",
    ]  # fmt: skip
    for order in orders:
        await site.order(order, patient=patient)
    folders = [site.folder(order) for order in orders]
    assert len({str(folder).lower() for folder in folders}) == len(orders)
    for folder in folders:
        assert folder.is_dir()
        assert folder.parent == site.peers.folders / patient
        assert re.fullmatch(r'[^\\/:*?"<>|\x00-\x1f]+(?<![. ])', folder.name)
        assert not re.match(r"(?i)(con|nul|aux|prn)(\.|$)", folder.name)


@pytest.mark.limit(60)
def test_failure_13_the_confirmation_on_the_phone_is_waited_for_over_a_crash(tmp_path: Path) -> None:
    with daemon(tmp_path) as engine:
        order = order_id()
        assert engine.push("order", order_id=order, patient=uid("p"), name="甲").ok
        folder = engine.peers.folders / str(engine.at(order, "Processing")["folder"])
        (folder / "ANS.pdf").write_bytes(report_bytes(order, "invented", "ANS"))
        run_id = until(lambda: (engine.search(order) or [{}])[0].get("can_sign") and engine.search(order)[0]["run_id"])
        engine.browser.post(f"/api/v1/sign/{run_id}/sign")
        (job,) = until(engine.peers.clerk.waiting)
        until(lambda: (engine.browser.get(f"/api/v1/sign/{run_id}")["job"] or {})["state"] == "waiting")
        engine.kill()
        engine.start()
        assert engine.peers.clerk.decide(job.id, "approve")  # the physician saw nothing of it
        engine.at(order, "Sent", 20)
        assert Counter(call["accepted"] for call in engine.peers.documents(order)) == {True: 1}
        calls = (engine.peers.folder / "ca.jsonl").read_text()
        assert calls.count('"addPdfSignJob"') == 1


async def test_failure_14_no_secret_in_text_and_nothing_of_a_patient_in_the_log(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    order, patient, name = order_id(), uid("p"), "植入甲乙丙丁"
    await site.processed(order, patient=patient, name=name, fields=(("PATTelephone", "13912345678"),))
    site.peers.fails(1)
    await site.phone(await site.sign(order), hostile="garbage")
    await site.until(lambda: site.jobs(site.run_of(order)["seq"])[0]["state"] == "quarantined")
    await site.at(order, "Processed")
    await site.signed(order)
    await site.sent(order)
    bad = message_xml("order", order_id="", patient=patient, name=name, message_id=uid("m"))
    assert (await site.post("order", bad))[0] == "-1"
    assert not [word for word in (name, "13912345678", patient, SECRET, "000000198804120000") if word in caplog.text]
    text = (ROOT / "routes.yaml").read_text("utf-8")
    assert "key: {secret: ca_hmac}" in text
    assert not re.search(r"(?i)(password|hmac|token)\s*:\s*['\"\w]", text)
    for row in site.open_attention():
        assert name not in row["reason"]
        assert patient not in row["reason"]


async def test_failure_14_a_peer_whose_certificate_is_not_trusted_gets_nothing(tmp_path: Path, reactor: Any) -> None:
    pem, key = certificate("localhost")
    peer = SoapPeer(lambda _: (200, b""))
    peer.listen(reactor, context=ssl.PrivateCertificate.loadPEM(pem + key).options())
    try:
        tls = f"  tls: {{type: soap_out, url: 'https://localhost:{peer.number}/his', envelope: hip, timeout: 5s}}"
        changes = {"remote, call: {to: his_out": "remote, call: {to: tls", "  records: {": f"{tls}\n  records: {{"}
        async with running(tmp_path, changes) as site:
            order = order_id()
            await site.processed(order)
            await site.signed(order)
            await site.until(lambda: site.run_of(order)["waits_for"] == "retry of send_back")
            assert "certificate is not trusted" in site.run_of(order)["reason"]
            assert peer.bodies == []
    finally:
        await peer.close()


async def test_failure_15_a_staff_number_is_no_proof(site: Site) -> None:
    """Who types another's staff number cannot sign as him: the CA's certificate must be the one of this user."""
    order = order_id()
    run = await site.processed(order)
    with pytest.raises(Refused, match="belongs to a user already"):
        await site.write(lambda conn: users.add(conn, uid("x"), "invented", ["PH"], "D9001", uid("c")))
    typed = await site.write(lambda conn: users.add(conn, uid("x"), "invented", ["PH"], uid("D"), uid("c")))
    asked = len(site.peers.clerk.waiting())
    job = await site.sign(order, typed)
    assert (job["state"], len(site.peers.clerk.waiting())) == ("failed", asked)
    await site.at(order, "Processed")
    assert not site.peers.documents(order)
    assert site.run_of(order)["seq"] == run["seq"]


@pytest.mark.limit(60)
async def test_failure_15_what_the_ca_returns_is_checked(site: Site) -> None:
    order = order_id()
    run = await site.processed(order)
    for mode in ("wrong-user", "other-pdf", "annotate", "append", "expired-cert", "changed-inside"):
        await site.phone(await site.sign(order), hostile=mode)
        await site.until(lambda: site.jobs(run["seq"])[-1]["state"] == "quarantined")
        await site.at(order, "Processed")
        assert not site.peers.documents(order), mode
    await site.signed(order)
    await site.sent(order)
    assert site.peers.received_pdf(order).startswith(site.blob(run["seq"], "report").read_bytes())


def deferred(work: Any) -> Any:
    from twisted.internet.defer import Deferred

    return Deferred.fromCoroutine(work)
