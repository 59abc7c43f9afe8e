"""The step `sign` in a running engine, with the `coss` channel and the CA simulator: who, where to, how long."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject
from twisted.internet.defer import Deferred

from engine.message import Blob, Refused
from engine.ops import runs, signing
from engine.runtime.sign_jobs import REFUSAL
from engine.steps import sign
from engine.store.schema import users as user_table
from engine.store.schema import value
from tests.engine.signing_world import SIGN, Ward
from tests.signing import oracles


def drive(work: Coroutine[Any, Any, Any]) -> None:
    """Run the loop for a fixture that outlives a test."""
    loop = asyncio.get_event_loop_policy().get_event_loop()

    async def begin() -> None:
        await Deferred.fromCoroutine(work).asFuture(loop)

    loop.run_until_complete(begin())


@pytest.fixture(scope="module", name="ward")
def fixture_ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """One engine for the tests that need no settings of their own; each has an order of its own."""
    ward = Ward(tmp_path_factory.mktemp("ward"), f"refused: report, {SIGN}")
    drive(ward.start())
    yield ward
    drive(ward.stop())


@asynccontextmanager
async def ward_of(folder: Path, words: str, **more: Any) -> Any:
    ward = Ward(folder, words, **more)
    try:
        yield await ward.start()
    finally:
        await ward.stop()


def uid() -> str:
    return uuid.uuid4().hex[:12]


# --- approved


async def test_approved_on_the_phone_the_report_goes_on_signed(ward: Ward, tmp_path: Path) -> None:
    order = uid()
    run = await ward.report(order)
    assert (run["status"], run["waits_for"]) == ("Processed", "a physician's signature")
    job = await ward.sign(order)
    assert ward.run_of(order)["status"] == "Processed"
    await ward.decide(job)
    assert (await ward.at(order, "done"))["status"] == "Sent"
    (signed,) = ward.sent(order)
    assert isinstance(signed, Blob)
    pdf = tmp_path / "signed.pdf"
    pdf.write_bytes(ward.daemon.blobs.read(signed))
    assert oracles.pdfsig(pdf)
    assert oracles.qpdf(pdf)
    assert oracles.openssl(pdf, ward.phone.authority.root_pem, tmp_path)
    (job,) = ward.jobs(order)
    assert (job["state"], job["returned"], job["generation"]) == ("delivered", signed.sha256, 1)
    assert ward.waits(order) == []
    assert {"signed", "signer"} <= ward.values(order)
    assert ward.phone.count("addPdfSignJob") >= 1


async def test_who_signed_is_a_value_of_the_run(ward: Ward) -> None:
    order = uid()
    await ward.report(order)
    await ward.signed(order)
    (row,) = ward.rows(value, run=ward.run_of(order)["seq"], name="signer")
    assert b"D9001" in row["data"]
    assert b"doctor" in row["data"]
    assert b"sha256-ecdsa" in row["data"]


# --- refused


@pytest.mark.parametrize("where", ["phone", "page"])
async def test_refused_goes_to_the_named_step_and_the_next_report_may_be_signed(ward: Ward, where: str) -> None:
    order = uid()
    run = await ward.report(order)
    job = await ward.sign(order)
    if where == "phone":
        await ward.decide(job, "refuse")
    else:
        await ward.act(lambda conn: signing.refuse(conn, run["id"], ward.users()["doctor"], "not this one"))
    await ward.until(lambda: ward.run_of(order)["generation"] == 1)
    await ward.queued(order)
    said = "on the phone" if where == "phone" else "not this one"
    assert ward.events(order, "refused") == [said]
    assert ward.events(order, "jumped") == [f"refused by doctor: {said}"]
    assert ward.states(order) == ["refused" if where == "phone" else "cancelled"]
    assert REFUSAL not in ward.values(order)
    await ward.signed(order)
    assert [job["generation"] for job in ward.jobs(order)] == [1, 2]
    assert len({job["sent"] for job in ward.jobs(order)}) == 2


@pytest.mark.parametrize("where", ["phone", "page"])
async def test_without_a_step_for_it_a_refused_report_is_held_until_a_person_tries_again(
    tmp_path: Path, where: str
) -> None:
    async with ward_of(tmp_path, SIGN) as ward:
        order = uid()
        run = await ward.report(order)
        if where == "phone":
            await ward.decide(await ward.sign(order), "refuse")
        else:
            await ward.act(lambda conn: signing.refuse(conn, run["id"], ward.users()["doctor"], "not this one"))
        held = await ward.at(order, "held")
        assert (held["code"], held["status"], held["step"]) == ("WB-4065", "Processed", "signed")
        assert held["reason"].startswith("refused by doctor: ")
        assert ward.attention(order) == ["held"]
        assert ward.waits(order) == []
        await ward.act(lambda conn: runs.retry(conn, run["id"], "operator", "the physician changed her mind"))
        await ward.queued(order)
        assert ward.attention(order) == []
        await ward.signed(order)


# --- nobody answers


@pytest.mark.limit(30)
async def test_ignored_it_expires_and_is_in_the_queue_again_still_processed(tmp_path: Path) -> None:
    async with ward_of(tmp_path, SIGN, minute=0.02) as ward:  # 30 minutes are 0.6 s
        order = uid()
        await ward.report(order)
        await ward.sign(order)
        await ward.queued(order, 1)
        assert ward.states(order) == ["expired"]
        assert ward.run_of(order)["reason"] == "not confirmed on the phone in time"
        await ward.signed(order)
        assert ward.states(order) == ["expired", "delivered"]


async def test_until_is_over_and_goes_to_the_named_step(tmp_path: Path) -> None:
    async with ward_of(tmp_path, f"until: 4s, expired: out, {SIGN}") as ward:
        order = uid()
        run = await ward.report(order)
        (waits,) = ward.waits(order)
        assert waits["until_at"] == run["first_try_at"] + 4000
        await ward.until(lambda: ward.run_of(order)["state"] == "dead")
        # the step after it asks for what was never signed, so the run says so and sends nothing
        assert ward.events(order, "jumped") == ["no physician signed in time"]
        assert ward.run_of(order)["step"] == "out"
        assert ward.sent(order) == []


async def test_until_is_over_without_a_step_for_it_an_alert_and_it_waits_on(tmp_path: Path) -> None:
    async with ward_of(tmp_path, f"until: 500ms, on_timeout: {{alert: ward_desk}}, {SIGN}") as ward:
        order = uid()
        await ward.report(order)
        await ward.until(lambda: ward.attention(order) == ["overdue"])
        assert ward.events(order, "overdue") == ["overdue: alert to ward_desk"]
        await ward.queued(order)
        await ward.signed(order)


async def test_an_open_job_is_not_cut_off_by_until(tmp_path: Path) -> None:
    """The physician has the phone in her hand: the job's own end decides."""
    async with ward_of(tmp_path, f"until: 4s, expired: report, {SIGN}") as ward:
        order = uid()
        await ward.report(order)
        job = await ward.sign(order)
        (waits,) = ward.waits(order)
        assert waits["until_at"] is not None
        await ward.until(lambda: ward.daemon.runtime.now() > waits["until_at"] + 100)
        await ward.decide(job)
        await ward.at(order, "done")
        assert ward.events(order, "jumped") == []


