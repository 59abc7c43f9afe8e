"""Stylesheets and plug-ins that never end or eat memory, in real workers: stopped, and nobody else waits for them.

The hot path is counted: orders are accepted by the hundred while runaways run, and none of them is lost or refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, gatherResults
from twisted.python.failure import Failure

from engine.message import Refused
from engine.site.paths import Template
from engine.transform.jobs import RunHeader
from engine.transform.pool import Pool
from tests.engine.transform.test_accept import SPEC, sample
from tests.engine.transform.test_jobs import DOUBLING

JOBS = "engine.transform.jobs:"
HEADER = RunHeader("u", 1, "2026-11-20T11:30:00+08:00", 1, "ab" * 32)
PLUGINS = {
    "endless": "def transform(values, settings):\n    while True:\n        pass\n",
    "greedy": "def transform(values, settings):\n    a = []\n    while True:\n        a.append(bytearray(1 << 24))\n",
    "deaf": "def transform(values, settings):\n    while True:\n        try:\n            while True: pass\n"
            "        except BaseException: pass\n",
    "gone": "import os\ndef transform(values, settings):\n    os._exit(1)\n",
    "good": "def transform(values, settings):\n    return settings['a'] + values['v']\n",
}  # fmt: skip


@pytest.fixture
def pool(reactor: Any, drive: Callable[[Coroutine[Any, Any, Any]], Any]) -> Iterator[Pool]:
    made = Pool(reactor, size=2, deadline=2.0, memory=600 << 20)
    made.start()
    yield made
    drive(made.stop())


@pytest.fixture
def site(tmp_path: Path) -> Path:
    for name, text in PLUGINS.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "doubling.xsl").write_text(DOUBLING)
    return tmp_path


def code_of(failure: Failure) -> Any:
    assert isinstance(failure.value, Refused)
    return failure.value.code


def plugin(pool: Pool, site: Path, name: str) -> Deferred[Any]:
    return pool.run(JOBS + "plugin", str(site / f"{name}.py"), {"v": "b"}, HEADER, {"a": "a"})


@pytest.mark.parametrize(
    ("name", "code"), [("endless", "WB-2004"), ("deaf", "WB-2004"), ("greedy", "WB-2005"), ("gone", "WB-2005")]
)
async def test_a_runaway_plug_in_is_stopped_and_the_next_one_is_done(
    pool: Pool, site: Path, name: str, code: str
) -> None:
    with pytest.raises(Refused) as caught:
        await plugin(pool, site, name)
    assert caught.value.code == code
    assert await plugin(pool, site, "good") == "ab"


async def test_plug_ins_run_apart_from_orders(pool: Pool, site: Path) -> None:
    orders = set(pool.pids)
    assert await plugin(pool, site, "good") == "ab"
    assert len(set(pool.pids) - orders) >= 1
    assert orders <= set(pool.pids)


async def test_orders_are_accepted_while_plug_ins_run_away(pool: Pool, site: Path) -> None:
    await pool.run(JOBS + "accept", SPEC, sample(), "text/xml")
    runaways = [plugin(pool, site, "endless").addErrback(code_of) for _ in range(4)]
    begin = time.monotonic()
    accepted = await gatherResults([pool.run(JOBS + "accept", SPEC, sample(), "text/xml") for _ in range(300)])
    took = time.monotonic() - begin
    assert [read.findings for read in accepted] == [()] * 300
    assert not all(runaway.called for runaway in runaways) or took > 2.0  # they were done beside them, not after them
    assert await gatherResults(runaways) == ["WB-2004"] * 4


async def test_a_stylesheet_that_was_stopped_costs_the_orders_one_worker_once(pool: Pool, site: Path) -> None:
    sheet = str(site / "doubling.xsl")
    await pool.run(JOBS + "evaluate", {"a": Template("x")}, {}, {})
    with pytest.raises(Refused, match="WB-2004"):
        await pool.run(JOBS + "xslt", sheet, HEADER, None, {})
    await pool.run(JOBS + "evaluate", {"a": Template("x")}, {}, {})
    orders = set(pool.pids)
    again = [pool.run(JOBS + "xslt", sheet, HEADER, None, {}).addErrback(code_of) for _ in range(3)]
    assert await gatherResults(again) == ["WB-2004"] * 3
    assert orders <= set(pool.pids)


async def test_a_table_with_an_endless_pattern_is_stopped(pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("F: {from: $(v), match: '(a+)+b'}\n")
    with pytest.raises(Refused, match="WB-2004"):
        await pool.run(JOBS + "mapping", str(path), {"v": "a" * 60}, {}, HEADER)
