"""What a crash leaves: the guilty run is held after three ends, those that only waited beside it are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from channels.memory_out import Channel
from engine.message import Request, Response
from engine.runtime import journal, recovery
from tests.engine.runtime.house import attention, change, engine, one_route, order, rows
from tests.engine.world import World

OUT = "      - {id: out, call: {to: sink, operation: send, body: '$(body/id)'}}\n"
RUNNING = "UPDATE run SET state = 'running', ended_at = NULL"


async def crashed(world: World, begun: int = 0) -> list[tuple[str, int]]:
    """Claim what is ready, begin one of them, end the engine there; state and count of all afterwards."""
    store = world.daemon.store
    await store.write(lambda conn: journal.claim_ready(conn, 10))
    if begun:
        await store.write(lambda conn: recovery.begin(conn, begun))
    await store.write(lambda conn: recovery.recover(conn, 1000))
    return [(row["state"], row["starts"] // 2) for row in world.runs()]


async def test_three_ends_with_the_same_run_at_work_hold_it_alone(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        for number in (1, 2):
            await world.put(order(number), "order")
        await world.ended(2)
        await world.daemon.store.write(lambda conn: conn.exec_driver_sql(RUNNING))
        assert await crashed(world) == [("ready", 1), ("ready", 1)]
        assert await crashed(world, begun=1) == [("ready", 2), ("ready", 1)]
        assert await crashed(world, begun=1) == [("held", 0), ("ready", 1)]
        [row] = world.runs(state="held")
        assert (row["code"], row["reason"]) == ("WB-2011", "stopped the engine three times")
        assert attention(world) == ["stopped"]


async def test_begun_twice_counts_once(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        await world.put(order(), "order")
        await world.ended()
        store = world.daemon.store
        await store.write(lambda conn: conn.exec_driver_sql(RUNNING + ", starts = 2"))
        for _ in range(2):
            await store.write(lambda conn: recovery.begin(conn, 1))
        assert rows(world, "SELECT starts FROM run") == [(3,)]


async def test_runs_on_their_last_chance_go_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with engine(tmp_path, one_route(OUT, "same")) as world:
        for number in range(4):
            await world.put(order(number), "order")
        await world.ended(4)
    change(tmp_path, "UPDATE run SET state = 'ready', ended_at = NULL, starts = 4 WHERE seq > 1")
    change(tmp_path, "UPDATE run SET state = 'ready', ended_at = NULL, starts = 2 WHERE seq = 1")
    change(tmp_path, "DELETE FROM effect")
    doors: dict[str, Deferred[None]] = {}

    async def waits(_self: object, request: Request) -> Response:
        door = doors[request.arguments["body"]] = Deferred()
        await door
        return Response(None)

    def open_doors() -> list[str]:
        """Runs at work on their last chance; order 0 is not on its last."""
        return [name for name, door in doors.items() if name != "0" and not door.called]

    monkeypatch.setattr(Channel, "call", waits)
    async with engine(tmp_path) as world:
        for count in (2, 3, 4):
            await world.until(lambda count=count: len(doors) == count)  # type: ignore[misc]
            [name] = open_doors()
            doors[name].callback(None)
        doors["0"].callback(None)
        await world.ended(4)
    assert sorted(doors) == ["0", "1", "2", "3"]
