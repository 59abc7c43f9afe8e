"""`timer_in` and `kill -9`: each tick that is due is made, and none twice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.children import Child, until
from tests.crash.verbs_plant import Outside
from tests.ports import free_port

SITE = """connections:
  clock: {type: timer_in, every: 1s, missed: once}
  out: {type: http_out, url: 'http://127.0.0.1:OUT', timeout: 5s}
policies:
  default: {first: 50ms, max: 500ms, then: hold}
routes:
  ticks:
    receive: {from: clock, operation: tick}
    steps:
      - id: tick
        call:
          {to: out, operation: post, path: [tick, $(body/at)], body: $(body/at), idempotency_header: Idempotency-Key}
"""


POINTS = ["accept.before_commit", "accept.after_commit", "step.tick.intended", "step.tick.called"]


@pytest.mark.parametrize("point", POINTS)
def test_no_tick_comes_twice(tmp_path: Path, point: str) -> None:
    outside = Outside(tmp_path / "outside.jsonl")
    (tmp_path / "routes.yaml").write_text(SITE.replace("OUT", str(outside.port)), "utf-8")
    kill = tmp_path / "kill"
    web = f"127.0.0.1:{free_port()}"
    words = ["run", "--site", tmp_path, "--state", tmp_path / "var", "--web", web, "--band", "TEST"]
    daemon = Child("daemon", "engine.cli", words, tmp_path / "daemon.log")
    try:
        daemon.start(environment={"WAYBILL_KILL": f"@{kill}"})
        until(lambda: len(outside.done) >= 2, 60, daemon.tail)
        kill.write_text(point)
        until(lambda: not daemon.alive, 60, f"the point {point} was never reached")
        before = len(outside.done)
        daemon.start(environment={"WAYBILL_KILL": f"@{kill}"})
        until(lambda: len(outside.done) >= before + 2, 60, daemon.tail)
        daemon.end(60)
        with closing(sqlite3.connect(f"file:{tmp_path / 'var' / 'waybill.sqlite'}?mode=ro", uri=True)) as db:
            ticks = db.execute("SELECT count(*) FROM run").fetchone()[0]
            open_ = db.execute("SELECT count(*) FROM run WHERE ended_at IS NULL").fetchone()[0]
        assert all(times == 1 for times in outside.done.values()), outside.done
        assert sum(outside.came.values()) <= len(outside.done) + 1
        assert ticks - open_ <= len(outside.done) <= ticks, "a tick that is stored is told; none is told that is not"
    finally:
        daemon.kill()
        outside.close()
