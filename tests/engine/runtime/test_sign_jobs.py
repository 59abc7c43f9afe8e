"""Rows of signing jobs: who moves one first has it, and what is kept of one that ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.message import Blob
from engine.ops import users
from engine.runtime import sign_jobs
from engine.runtime.outcome import Run
from engine.runtime.sign_jobs import REFUSAL, Job
from engine.runtime.values import decode
from engine.store.database import Store
from engine.store.schema import sign_job
from tests.engine.ops import seed

NOW = seed.NOW
SUM = "ab" * 32


@pytest.fixture(name="store")
def fixture_store(tmp_path: Any, reactor: Any) -> Any:
    store = Store(tmp_path / "waybill.sqlite", reactor, durable=False)
    store.open()
    yield store
    store.close()


@pytest.fixture(name="job")
def fixture_job(store: Store) -> Job:
    """A job of the first run, handed in."""

    def make(conn: Connection) -> Job:
        seq, _ = seed.run(conn, step="signed", status="Processed")
        owner = users.add(conn, "doctor", "示例医师", ["PH"], "D9001", "U-D9001", "ANS")
        return add(conn, seq, 1, "submitted", owner)

    return store.write_now(make)


def add(conn: Connection, run: int, generation: int, state: str, owner: int, **columns: Any) -> Job:
    row = {"run": run, "generation": generation, "key": f"{run}-{generation}", "provider": "ca", "state": state,
           "owner": owner, "sent": SUM, "reference": "", "findings": [], "reason": "", "created_at": NOW,
           "expires_at": NOW + 1000, **columns}  # fmt: skip
    conn.execute(sign_job.insert().values(row))
    return sign_jobs.by_run(conn, run)[0]


def row(store: Store, job: Job) -> dict[str, Any]:
    found = store.read_now(
        lambda conn: conn.exec_driver_sql("SELECT * FROM sign_job WHERE id = ?", (job.id,)).mappings()
    )
    return dict(next(iter(found)))


def as_run(seq: int) -> Run:
    return Run(seq, "r" * 26, "m" * 26, None, seq, None, "exam_report", "r1", "Processed", "signed", 0, 1, NOW, NOW)


def test_the_newest_job_comes_first_and_an_owner_as_the_rules_need_one(store: Store, job: Job) -> None:
    store.write_now(lambda conn: add(conn, job.run, 2, "prepared", job.owner))
    assert [one.generation for one in store.read_now(lambda conn: sign_jobs.by_run(conn, job.run))] == [2, 1]
    owner = store.read_now(lambda conn: sign_jobs.owner_of(conn, job.owner))
    assert (owner.login, owner.roles, owner.staff_number) == ("doctor", frozenset({"PH"}), "D9001")
    assert (owner.department, owner.disabled) == ("ANS", False)
    assert "U-D9001" not in repr(owner)


def test_of_two_who_move_a_job_one_does(store: Store, job: Job) -> None:
    assert store.write_now(lambda conn: sign_jobs.move(conn, job.id, "submitted", "cancelled", ended_at=NOW))
    assert not store.write_now(lambda conn: sign_jobs.move(conn, job.id, "submitted", "expired"))
    assert row(store, job)["state"] == "cancelled"


def test_begun_keeps_the_providers_reference(store: Store, job: Job) -> None:
    assert store.write_now(lambda conn: sign_jobs.begun(conn, job.id, "J1", NOW))
    assert (row(store, job)["state"], row(store, job)["reference"]) == ("waiting", "J1")


def test_begun_after_it_was_taken_back_keeps_the_reference_for_the_provider(store: Store, job: Job) -> None:
    store.write_now(lambda conn: sign_jobs.move(conn, job.id, "submitted", "cancelled", ended_at=NOW - 9_000_000))
    assert not store.write_now(lambda conn: sign_jobs.begun(conn, job.id, "J1", NOW))
    assert row(store, job)["state"] == "cancelled"
    found = store.read_now(lambda conn: sign_jobs.abandoned(conn, NOW - 1))
    assert [one.reference for one in found] == ["J1"]


def test_begun_of_a_job_that_expired_changes_nothing(store: Store, job: Job) -> None:
    store.write_now(lambda conn: sign_jobs.move(conn, job.id, "submitted", "expired", ended_at=NOW))
    assert not store.write_now(lambda conn: sign_jobs.begun(conn, job.id, "J1", NOW))
    assert row(store, job)["reference"] == ""


def test_a_refusal_is_kept_in_the_same_commit_as_the_end(store: Store, job: Job) -> None:
    owner = store.read_now(lambda conn: sign_jobs.owner_of(conn, job.owner))
    refuse = lambda conn: sign_jobs.refused(conn, as_run(job.run), job, owner, NOW)  # noqa: E731
    assert not store.write_now(refuse)  # it does not wait for the phone
    assert values(store, job.run) == {}
    store.write_now(lambda conn: sign_jobs.begun(conn, job.id, "J1", NOW))
    assert store.write_now(refuse)
    assert values(store, job.run) == {REFUSAL: {"user": "doctor", "reason": "on the phone"}}
    assert (row(store, job)["state"], row(store, job)["ended_at"]) == ("refused", NOW)


def values(store: Store, seq: int) -> dict[str, Any]:
    found = store.read_now(
        lambda conn: conn.exec_driver_sql("SELECT name, kind, data FROM value WHERE run = ?", (seq,)).fetchall()
    )
    return {name: decode(kind, data) for name, kind, data in found}


def test_what_came_back_is_kept_before_the_gate_speaks(store: Store, job: Job) -> None:
    answer = Blob("cd" * 32, 7, "application/pdf")
    keep = lambda conn: sign_jobs.keep_answer(conn, job.id, answer, NOW)  # noqa: E731
    assert not store.write_now(keep)
    store.write_now(lambda conn: sign_jobs.begun(conn, job.id, "J1", NOW))
    assert store.write_now(keep)
    assert (row(store, job)["state"], row(store, job)["returned"]) == ("returned", answer.sha256)


def test_quarantine_lists_every_broken_rule_once(store: Store, job: Job) -> None:
    told = [("WB-4001", "WB-4001 not the same beginning"), ("WB-4006", "WB-4006 another certificate")]
    put = lambda conn: sign_jobs.quarantine(conn, as_run(job.run), job, told, NOW)  # noqa: E731
    assert not store.write_now(put)
    store.write_now(lambda conn: sign_jobs.move(conn, job.id, "submitted", "returned", returned=SUM))
    assert store.write_now(put)
    assert not store.write_now(put)
    assert json.loads(row(store, job)["findings"]) == [line for _, line in told]
    listed = store.read_now(lambda conn: conn.exec_driver_sql("SELECT kind, code, reason FROM attention").fetchall())
    assert [tuple(one) for one in listed] == [
        ("quarantine", "WB-4001", "the signed answer was refused: WB-4001 not the same beginning")
    ]


def test_cancel_ends_open_jobs_and_no_others(store: Store, job: Job) -> None:
    store.write_now(lambda conn: add(conn, job.run, 2, "delivered", job.owner))
    store.write_now(lambda conn: sign_jobs.cancel(conn, job.run, "the run was cancelled", NOW))
    states = {one.generation: one.state for one in store.read_now(lambda conn: sign_jobs.by_run(conn, job.run))}
    assert states == {1: "cancelled", 2: "delivered"}
    assert row(store, job)["reason"] == "the run was cancelled"


def test_the_provider_is_told_once_and_not_of_what_it_never_had(store: Store, job: Job) -> None:
    ended = {"ended_at": NOW, "reference": "J"}
    store.write_now(lambda conn: add(conn, job.run, 2, "cancelled", job.owner, ended_at=NOW))  # never handed in
    store.write_now(lambda conn: add(conn, job.run, 3, "expired", job.owner, **ended))
    store.write_now(lambda conn: add(conn, job.run, 4, "cancelled", job.owner, **{**ended, "ended_at": NOW - 5000}))
    mine = store.write_now(lambda conn: add(conn, job.run, 5, "cancelled", job.owner, **ended))
    look = lambda conn: [one.generation for one in sign_jobs.abandoned(conn, NOW - 1000)]  # noqa: E731
    assert store.read_now(look) == [5]
    store.write_now(lambda conn: sign_jobs.told(conn, mine.id, "cancelled at the provider"))
    assert store.read_now(look) == []
