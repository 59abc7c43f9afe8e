"""The ledger: one effect by its key, again only when it was certainly not done, a folder of one run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from engine.message import Refused
from engine.runtime import ledger
from engine.runtime.ledger import Intent, effect_key
from engine.runtime.outcome import EffectEnd, Run
from engine.store.database import Store

RUN = Run(7, "run-7", "m", 3, 1, '["a"]', "r", "1", None, "out", 0, 1, 1, 1)


@pytest.fixture(name="conn")
def fixture_conn(tmp_path: Path, reactor: Any) -> Iterator[Connection]:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()
    with store._engine.connect() as conn:
        yield conn
    store.close()


def test_the_key_is_of_route_step_root_child_and_generation() -> None:
    key = effect_key(RUN, "out")
    assert len(key) == 64
    same = dataclasses.replace(RUN, seq=8, id="x", attempts=9, revision="2", status="Sent", first_try_at=5)
    assert effect_key(same, "out") == key
    for child in (None, 'a "b" 植\n\x01'):
        one = dataclasses.replace(RUN, child_key=child)
        parts = [one.route, "out", one.root, child or one.seq, one.generation]
        text = json.dumps(parts, ensure_ascii=False)
        assert effect_key(one, "out") == hashlib.sha256(text.encode()).hexdigest(), "as in the stores that are there"
    others = [{"route": "x"}, {"root": 2}, {"child_key": '["b"]'}, {"generation": 1}, {"child_key": None}]
    keys = {effect_key(dataclasses.replace(RUN, **other), "out") for other in others}  # type: ignore[arg-type]
    assert len(keys | {key, effect_key(RUN, "two")}) == 7


@pytest.mark.parametrize(
    ("state", "then"),
    [("unavailable", "fresh"), ("refused", "fresh"), ("again", "fresh"), ("intended", "intended"),
     ("doubt", "doubt"), ("ask", "ask"), ("arrived", "arrived"), ("done", "done")],
)  # fmt: skip
def test_an_effect_is_made_again_only_when_it_was_certainly_not_done(conn: Connection, state: str, then: str) -> None:
    first = ledger.intend(conn, RUN, Intent("k", "sink", "send"), 100)
    assert (first.state, first.attempt, first.at) == ("fresh", 1, 100)
    ledger.end(conn, RUN, EffectEnd("k", state), 200)
    second = ledger.intend(conn, RUN, Intent("k", "sink", "send"), 300)
    assert (second.state, second.at) == (then, 100)
    assert second.attempt == (2 if then == "fresh" else 1)


def test_a_persons_word_settles_only_what_is_in_doubt(conn: Connection) -> None:
    ledger.intend(conn, RUN, Intent("k", "sink", "send"), 100)
    assert ledger.answer(conn, RUN.seq, "out", "arrived", 200) == 0
    ledger.end(conn, RUN, EffectEnd("k", "doubt", "WB-3002", "no answer"), 150)
    assert ledger.answer(conn, RUN.seq, "two", "arrived", 200) == 0
    assert ledger.answer(conn, RUN.seq, "out", "arrived", 200) == 1
    found = ledger.get(conn, RUN, "k")
    assert found is not None
    assert found.state == "arrived"
    assert ledger.get(conn, RUN, "unheard") is None


def test_a_folder_is_one_runs_own(conn: Connection) -> None:
    ledger.intend(conn, RUN, Intent("k", "dir", "make", owns="a/1"), 100)
    ledger.intend(conn, RUN, Intent("k", "dir", "make", owns="a/1"), 101)
    other = dataclasses.replace(RUN, seq=8)
    with pytest.raises(Refused, match="WB-3005"):
        ledger.intend(conn, other, Intent("l", "dir", "make", owns="a/1"), 102)
    ledger.intend(conn, other, Intent("l", "else", "make", owns="a/1"), 102)
