"""What a physician does with a report that waits, and who may not: on rows, without an engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.message import Refused
from engine.ops import runs, signing, users
from engine.runtime.sign_jobs import REFUSAL
from engine.runtime.values import decode
from engine.store.database import Store
from engine.store.schema import sign_job, wait
from tests.engine.ops import seed

DOCUMENT, OTHER_DOCUMENT = "ab" * 32, "cd" * 32


class Desk:
    """A report that waits for a signature, and two physicians."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.seq, self.run = store.write_now(lambda conn: seed.run(conn, step="signed", status="Processed"))
        self.doctor = self.person("doctor", "D9001")
        self.other = self.person("other", "D9002")
        self.waits(DOCUMENT)

    def person(self, login: str, staff: str) -> int:
        return int(self.store.write_now(lambda c: users.add(c, login, "示例医师", ["PH"], staff, f"U-{staff}")))

    def waits(self, document: str) -> None:
        """The step registers that it waits for this report's signature."""
        match = {"document": document, "provider": "ca", "by": {"role": "physician"}}

        def put(conn: Connection) -> None:
            conn.execute(wait.delete())
            conn.execute(wait.insert().values(run=self.seq, kind="sign", step="signed", armed_at=seed.NOW, match=match))

        self.store.write_now(put)

    def does(self, act: Any, *arguments: Any, user: int = 0) -> Any:
        return self.store.write_now(lambda conn: act(conn, self.run, user or self.doctor, *arguments))

    def change(self, sql: str, *values: Any) -> None:
        self.store.write_now(lambda conn: conn.exec_driver_sql(sql, tuple(values)))

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        found = self.store.read_now(lambda conn: conn.exec_driver_sql(sql).fetchall())
        return [tuple(row) for row in found]

    def states(self) -> list[str]:
        return [state for (state,) in self.rows("SELECT state FROM sign_job ORDER BY generation")]

    def state(self) -> str:
        return str(self.rows(f"SELECT state FROM run WHERE seq = {self.seq}")[0][0])

    def refusal(self) -> Any:
        found = self.rows(f"SELECT kind, data FROM value WHERE name = '{REFUSAL}'")
        return decode(*found[0]) if found else None


@pytest.fixture(name="desk")
def fixture_desk(store: Store) -> Desk:
    return Desk(store)


# --- request


def test_a_request_is_a_job_of_its_own_key_and_wakes_the_run(desk: Desk) -> None:
    number = desk.does(signing.request)
    ((job, generation, state, owner, sent, provider, key),) = desk.rows(
        "SELECT id, generation, state, owner, sent, provider, key FROM sign_job"
    )
    assert (job, generation, state, owner, sent, provider) == (number, 1, "prepared", desk.doctor, DOCUMENT, "ca")
    assert len(key) == 64
    assert desk.state() == "ready"
    assert desk.rows("SELECT kind, text, user FROM event") == [("sign", "signature asked for", "doctor")]


def test_of_two_requests_one_wins(desk: Desk) -> None:
    desk.does(signing.request)
    for user in (desk.doctor, desk.other):
        with pytest.raises(Refused, match="WB-4061"):
            desk.does(signing.request, user=user)
    assert desk.states() == ["prepared"]


async def test_of_two_requests_at_once_one_wins(store: Store) -> None:
    desk = Desk(store)
    asked = [store.write(lambda conn, user=user: signing.request(conn, desk.run, user))  # type: ignore[misc]
             for user in (desk.doctor, desk.other)]  # fmt: skip
    answers: list[Any] = []
    for one in asked:
        try:
            answers.append(await one)
        except Refused as refused:
            answers.append(refused.code)
    assert len([answer for answer in answers if answer == "WB-4061"]) == 1
    assert len(desk.states()) == 1


@pytest.mark.parametrize("state", ["refused", "expired", "cancelled", "failed", "quarantined"])
def test_after_an_end_without_a_signature_another_generation_begins(desk: Desk, state: str) -> None:
    desk.does(signing.request)
    desk.change("UPDATE sign_job SET state = ?", state)
    desk.does(signing.request, user=desk.other)
    assert desk.states() == [state, "prepared"]
    assert len({key for (key,) in desk.rows("SELECT key FROM sign_job")}) == 2


@pytest.mark.parametrize("state", ["prepared", "submitted", "waiting", "returned", "verified", "delivered"])
def test_a_job_of_the_report_before_the_run_came_back_blocks_nothing(desk: Desk, state: str) -> None:
    """A new measurement is another document: a signature of the old one says nothing of it."""
    desk.does(signing.request)
    desk.change("UPDATE sign_job SET state = ?", state)
    with pytest.raises(Refused, match="WB-4061"):
        desk.does(signing.request)
    desk.waits(OTHER_DOCUMENT)
    desk.does(signing.request, user=desk.other)
    kept = state if state in ("verified", "delivered") else "cancelled"
    assert desk.states() == [kept, "prepared"]


