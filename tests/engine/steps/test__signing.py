"""A job and its provider: away, unclear, changed under the step; and the engine killed in every state of a job."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from engine.message import Refused
from engine.ops import runs, signing
from engine.runtime.sign_jobs import REFUSAL
from engine.steps import sign
from engine.steps._signing import AWAY, GRACE, PROVIDERS, refused
from tests.engine.signing_world import SIGN, Ward

UNKNOWN = "whether the provider has the job is unknown"


class Story:
    """One engine of the test, that may be stopped and started."""

    def __init__(self, folder: Path, words: str = SIGN, **more: Any) -> None:
        self.ward = Ward(folder, words, **more)

    async def __aenter__(self) -> Ward:
        return await self.ward.start()

    async def __aexit__(self, *_: object) -> None:
        await self.ward.stop()


def change(ward: Ward, sql: str, *values: Any) -> None:
    """Change rows of a stopped engine."""
    with sqlite3.connect(ward.daemon.options.state / "waybill.sqlite") as db:
        db.execute(sql, values)
    db.close()


async def again(ward: Ward, order: str) -> None:
    """The run's step is performed again now, as its next due time would."""
    run_id = ward.run_of(order)["id"]
    await ward.act(lambda conn: conn.exec_driver_sql(
        "UPDATE run SET due_at = 1 WHERE id = ? AND state = 'waiting'", (run_id,)))  # fmt: skip
    ward.daemon.runtime.dispatcher.wake_at(1)


# --- away