# --- who may


async def test_who_does_not_fit_gets_no_signature_and_the_report_stays(ward: Ward) -> None:
    order = uid()
    await ward.report(order)
    before = ward.phone.count("addPdfSignJob")
    people = {
        "technician": (("D1", "C1", {"roles": ["OP"]}), "WB-4041"),
        "no-number": ((None, "C2", {}), "WB-4042"),
        "no-certificate": (("D3", None, {}), "WB-4043"),
    }
    for count, (login, ((staff, certificate, more), code)) in enumerate(people.items(), 1):
        await ward.person(login, staff, certificate, **more)
        await ward.ask(order, login)
        await ward.queued(order, count)
        job = ward.jobs(order)[-1]
        assert (job["state"], job["reason"].split()[0]) == ("failed", code)
    assert ward.phone.count("addPdfSignJob") == before
    await ward.signed(order)


async def test_another_certificate_registered_than_the_provider_knows(ward: Ward) -> None:
    order = uid()
    await ward.report(order)
    before = ward.phone.count("addPdfSignJob")
    ward.phone.staff["D7777"] = "U-D7777"
    await ward.person("certified", "D7777", "U-OTHER")
    await ward.ask(order, "certified")
    await ward.queued(order, 1)
    assert ward.jobs(order)[0]["reason"].startswith("WB-4044")
    await ward.person("unknown-there", "D8888", "U-D8888")
    await ward.ask(order, "unknown-there")
    await ward.queued(order, 2)
    assert ward.states(order) == ["failed", "failed"]
    assert ward.jobs(order)[1]["reason"].startswith("WB-3003")  # the provider does not know the number
    assert ward.phone.count("addPdfSignJob") == before


