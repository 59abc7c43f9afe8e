"""Pauses in the store: kept, ended, and who is woken by their end."""

from __future__ import annotations

from pathlib import Path

from engine.runtime import pauses
from engine.runtime.pauses import Mark, Paused
from tests.engine.runtime.house import engine, one_route, order, rows

OUT = "      - {id: out, call: {to: sink, operation: send}}\n"
AWAY = Mark("paused", "op", 5, "a reason")


def test_the_text_says_who_and_why() -> None:
    assert AWAY.text() == "paused by op: a reason"
    assert Mark("stopped", "op", 5).text() == "stopped by op"


def test_what_is_refused() -> None:
    paused = Paused()
    paused.fill({("connection", "c"): AWAY, ("route", "r"): Mark("stopped", "op", 5)})
    assert paused.refusal("c", "x") == "connection c is paused"
    assert paused.refusal("x", "r") == "route r is stopped"
    assert paused.refusal("x", "x") == ""
    assert list(paused.of("route")) == ["r"]


async def test_kept_changed_and_ended(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT)) as world:
        store = world.daemon.store
        await store.write(lambda conn: pauses.put(conn, "connection", "sink", AWAY))
        await store.write(lambda conn: pauses.put(conn, "connection", "sink", Mark("stopped", "other", 6)))
        assert world.read(pauses.load) == {("connection", "sink"): Mark("stopped", "other", 6)}
        assert world.read(lambda conn: pauses.is_marked(conn, "connection", "sink"))
        await store.write(lambda conn: pauses.drop(conn, "connection", "sink"))
        assert not world.read(lambda conn: pauses.is_marked(conn, "connection", "sink"))


async def test_only_those_that_wait_here_are_woken_and_their_clock_stood(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(OUT)) as world:
        await world.daemon.desk.pause("route", "r", "op")
        await world.daemon.desk.resume("route", "r", "op")
        for number in range(2):
            await world.put(order(number), "order")
        await world.ended(2)
        sql = (
            "UPDATE run SET state = 'waiting', ended_at = NULL, first_try_at = 100, since = 300, attempts = 3,"
            " waits_for = CASE seq WHEN 1 THEN 'connection sink is paused' ELSE 'connection x is paused' END"
        )
        await world.daemon.store.write(lambda conn: conn.exec_driver_sql(sql).rowcount)
        assert await world.daemon.store.write(lambda conn: pauses.wake(conn, "sink", 1000)) == 1
        found = rows(world, "SELECT state, first_try_at, attempts, waits_for FROM run ORDER BY seq")
        assert found == [("ready", 800, 2, ""), ("waiting", 100, 3, "connection x is paused")]
