"""The jobs of the CA simulator: decided once, signed once, kept over a restart."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.ca_jobs import Clerk, Log
from simulators.ca_keys import Authority
from simulators.report import report_bytes

PDF = report_bytes("1||2", "planted name", "ANS")
Make = Callable[..., Clerk]


@pytest.fixture(name="make")
def fixture_make(tmp_path: Path) -> Make:
    def clerk(phone: str = "ask", delay: float = 0.0) -> Clerk:
        log = Log(tmp_path / "calls.jsonl", 0)
        return Clerk(tmp_path / "jobs", Authority(tmp_path, "ecdsa"), log, phone, delay)

    return clerk


def test_a_job_is_decided_once(make: Make) -> None:
    clerk = make()
    job = clerk.add("U-D9001", "planted name", 60, None, PDF)
    assert [one.id for one in clerk.waiting()] == [job.id]
    assert clerk.decide(job.id, "approve")
    assert not clerk.decide(job.id, "refuse")
    assert not clerk.decide("none", "approve")
    assert clerk.signed(job).startswith(PDF)
    assert clerk.certificate(job)


def test_the_log_has_sums_and_no_title(make: Make, tmp_path: Path) -> None:
    clerk = make("approve")
    job = clerk.add("U-D9001", "planted name", 60, None, PDF)
    assert clerk.job(job.id) is not None
    text = (tmp_path / "calls.jsonl").read_text()
    assert "planted" not in text
    assert json.loads(text)["signature"] == job.id


def test_a_signature_made_before_a_crash_is_not_made_again(make: Make) -> None:
    clerk = make()
    job = clerk.add("U-D9001", "t", 60, None, PDF)
    clerk._sign(job)
    signed = clerk.signed(job)
    again = make()  # as after a restart: the job still waits
    assert again.decide(job.id, "approve")
    assert again.signed(job) == signed


@pytest.mark.parametrize(("phone", "state"), [("refuse", "REFUSE"), ("ignore", "WAIT"), ("approve", "FINISH")])
def test_the_phone_decides_by_itself(make: Make, phone: str, state: str) -> None:
    clerk = make(phone)
    job = clerk.job(clerk.add("U-D9001", "t", 60, None, PDF).id)
    assert job is not None
    assert job.state == state


def test_over_time_is_expired(make: Make) -> None:
    clerk = make("approve", delay=10)
    job = clerk.add("U-D9001", "t", -1, None, PDF)
    assert not clerk.decide(job.id, "approve")
    found = clerk.job(job.id)
    assert found is not None
    assert found.state == "EXPIRE"