async def test_a_user_who_is_disabled_after_asking_is_not_handed_in(tmp_path: Path) -> None:
    async with ward_of(tmp_path, SIGN) as ward:
        order = uid()
        await ward.report(order)
        ward.phone.stop()
        number = await ward.ask(order)
        await ward.until(lambda: "WB-3001" in ward.run_of(order)["reason"])
        doctor = ward.users()["doctor"]
        gone = user_table.update().where(user_table.c.id == doctor).values(disabled_at=1)
        await ward.act(lambda conn: conn.execute(gone))
        ward.phone.start()
        await ward.queued(order, 1)
        assert ward.job(number)["reason"].startswith("WB-4045")
        run_id = ward.run_of(order)["id"]
        with pytest.raises(Refused, match="WB-4040"):
            await ward.act(lambda conn: signing.request(conn, run_id, doctor))
        assert ward.phone.count("addPdfSignJob") == 0


async def test_by_may_name_a_person_from_a_value_and_a_department(tmp_path: Path) -> None:
    async with ward_of(tmp_path, f"by: {{staff: $(body//staff), department: ANS}}, {SIGN}") as ward:
        order = uid()
        doctor = ward.users()["doctor"]
        there = user_table.update().where(user_table.c.id == doctor).values(department="ANS")
        await ward.act(lambda conn: conn.execute(there))
        await ward.put(f"<order><id>{order}</id><staff>D9001</staff></order>", "order")
        await ward.queued(order)
        (waits,) = ward.waits(order)
        assert waits["match"]["by"] == {"role": "physician", "department": "ANS", "staff": "D9001"}
        await ward.ask(order, "other")
        await ward.queued(order, 1)
        assert ward.jobs(order)[0]["reason"].startswith("WB-4041")
        await ward.signed(order)

        alone = uid()
        await ward.put(f"<order><id>{alone}</id><staff>D9002</staff></order>", "order")
        await ward.queued(alone)
        await ward.ask(alone, "other")  # the person, but not the department
        await ward.queued(alone, 1)
        assert ward.jobs(alone)[0]["reason"] == "WB-4041 department the step asks for another department"


# --- what may be signed


async def test_a_report_with_javascript_is_never_offered(ward: Ward) -> None:
    order = uid()
    made = PdfWriter()
    made.add_blank_page(595, 842)
    script = DictionaryObject({NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("a()")})
    made.root_object[NameObject("/Names")] = DictionaryObject({NameObject("/JavaScript"): script})
    path = ward.daemon.options.state / f"{order}.pdf"
    made.write(str(path))
    ward.made[order] = path.read_bytes()
    await ward.put(f"<order><id>{order}</id></order>", "order")
    dead = await ward.at(order, "dead")
    assert dead["code"] == "WB-4023"
    assert (dead["status"], dead["step"]) == ("Processed", "signed")
    assert ward.attention(order) == ["dead"]
    assert ward.waits(order) == []
    with pytest.raises(Refused, match="WB-4060"):
        await ward.ask(order)


async def test_a_report_without_the_place_for_the_seal_is_never_offered(tmp_path: Path) -> None:
    async with ward_of(tmp_path, "seal: {keyword: nowhere in this report, width: 30mm}") as ward:
        order = uid()
        await ward.put(f"<order><id>{order}</id></order>", "order")
        dead = await ward.at(order, "dead")
        assert dead["step"] == "signed"
        assert dead["code"] == "WB-4052"
        assert ward.attention(order) == ["dead"]


