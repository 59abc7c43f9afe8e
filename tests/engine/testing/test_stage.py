"""What outlives the engine: peers, clock, the empty store, the points."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import points
from engine.site.units import Percent
from engine.testing.engine import Killed
from engine.testing.stage import Stage
from tests.engine.testing.bench import GIVEN, cases, house

SITE = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out}
  records: {type: records}
  share: {type: folder, path: share}
policies:
  default: {first: 1s, jitter: 50%, give_up: 1h}
routes:
  r: {receive: {from: source, operation: order}, labels: {}, steps: [{id: s, set: {}}]}
"""


def stage(folder: Path, mocks: str = "{}", kill_at: tuple[str, int] | None = None) -> Stage:
    made = house(folder, SITE)
    (found,) = cases(made, f"  - {{test: t, mocks: {mocks}, {GIVEN}, expect: {{}}}}\n")
    return Stage(made, found.case, kill_at=kill_at)


def test_nothing_is_left_to_chance(tmp_path: Path):
    assert stage(tmp_path).site.policies["default"].jitter == Percent(0)


def test_records_are_the_real_ones_unless_they_are_mocked(tmp_path: Path):
    assert stage(tmp_path).is_own("records")
    assert not stage(tmp_path).is_own("peer")
    assert not stage(tmp_path, "{records: [{answer: {value: {name: x}}}]}").is_own("records")


def test_channels_that_know_a_good_answer_give_it(tmp_path: Path):
    peers = stage(tmp_path).peers
    assert peers["share"].fallback is not None
    assert peers["peer"].fallback is None


async def test_the_engine_ends_at_the_chosen_passing_and_only_once(tmp_path: Path):
    stand = stage(tmp_path, kill_at=("here", 2))
    await stand.live()
    stand.watch()
    points.point("here")
    with pytest.raises(Killed):
        points.point("here")
    with pytest.raises(Killed):
        points.point("there")
    assert stand.engine is not None
    stand.engine.kill()
    await stand.live()
    points.point("here")
    assert stand.killed
    assert stand.passed.count("here") == 3
    stand.close()
    points.point("here")
