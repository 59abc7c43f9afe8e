"""`reply: {when: done}`: answered at the end of the run, at its failure, or at `within`; repeats and restarts too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from engine.message import Refused, Reply
from engine.ops import runs
from tests.engine.runtime.house import engine
from tests.engine.world import World

SITE = """connections:
  source: {type: memory_in}
  sink: {type: memory_out, repeat: same}
routes:
  r:
    receive:
      from: source
      operation: order
      identity: [/order/id]
      reply: {when: done, within: WITHIN, ok: transforms/reply.xsl, invalid: transforms/reply.xsl}
    labels: {id: {path: /order/id}}
    steps:
      - {id: out, call: {to: sink, operation: send}}
"""
REPLY = """<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/reply">
<said code="{@code}"/></xsl:template></xsl:stylesheet>"""
ORDER = "<order><id>1</id></order>"


def site(within: str = "60s") -> str:
    return SITE.replace("WITHIN", within)


def asked(world: World, body: str = ORDER) -> list[Any]:
    """Filled with the answer when it comes."""
    seen: list[Any] = []
    answered: Deferred[Any] = Deferred.fromCoroutine(world.put(body, "order"))
    _ = answered.addBoth(seen.append)
    return seen


async def test_answered_when_the_run_is_done(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), reply__xsl=REPLY) as world:
        await world.daemon.desk.pause("connection", "sink", "op")
        first = asked(world)
        await world.until(lambda: len(world.runs(state="waiting")) == 1)
        repeat = asked(world)
        await world.until(lambda: world.read(lambda c: c.exec_driver_sql("SELECT repeats FROM message").scalar()) == 1)
        assert (first, repeat) == ([], [])
        await world.until(lambda: world.daemon.runtime.inbox.pending == 0)
        await world.daemon.desk.resume("connection", "sink", "op")
        await world.until(lambda: bool(first and repeat), 20)
        assert (first[0].kind, repeat[0].kind) == ("accepted", "repeat")
        assert first[0].body == repeat[0].body
        assert b'code="0"' in first[0].body
        again: Reply = await world.put(ORDER, "order")
        assert (again.kind, again.body) == ("repeat", first[0].body)
        assert not world.daemon.runtime.replies


async def test_a_failure_is_told_and_a_later_success_to_the_repeat(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), reply__xsl=REPLY) as world:

        def refuse(_request: object) -> None:
            raise Refused("WB-3003", "the peer says no")

        world.channel("sink").answer = refuse
        reply: Reply = await world.put(ORDER, "order")
        assert (reply.ok, reply.code, reply.reason) == (False, "WB-3003", "the message was not done: the peer says no")
        assert b'code="WB-3003"' in reply.body
        assert (await world.put(ORDER, "order")).code == "WB-3003"
        world.channel("sink").answer = lambda request: None
        run = world.runs()[0]["id"]
        await world.daemon.store.write(lambda conn: runs.retry(conn, run, "op"))
        world.daemon.runtime.poke_now()
        await world.ended()
        assert b'code="0"' in (await world.put(ORDER, "order")).body


async def test_at_within_it_is_under_way_and_a_restart_knows_the_end(tmp_path: Path) -> None:
    async with engine(tmp_path, site("300ms"), reply__xsl=REPLY) as world:
        await world.daemon.desk.pause("connection", "sink", "op")
        reply: Reply = await world.put(ORDER, "order")
        assert (reply.kind, reply.code) == ("accepted", "WB-7220")
        assert b'code="WB-7220"' in reply.body
    async with engine(tmp_path) as world:
        assert (await world.put(ORDER, "order")).code == "WB-7220"
        await world.daemon.desk.resume("connection", "sink", "op")
        await world.ended()
        reply = await world.put(ORDER, "order")
        assert (reply.kind, reply.code) == ("repeat", "")
        assert b'code="0"' in reply.body


async def test_what_a_person_ends_is_seen(tmp_path: Path) -> None:
    async with engine(tmp_path, site(), reply__xsl=REPLY) as world:
        await world.daemon.desk.pause("connection", "sink", "op")
        first = asked(world)
        await world.until(lambda: len(world.runs(state="waiting")) == 1)
        run = world.runs()[0]["id"]
        await world.daemon.store.write(lambda conn: runs.cancel(conn, run, "op", ""))
        await world.until(lambda: bool(first), 20)
        assert (first[0].ok, first[0].code) == (False, "WB-7221")