async def test_a_provider_that_is_away_at_the_beginning_loses_nothing(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        await ward.report("a")
        ward.phone.stop()
        number = await ward.ask("a")
        await ward.until(lambda: ward.run_of("a")["reason"].startswith("WB-3001"))
        assert ward.job(number)["state"] == "prepared"
        assert ward.run_of("a")["waits_for"] == "the physician's confirmation"
        ward.phone.start()
        await ward.until(lambda: ward.job(number)["state"] == "waiting")
        await ward.decide(ward.job(number))
        await ward.at("a", "done")
        assert ward.phone.count("addPdfSignJob") == 1
        assert len(ward.sent("a")) == 1


async def test_a_provider_that_is_away_while_the_phone_is_asked(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        await ward.report("a")
        job = await ward.sign("a")
        ward.phone.stop()
        await ward.until(lambda: ward.run_of("a")["reason"].startswith("WB-3001"))
        assert ward.states("a") == ["waiting"]
        ward.phone.start()
        await ward.decide(job)
        await ward.at("a", "done")
        assert len(ward.sent("a")) == 1


async def test_an_unanswered_question_who_the_signer_is_is_asked_again(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        await ward.report("a")
        ward.phone.lost = {"queryUserInfo"}
        number = await ward.ask("a")
        await ward.until(lambda: ward.phone.count("queryUserInfo") >= 2)
        assert ward.job(number)["state"] == "prepared"
        ward.phone.lost = set()
        await ward.until(lambda: ward.job(number)["state"] == "waiting")
        assert ward.phone.count("addPdfSignJob") == 1


# --- unclear


async def lost(ward: Ward, order: str) -> dict[str, Any]:
    """A job that the CA has, and whose answer never came; nothing is sent by itself while it is unclear."""
    await ward.report(order)
    ward.phone.lost = {"addPdfSignJob"}
    number = await ward.ask(order)
    await ward.until(lambda: ward.run_of(order)["reason"].startswith(UNKNOWN))
    ward.phone.lost = set()
    job = ward.job(number)
    assert (job["state"], job["reference"]) == ("submitted", "")
    row = ward.run_of(order)
    assert (row["status"], row["waits_for"]) == ("Processed", "the physician's confirmation")
    assert row["due_at"] == pytest.approx(job["expires_at"], abs=1000)
    return job


async def test_a_lost_answer_is_unknown_until_the_job_expires(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        job = await lost(ward, "a")
        await again(ward, "a")
        await ward.until(lambda: ward.run_of("a")["state"] == "waiting")
        assert ward.states("a") == ["submitted"]
        await ward.act(lambda conn: conn.exec_driver_sql(
            "UPDATE sign_job SET expires_at = created_at WHERE id = ?", (job["id"],)))  # fmt: skip
        await again(ward, "a")
        await ward.queued("a", 1)
        assert ward.states("a") == ["expired"]
        assert ward.run_of("a")["reason"] == "the answer to the request was lost, and its time is over"
        assert ward.phone.count("addPdfSignJob") == 1
        await ward.signed("a")
        assert [row["generation"] for row in ward.jobs("a")] == [1, 2]


async def test_the_owner_takes_an_unclear_job_back_and_only_the_newest_counts(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        await lost(ward, "a")
        (orphan,) = ward.phone.clerk.waiting()
        run_id, doctor = ward.run_of("a")["id"], ward.users()["doctor"]
        await ward.act(lambda conn: signing.cancel(conn, run_id, doctor))
        await ward.queued("a", 1)
        assert await deferToThread(ward.phone.clerk.decide, orphan.id, "approve")  # of the one that nobody waits for
        job = await ward.sign("a")
        assert job["reference"] != orphan.id
        assert ward.sent("a") == []
        await ward.decide(job)
        await ward.at("a", "done")
        assert ward.states("a") == ["cancelled", "delivered"]
        assert ward.jobs("a")[0]["returned"] is None
        assert len({row["key"] for row in ward.jobs("a")}) == 2


async def test_a_job_taken_back_while_it_is_handed_in_is_told_to_its_provider(tmp_path: Path) -> None:
    """The answer comes after the owner's word: its reference is the only way to take it back there."""
    async with Story(tmp_path) as ward:
        await ward.report("a")
        run_id, doctor = ward.run_of("a")["id"], ward.users()["doctor"]
        ward.phone.hold("addPdfSignJob")
        number = await ward.ask("a")
        await ward.until(lambda: ward.phone.count("addPdfSignJob") == 1)
        assert ward.job(number)["state"] == "submitted"
        await ward.act(lambda conn: signing.cancel(conn, run_id, doctor))
        ward.phone.release()
        await ward.queued("a", 1)
        job = ward.job(number)
        assert (job["state"], bool(job["reference"])) == ("cancelled", True)
        await sign.tidy(ward.daemon.runtime)
        assert ward.job(number)["findings"] == ["cancelled at the provider"]
        assert ward.phone.clerk.waiting() == []
        await ward.signed("a")


async def test_a_provider_that_forgets_the_job_gives_the_report_back(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        await ward.report("a")
        await ward.sign("a")
        await ward.act(lambda conn: conn.exec_driver_sql("UPDATE sign_job SET reference = 'unknown-there'"))
        await ward.queued("a", 1)
        assert ward.states("a") == ["failed"]
        assert "getSignResult: the provider says status 404" in ward.run_of("a")["reason"]
        await ward.signed("a")


async def test_a_provider_that_never_says_how_it_ended_is_not_asked_for_ever(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        await ward.report("a")
        job = await ward.sign("a")
        past = ward.daemon.runtime.now() - GRACE - 1
        await ward.act(lambda conn: conn.exec_driver_sql("UPDATE sign_job SET expires_at = ?", (past,)))
        await ward.queued("a", 1)
        assert ward.states("a") == ["expired"]
        await ward.decide(job)  # late: evidence at the provider, nothing here
        await ward.signed("a")
        assert ward.states("a") == ["expired", "delivered"]


# --- changed under the step


async def test_blocked_until_it_is_read_again(tmp_path: Path) -> None:
    async with Story(tmp_path) as ward:
        run = await ward.report("a")
        doctor = ward.users()["doctor"]
        await ward.act(lambda conn: conn.exec_driver_sql("UPDATE run SET blocked = 'the order was changed'"))
        with pytest.raises(Refused, match="WB-4062"):
            await ward.ask("a")
        assert ward.jobs("a") == []
        await ward.act(lambda conn: signing.reread(conn, run["id"], doctor))
        await ward.signed("a")


async def test_the_engine_starts_with_a_refusal_that_was_not_followed(tmp_path: Path) -> None:
    """Killed between the phone's refusal and the jump: the refusal is not forgotten."""
    async with Story(tmp_path, f"refused: report, {SIGN}") as ward:
        await ward.report("a")
        job = await ward.sign("a")
        ward.phone.stop()
    await deferToThread(ward.phone.clerk.decide, job["reference"], "refuse")
    change(ward, "UPDATE sign_job SET state = 'refused'")
    change(ward, "INSERT INTO value (run, name, kind, data, at) VALUES (1, ?, 'json', ?, 1)", REFUSAL,
           b'{"user": "doctor", "reason": "on the phone"}')  # fmt: skip
    change(ward, "UPDATE run SET state = 'running'")
    ward.phone.start()
    ward = await ward.anew().start()
    try:
        await ward.until(lambda: ward.run_of("a")["generation"] == 1)
        await ward.queued("a")
        assert ward.events("a", "jumped") == ["refused by doctor: on the phone"]
        await ward.signed("a")
    finally:
        await ward.stop()


# --- killed in every state


async def returned(ward: Ward, order: str) -> str:
    """The hash of what the CA made of the order's job, put where the engine keeps it."""
    job = await ward.sign(order)
    await ward.until(lambda: ward.run_of(order)["state"] == "waiting")
    ward.phone.lost = {"getSignResult"}
    await ward.decide(job)
    signed = ward.phone.clerk.signed(ward.phone.clerk.job(job["reference"]))  # type: ignore[arg-type]
    return str(ward.daemon.blobs.put(signed, "application/pdf").sha256)


@pytest.mark.limit(60)
async def test_a_restart_in_every_state_of_a_job(tmp_path: Path) -> None:
    """Each run goes on from the row that the crash left, and exactly one signed report goes out."""
    async with Story(tmp_path) as ward:
        answers = {}
        for state in ("prepared", "submitted", "waiting"):
            await ward.report(state)
            await ward.sign(state)
        for state in ("returned", "verified", "delivered"):
            await ward.report(state)
            answers[state] = await returned(ward, state)
        numbers = {order: ward.jobs(order)[0]["id"] for order in (*answers, "prepared", "submitted", "waiting")}
        ward.phone.stop()
    ward.phone.lost = set()
    for state in ("prepared", "submitted"):
        change(ward, "UPDATE sign_job SET state = ?, reference = '' WHERE id = ?", state, numbers[state])
    for state, sha256 in answers.items():
        change(ward, "UPDATE sign_job SET state = ?, returned = ? WHERE id = ?", state, sha256, numbers[state])
    change(ward, "UPDATE run SET state = 'running'")
    handed_in = ward.phone.count("addPdfSignJob")
    ward.phone.start()
    ward = await ward.anew().start()
    try:
        for order, sha256 in answers.items():
            await ward.at(order, "done")
            assert [blob.sha256 for blob in ward.sent(order)] == [sha256]
            assert ward.states(order) == ["delivered"]
        await ward.until(lambda: ward.states("prepared") == ["waiting"])
        assert ward.phone.count("addPdfSignJob") == handed_in + 1
        for order in ("prepared", "waiting"):
            await ward.decide(ward.jobs(order)[0])
            await ward.at(order, "done")
            assert (len(ward.sent(order)), ward.states(order)) == (1, ["delivered"])
        await ward.until(lambda: ward.run_of("submitted")["reason"].startswith(UNKNOWN))
        assert ward.states("submitted") == ["submitted"]
        run_id, doctor = ward.run_of("submitted")["id"], ward.users()["doctor"]
        await ward.act(lambda conn: signing.cancel(conn, run_id, doctor))
        await ward.queued("submitted", 1)
        await ward.signed("submitted")
    finally:
        await ward.stop()


async def test_an_accepted_signature_that_no_longer_holds_stops_the_run(tmp_path: Path) -> None:
    """Killed after the gate's yes, and the trust was changed before the start: nothing is sent, and a person hears."""
    async with Story(tmp_path) as ward:
        await ward.report("a")
        sha256 = await returned(ward, "a")
    change(ward, "UPDATE sign_job SET state = 'verified', returned = ?", sha256)
    change(ward, "UPDATE run SET state = 'running'")
    other = Ward(tmp_path / "other")
    other.phone.stop()
    root = other.phone.authority.root_pem.read_bytes()
    (tmp_path / "ca" / "root.pem").write_bytes(root)
    ward.phone.start()
    ward = await ward.anew().start()
    try:
        dead = await ward.at("a", "dead")
        assert dead["code"] == "WB-4005"
        assert "does not hold any more" in dead["reason"]
        assert ward.attention("a") == ["dead"]
        assert ward.sent("a") == []
        await ward.act(lambda conn: runs.cancel(conn, dead["id"], "operator", "a new order will come"))
        assert ward.states("a") == ["verified"]  # an answer that came is not undone by a cancel
    finally:
        await ward.stop()


# --- without an engine


def test_where_a_refusal_goes() -> None:
    class Named:
        refused = "report"

    class Unnamed:
        refused = ""

    jump, stop = refused(Named(), "doctor", "no"), refused(Unnamed(), "doctor", "no")  # type: ignore[arg-type]
    assert (jump.step, jump.reason) == ("report", "refused by doctor: no")  # type: ignore[union-attr]
    assert (stop.state, stop.code) == ("held", "WB-4065")  # type: ignore[union-attr]


def test_the_connection_says_the_provider() -> None:
    assert set(PROVIDERS) == {"coss"}
    assert PROVIDERS["coss"]().capabilities.asks_person
    assert AWAY > 1