def test_a_changed_order_is_read_again_first(desk: Desk) -> None:
    desk.change("UPDATE run SET blocked = 'the order was changed'")
    with pytest.raises(Refused, match="WB-4062"):
        desk.does(signing.request)
    desk.does(signing.reread)
    desk.does(signing.request)
    assert [kind for (kind,) in desk.rows("SELECT kind FROM event ORDER BY seq")] == ["read again", "sign"]


@pytest.mark.parametrize("act", [signing.request, signing.cancel, signing.reread])
def test_only_what_waits_and_only_by_whom_there_is(desk: Desk, act: Any) -> None:
    with pytest.raises(Refused, match="WB-4040"):
        desk.does(act, user=999)
    desk.change("UPDATE users SET disabled_at = 1 WHERE id = ?", desk.doctor)
    with pytest.raises(Refused, match="WB-4040"):
        desk.does(act)
    for state in ("held", "dead", "done", "cancelled"):
        desk.change("UPDATE run SET state = ?", state)
        with pytest.raises(Refused, match="WB-4060"):
            desk.does(act, user=desk.other)
    desk.change("UPDATE run SET state = 'waiting'")
    desk.change("DELETE FROM wait")
    with pytest.raises(Refused, match="WB-4060"):
        desk.does(act, user=desk.other)
    desk.run = "x" * 26
    with pytest.raises(Refused, match="WB-7302"):
        desk.does(act, user=desk.other)


def test_a_run_that_is_being_looked_at_gets_a_signal(desk: Desk) -> None:
    desk.change("UPDATE run SET state = 'running'")
    desk.does(signing.request)
    assert desk.state() == "running"
    assert desk.rows("SELECT run, verb, applied_at FROM signal") == [(desk.seq, "wake", None)]


# --- refuse


def test_refused_on_the_page_ends_the_own_job_and_leaves_a_word_for_the_step(desk: Desk) -> None:
    with pytest.raises(Refused, match="WB-4063"):
        desk.does(signing.refuse, "  ")
    desk.does(signing.request)
    desk.does(signing.refuse, f" {'no' * 300} ")
    assert desk.states() == ["cancelled"]
    assert desk.refusal() == {"user": "doctor", "reason": ("no" * 300)[:400]}
    assert desk.rows("SELECT reason FROM sign_job") == [("refused on the page",)]
    assert desk.state() == "ready"


def test_another_users_job_is_not_refused_nor_taken_back(desk: Desk) -> None:
    desk.does(signing.request)
    for act, words in ((signing.refuse, ("no",)), (signing.cancel, ())):
        with pytest.raises(Refused, match="WB-4040"):
            desk.does(act, *words, user=desk.other)
    assert desk.states() == ["prepared"]
    assert desk.refusal() is None


@pytest.mark.parametrize("state", ["returned", "verified", "delivered"])
def test_when_a_signature_came_back_only_the_gate_speaks(desk: Desk, state: str) -> None:
    """A refusal that comes now would leave a job that nobody ends, and a report that nobody may sign."""
    desk.does(signing.request)
    desk.change("UPDATE sign_job SET state = ?", state)
    desk.change("UPDATE run SET state = 'running'")
    for act, words in ((signing.refuse, ("no",)), (signing.cancel, ())):
        with pytest.raises(Refused, match="WB-4061"):
            desk.does(act, *words)
    assert desk.refusal() is None
    assert desk.states() == [state]


def test_a_person_who_tries_a_held_run_again_takes_the_refusal_away(desk: Desk) -> None:
    desk.does(signing.refuse, "no")
    desk.change("UPDATE run SET state = 'held'")
    desk.store.write_now(lambda conn: runs.retry(conn, desk.run, "operator", "asked her"))
    assert desk.refusal() is None


# --- cancel


@pytest.mark.parametrize("state", ["prepared", "submitted", "waiting"])
def test_the_owner_takes_a_job_back(desk: Desk, state: str) -> None:
    desk.does(signing.request)
    desk.change("UPDATE sign_job SET state = ?", state)
    desk.change("UPDATE run SET state = 'waiting'")
    desk.does(signing.cancel)
    assert desk.rows("SELECT state, reason, ended_at > 0 FROM sign_job") == [
        ("cancelled", "taken back by its owner", 1)
    ]
    assert desk.state() == "ready"
    with pytest.raises(Refused, match="WB-4060"):
        desk.does(signing.cancel)


def test_a_cancelled_run_ends_its_jobs(desk: Desk) -> None:
    desk.does(signing.request)
    desk.store.write_now(lambda conn: runs.cancel(conn, desk.run, "operator", ""))
    assert desk.states() == ["cancelled"]
    assert desk.rows("SELECT run FROM wait") == []


def test_findings_are_a_list_from_the_beginning(desk: Desk) -> None:
    desk.does(signing.request)
    assert json.loads(desk.rows("SELECT findings FROM sign_job")[0][0]) == []
    assert [column.name for column in sign_job.primary_key] == ["id"]
