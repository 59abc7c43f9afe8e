"""Thirty faults in turn are written into the folder of a running site: none is taken, and traffic goes on."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.engine.runtime.house import order
from tests.engine.site.fakes import write_site
from tests.engine.site.test_thirty_faults import FAULTS, FILES, SITE
from tests.engine.world import World
from tests.ports import free_port

HAND = "  hand: {type: memory_in}\n  out: {type: memory_out, repeat: same}\nalerts:\n"
BEAT = """  beat:
    receive: {from: hand, operation: order, identity: [//id]}
    steps:
      - {id: out, call: {to: out, operation: beat}}
"""


@pytest.mark.limit(180)
async def test_the_old_one_keeps_running(tmp_path: Path) -> None:
    port = str(free_port())
    good = SITE.replace("8081", port).replace("alerts:\n", HAND, 1) + BEAT
    write_site(tmp_path, good, FILES)
    world = await World(tmp_path).start()
    try:
        listener = world.channel("his")
        for number, (text, instead, code, *_) in enumerate(FAULTS, 1):
            wrong = good.replace(text.replace("8081", port), instead.replace("8081", port), 1)
            assert wrong != good
            write_site(tmp_path, wrong, FILES)
            plan = await world.daemon.desk.reload("op")
            assert code in {problem.code for problem in plan.problems}, (text, plan.problems)
            assert not plan.applied
            assert (await world.put(order(number), "order", "hand")).ok
            await world.ended(number)
            with socket.create_connection(("127.0.0.1", int(port)), 5):
                pass
        assert world.channel("his") is listener
        write_site(tmp_path, good, FILES)
        assert not await world.daemon.desk.reload("op")
    finally:
        await world.stop()