async def test_without_a_seal_the_signature_is_not_visible_and_counts(tmp_path: Path) -> None:
    async with ward_of(tmp_path, "by: {role: physician}") as ward:
        order = uid()
        await ward.report(order)
        await ward.signed(order)


async def test_what_is_no_document_is_refused(ward: Ward) -> None:
    order = uid()
    answer = ward.channel("device").answer
    ward.channel("device").answer = lambda request: "text" if request.arguments["body"] == order else answer(request)
    await ward.put(f"<order><id>{order}</id></order>", "order")
    dead = await ward.at(order, "dead")
    ward.channel("device").answer = answer
    assert dead["code"] == "WB-4064"


# --- what comes back


@pytest.mark.parametrize("mode", ["wrong-user", "other-pdf", "two-signatures", "garbage"])
async def test_what_the_gate_refuses_is_quarantined_and_the_physician_may_sign_again(ward: Ward, mode: str) -> None:
    order = uid()
    await ward.report(order)
    await ward.decide(await ward.sign(order), hostile=mode)
    await ward.queued(order, 1)
    (job,) = ward.jobs(order)
    assert job["state"] == "quarantined"
    assert job["returned"]  # the evidence is kept
    assert job["findings"]
    assert ward.attention(order) == ["quarantine"]
    assert ward.run_of(order)["reason"].startswith("the answer was refused: WB-40")
    assert ward.sent(order) == []
    await ward.signed(order)
    assert ward.states(order) == ["quarantined", "delivered"]


# --- the order is cancelled


async def test_a_cancelled_run_ends_its_job_and_the_provider_is_told(ward: Ward) -> None:
    order = uid()
    run = await ward.report(order)
    job = await ward.sign(order)
    await ward.until(lambda: ward.run_of(order)["state"] == "waiting")
    await ward.act(lambda conn: runs.cancel(conn, run["id"], "operator", "by mistake"))
    (ended,) = ward.jobs(order)
    assert (ended["state"], ended["reason"]) == ("cancelled", "the run was cancelled by operator")
    await sign.tidy(ward.daemon.runtime)
    assert ward.jobs(order)[0]["findings"] == ["cancelled at the provider"]
    assert ward.phone.clerk.job(job["reference"]).state == "CANCEL"  # type: ignore[union-attr]
    asked = ward.phone.count("cancelSignJob")
    await sign.tidy(ward.daemon.runtime)  # told once
    assert ward.phone.count("cancelSignJob") == asked
    assert ward.run_of(order)["state"] == "cancelled"


async def test_a_signature_that_comes_after_the_cancel_never_counts(ward: Ward) -> None:
    order = uid()
    run = await ward.report(order)
    job = await ward.sign(order)
    await ward.until(lambda: ward.run_of(order)["state"] == "waiting")
    await ward.act(lambda conn: runs.cancel(conn, run["id"], "operator", "by mistake"))
    await ward.decide(job)  # the physician was faster than we told the provider
    await sign.tidy(ward.daemon.runtime)
    (ended,) = ward.jobs(order)
    assert ended["state"] == "cancelled"
    assert ended["findings"][0].startswith("not cancelled: WB-3003")
    assert ward.run_of(order)["state"] == "cancelled"
    assert ward.sent(order) == []


async def test_a_provider_that_is_away_is_told_later(tmp_path: Path) -> None:
    async with ward_of(tmp_path, SIGN) as ward:
        order = uid()
        run = await ward.report(order)
        job = await ward.sign(order)
        ward.phone.stop()
        await ward.act(lambda conn: signing.cancel(conn, run["id"], ward.users()["doctor"]))
        await ward.queued(order, 1)
        await sign.tidy(ward.daemon.runtime)
        assert ward.jobs(order)[0]["findings"] == []
        ward.phone.start()
        await sign.tidy(ward.daemon.runtime)
        assert ward.jobs(order)[0]["findings"] == ["cancelled at the provider"]
        assert not ward.phone.clerk.decide(job["reference"], "approve")


def test_a_seal_has_lengths() -> None:
    with pytest.raises(ValueError, match="a length is"):
        sign.Seal("x", width="wide")
    with pytest.raises(ValueError, match="a length is"):
        sign.Seal("x", height="high")
    assert sign.Seal("x", height="10mm").width == "30mm"
