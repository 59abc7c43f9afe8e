"""A run's context in a rehearsal: writes down, answers from the record."""

from __future__ import annotations

from pathlib import Path

from engine.message import InDoubt, Refused, Unavailable
from engine.rehearsal.context import Sent, _failure
from engine.rehearsal.record import EffectRecord, RunRecord
from tests.engine.rehearsal.test_walk import RUN, walked

CALL = "{id: a, call: {to: peer, operation: send, body: $(body/id), EXPECT}}"
DONE = {"a": EffectRecord("k", "a", "done", 5, "", "")}


async def test_an_answer_of_nothing_is_no_assumption(tmp_path: Path):
    made = await walked(tmp_path, CALL.replace(", EXPECT", ""), RunRecord(RUN, "done", "a", "", "", {}, DONE))
    assert [(sent.connection, sent.arguments, sent.assumed) for sent in made.sent] == [("peer", {"body": "1"}, False)]


async def test_what_was_never_answered_is_assumed(tmp_path: Path):
    made = await walked(tmp_path, CALL.replace(", EXPECT", ""))
    assert [sent.assumed for sent in made.sent] == [True]


async def test_another_expectation_of_the_same_answer(tmp_path: Path):
    step = CALL.replace("EXPECT", "expect: {path: $(body/code), is: '0'}, not_expected: refuse")
    good = RunRecord(RUN, "done", "a", "", "", {"a": {"code": "0"}}, DONE)
    bad = RunRecord(RUN, "done", "a", "", "", {"a": {"code": "1"}}, DONE)
    assert (await walked(tmp_path, step, good)).state == "done"
    assert (await walked(tmp_path, step, bad)).code == "WB-2007"


def test_failures():
    assert isinstance(_failure("refused", "WB-3003", "no"), Refused)
    assert isinstance(_failure("unavailable", "WB-3001", "away"), Unavailable)
    assert isinstance(_failure("intended", "", ""), InDoubt)


def test_what_is_sent_is_not_in_a_repr():
    assert "secret" not in repr(Sent("a", "call", "peer", "send", {"body": "secret"}))
