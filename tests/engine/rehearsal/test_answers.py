"""Whose record answers which step."""

from __future__ import annotations

from pathlib import Path

from engine.registry import Registry
from engine.rehearsal.answers import Answers
from engine.rehearsal.record import EffectRecord, RunRecord
from engine.runtime import ledger
from engine.runtime.outcome import Run
from engine.site.load import load_site
from engine.site.model import Route
from tests.engine.world import write_site

SITE = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out, repeat: same}
  other: {type: memory_out, repeat: same}
routes:
  r:
    receive: {from: source, operation: order, identity: [//id]}
    steps:
      - {id: one, call: {to: peer, operation: send, body: $(body)}}
      - {id: two, call: {to: peer, operation: send, body: $(body)}}
      - {id: three, call: {to: other, operation: copy, body: $(body)}}
"""
RUN = Run(7, "id", "m", None, 7, None, "r", "rev", None, "one", 0, 1, 5, 5)


def route(folder: Path, text: str) -> Route:
    return load_site(write_site(folder, text), Registry()).routes["r"]


def record(state: str = "done", step: str = "three", code: str = "") -> RunRecord:
    effects = {"one": EffectRecord("key of one", "one", "done", 11, "", "")}
    return RunRecord(RUN, state, step, code, "", {"one": "first", "two": None}, effects)


def test_by_id_and_by_what_is_asked(tmp_path: Path):
    old = route(tmp_path / "old", SITE)
    new = route(tmp_path / "new", SITE.replace("id: two", "id: second").replace("id: three", "id: copy"))
    made = Answers(record(), old, new)
    assert [made.origin(step) for step in new.steps] == ["one", "two", "three"]
    assert made.known(new.steps[0]).value == "first"
    assert made.known(new.steps[1]).found, "an answer of nothing is an answer"
    assert not made.known(new.steps[2]).found


def test_a_step_that_was_not_there_has_no_record(tmp_path: Path):
    old = route(
        tmp_path / "old", SITE.replace("      - {id: three, call: {to: other, operation: copy, body: $(body)}}\n", "")
    )
    new = route(tmp_path / "new", SITE)
    made = Answers(record(step="two"), old, new)
    assert made.origin(new.steps[2]) is None
    assert not made.known(new.steps[2]).passed


def test_ids_and_times_of_effects_are_the_same_on_both_sides(tmp_path: Path):
    old = route(tmp_path / "old", SITE)
    new = route(tmp_path / "new", SITE.replace("id: two", "id: second"))
    before, after = Answers(record(), old, old), Answers(record(), old, new)
    assert before.effect(old.steps[0], RUN, 1) == ("key of one", 11)
    assert before.effect(old.steps[1], RUN, 1) == after.effect(new.steps[1], RUN, 1)
    assert after.effect(new.steps[1], RUN, 1) == (ledger.effect_key(RUN, "two"), 5)
    assert after.effect(new.steps[1], RUN, 2)[0] != after.effect(new.steps[1], RUN, 1)[0]


def test_what_the_run_left_behind(tmp_path: Path):
    old = route(tmp_path, SITE)

    def passed(one: RunRecord) -> list[bool]:
        return [Answers(one, old, old).known(step).passed for step in old.steps]

    assert passed(record()) == [True, True, True]
    assert passed(record("waiting", "two")) == [True, False, False]
    assert passed(record("dead", "two", "WB-2014")) == [True, True, False], "its time was over"


def test_a_run_that_was_not_there(tmp_path: Path):
    old = route(tmp_path, SITE)
    made = Answers(None, None, old)
    assert made.origin(old.steps[0]) is None
    assert made.value("one") is None
