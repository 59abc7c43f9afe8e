"""One life of the engine: it comes to rest, it is killed with nothing left over, days pass at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.store import clock
from engine.testing.engine import Engine, Killed
from engine.testing.happen import incoming
from engine.testing.stage import Stage
from tests.engine.testing.bench import GIVEN, cases, house

POLLS = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out, repeat: same}
routes:
  r:
    receive: {from: source, operation: order, identity: [//id]}
    steps:
      - {id: asked, wait: {for: poll, call: {to: peer, operation: find}, every: 1m, until: 30d}}
"""


async def stage(folder: Path, site: str) -> Stage:
    made = house(folder, site, "same")
    (found,) = cases(made, f"  - {{test: t, mocks: {{peer: [{{}}]}}, {GIVEN}, expect: {{}}}}\n")
    return Stage(made, found.case)


async def test_three_days_of_questions_pass_in_little_time(tmp_path: Path):
    stand = await stage(tmp_path, POLLS)
    began, start = time.monotonic(), stand.clock.now()
    with clock.told_by(stand.clock.now):
        engine = await stand.live()
        await engine.during(engine.runtime.inbox.accept(incoming(stand.case.given[0])))
        await engine.until(start + 10 * 60_000)
        assert stand.peers["peer"].sent[0].attempts == 11, "one at once, then each minute"
        await engine.until(start + 72 * 3_600_000)
        assert 100 < stand.peers["peer"].sent[0].attempts < 400
        assert stand.clock.now() == start + 72 * 3_600_000
        stand.close()
    assert time.monotonic() - began < 15
    assert not stand.folder.exists()


async def test_a_killed_engine_writes_and_sends_nothing_more(tmp_path: Path):
    stand = await stage(tmp_path, POLLS)
    engine = await stand.live()
    await engine.write(lambda conn: conn.exec_driver_sql("UPDATE run SET state = state"))
    late = engine.store.write(lambda conn: conn.exec_driver_sql("DELETE FROM run"))
    engine.kill()
    assert not late.called
    assert not engine.store.write(lambda conn: None).called
    with pytest.raises(Killed):
        await engine.settle()
    with pytest.raises(Killed):
        await engine.during(engine.store.read(lambda conn: None))
    stand.close()


async def test_a_clean_stop_and_another_life(tmp_path: Path):
    stand = await stage(tmp_path, POLLS)
    first = await stand.live()
    await first.stop()
    second = await stand.live()
    assert isinstance(second, Engine)
    assert second is not first
    await second.settle()
    stand.close()
