"""Tests run on the real engine: good ones are good, and a wrong one is told with line, expected and got."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.testing.bench import GIVEN, played, said

GOOD = f"""
  - test: t
    {GIVEN}
    expect:
      reply: {{kind: accepted}}
      state: done
      status: Gone
      labels: {{id: 1!}}
      values: {{copy: 'yes', body//id: '1', out/said: 'yes'}}
      events: [created, done, ended]
      sent: {{peer: [{{operation: send, body: {{//id: '1', id: '1'}}, attempts: '1'}}]}}
      attention: []
      messages: [accepted]
"""


async def test_a_good_test_is_good(tmp_path: Path):
    outcome = await played(tmp_path, GOOD)
    assert outcome.good, (outcome.error, said(outcome))
    assert "step.out.intended" in outcome.passed


@pytest.mark.parametrize(
    ("right", "wrong", "what", "got"),
    [
        ("kind: accepted", "kind: repeat", "kind of the reply", "accepted"),
        ("state: done", "state: dead", "state of the run of r", "done"),
        ("status: Gone", "status: Went", "status of the run of r", "Gone"),
        ("id: 1!", "id: 2!", "label id of the run of r", "1!"),
        ("copy: 'yes'", "copy: {absent: 'true'}", "value copy of the run of r", "yes"),
        ("body//id: '1'", "body//name: '1'", "value body//name of the run of r", "nothing"),
        ("created, done, ended", "ended, created", "events of the run of r", "created"),
        ("body: {//id: '1'", "body: {//id: '2'", "peer send body //id", "1"),
        ("operation: send", "operation: post", "operation sent to peer", "send"),
        ("attempts: '1'", "attempts: '2'", "attempts at peer send", "1"),
        ("attention: []", "attention: [dead]", "open entries in Attention", "none"),
        ("messages: [accepted]", "messages: []", "outcomes of the messages", "accepted"),
    ],
)
async def test_each_expectation_can_fail(tmp_path: Path, right: str, wrong: str, what: str, got: str):
    assert right in GOOD
    outcome = await played(tmp_path, GOOD.replace(right, wrong))
    assert not outcome.good
    (found,) = [one for one in said(outcome) if one[0] == what]
    assert found[2].startswith(got)
    line = GOOD.replace(right, wrong)[: GOOD.replace(right, wrong).index(wrong)].count("\n") + 3
    assert abs(outcome.differences[0].at.line - line) <= 12, "the line of the expectation, or of its block"


async def test_nothing_sent_is_told_apart(tmp_path: Path):
    outcome = await played(tmp_path, f"  - {{test: t, {GIVEN}, expect: {{sent: {{peer: []}}}}}}\n")
    assert said(outcome) == [("sent to peer", "0", "1: send")]


async def test_time_passes_only_when_it_is_let(tmp_path: Path):
    text = f"""
      - test: t
        mocks: {{peer: [{{fail: unavailable, times: 3}}, {{answer: {{value: {{said: later}}}}}}]}}
        {GIVEN}
        then:
          - expect: {{state: waiting, code: WB-3001, sent: {{peer: []}}}}
          - advance: 1m
        expect: {{state: done, sent: {{peer: [{{attempts: '4'}}]}}}}
    """
    outcome = await played(tmp_path, text)
    assert outcome.good, (outcome.error, said(outcome))
    assert outcome.seconds < 10


async def test_a_doubt_is_answered_by_a_person_and_survives_a_restart(tmp_path: Path):
    text = f"""
      - test: t
        mocks: {{peer: [{{fail: in_doubt, times: 1}}, {{answer: {{value: {{said: again}}}}}}]}}
        {GIVEN}
        then:
          - restart: stop
          - expect: {{state: held, attention: [doubt]}}
          - restart: kill
          - answer: {{do: again}}
        expect: {{state: done, sent: {{peer: [{{attempts: '2'}}]}}}}
    """
    outcome = await played(tmp_path, text)
    assert outcome.good, (outcome.error, said(outcome))


@pytest.mark.parametrize("point", ["accept.after_commit", "step.out.intended", "step.out.called", "writer.after_commit",
                                   "writer.before_commit", "step.out.performed", "accept.arrived"])  # fmt: skip
async def test_killed_at_a_point_it_ends_the_same(tmp_path: Path, point: str):
    outcome = await played(tmp_path, GOOD.replace("values: {copy: 'yes', body//id: '1', out/said: 'yes'}", "code: ''")
                           .replace("copy: $(out/said)", ""), (point, 1), site=ONLY_OUT)  # fmt: skip
    assert outcome.killed == f"{point}:1"
    assert outcome.good, (outcome.error, said(outcome))
    assert outcome.doubts == (1 if point in ("step.out.intended", "step.out.called", "step.out.performed") else 0)


ONLY_OUT = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out, repeat: REPEAT}
routes:
  r:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {id: {path: //id}}
    steps:
      - {id: out, status: Going, call: {to: peer, operation: send, body: $(body), in_doubt: person}}
      - {id: kept, status: Gone, set: {labels: {id: '$(body/id)!'}}}
"""


async def test_what_a_test_cannot_do_is_told_with_its_line(tmp_path: Path):
    outcome = await played(tmp_path, f"  - {{test: t, {GIVEN}, then: [{{sign: accepted}}], expect: {{}}}}\n")
    assert outcome.error == "WB-7317 0 reports wait for a signature"
    assert outcome.at is not None
    assert outcome.explained[0].state == "done"


@pytest.mark.parametrize(("times", "code"), [(2, "''"), (9, "WB-7220")])
async def test_a_reply_that_waits_for_the_run_lets_time_pass(tmp_path: Path, times: int, code: str):
    text = f"""
      - test: t
        mocks: {{peer: [{{fail: unavailable, times: {times}}}, {{answer: {{value: {{said: later}}}}}}]}}
        {GIVEN}
        expect: {{reply: {{kind: accepted, code: {code}}}}}
    """
    site = ONLY_OUT.replace("identity: [//id]}", "identity: [//id], reply: {when: done, within: 4s}}")
    slow = "policies:\n  default: {first: 1s, factor: 1, max: 1s, give_up: 1h}\n"
    outcome = await played(tmp_path, text, site=slow + site)
    assert outcome.good, (outcome.error, said(outcome))
