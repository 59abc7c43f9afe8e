"""A wall clock that jumps: the engine's time goes on, health says so, and a new time is believed when it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection
from twisted.internet import reactor

from engine.message import Unavailable
from engine.runtime.clockwatch import JUMP, STABLE, ClockWatch, bring_forward
from engine.runtime.condition import Condition
from engine.store import clock
from engine.store.database import Store

HOUR = 3_600_000
START = 1_800_000_000_000


class Machine:
    """A wall clock and a monotonic one, and a store that may be away."""

    def __init__(self) -> None:
        self.wall, self.steady = START, 1000.0
        self.away = False
        self.written = 0

    def go(self, seconds: float, jump: int = 0) -> None:
        self.steady += seconds
        self.wall += round(seconds * 1000) + jump

    async def write(self, _: object) -> None:
        if self.away:
            raise Unavailable("WB-1012", "full")
        self.written += 1


class Stand:
    def __init__(self) -> None:
        self.machine = machine = Machine()
        self.condition = Condition()
        self.moved = 0
        self.watch = ClockWatch(
            reactor, machine, self.condition, self.move, wall=lambda: machine.wall, steady=lambda: machine.steady
        )

    def move(self) -> None:
        self.moved += 1

    async def look(self, seconds: float = 1.0, jump: int = 0) -> int:
        """How far the engine's time is ahead of what a clock without jumps would show."""
        self.machine.go(seconds, jump)
        await self.watch.look()
        return self.watch.now() - START - round((self.machine.steady - 1000) * 1000)


@pytest.fixture(name="stand")
def fixture_stand() -> Stand:
    return Stand()


async def test_small_corrections_are_followed_at_once(stand: Stand) -> None:
    assert await stand.look(jump=JUMP - 1) == JUMP - 1
    assert await stand.look(jump=-2000) == JUMP - 2001
    assert stand.condition.text() == ""


@pytest.mark.parametrize("jump", [HOUR, -HOUR, JUMP, -JUMP])
async def test_a_jump_is_not_followed_before_it_is_believed(stand: Stand, jump: int) -> None:
    stand.machine.go(0.5, jump)
    assert stand.watch.now() == START + 500, "not even before anybody has looked"
    assert await stand.look(0.5) == 0
    words = "ahead by" if jump > 0 else "back by"
    assert f"the clock jumped {words}" in stand.condition.text()
    for _ in range(int(STABLE) - 1):
        assert await stand.look() == 0
    assert stand.moved == 0
    assert await stand.look() == jump
    assert (stand.condition.text(), stand.moved) == ("", 1)
    assert stand.machine.written == (jump < 0), "what waits is brought forward after a jump back only"


async def test_one_that_comes_back_has_changed_nothing(stand: Stand) -> None:
    assert await stand.look(jump=HOUR) == 0
    assert await stand.look(30) == 0
    assert await stand.look(jump=-HOUR) == 0
    assert (stand.condition.text(), stand.moved) == ("", 0)


async def test_one_that_goes_on_jumping_is_not_believed(stand: Stand) -> None:
    for number in range(20):
        assert await stand.look(STABLE / 2, HOUR if number % 2 else 2 * HOUR) == 0
    assert stand.moved == 0
    assert stand.condition.text()


async def test_believed_when_the_store_is_there(stand: Stand) -> None:
    stand.machine.away = True
    await stand.look(jump=-HOUR)
    assert await stand.look(STABLE) == 0
    stand.machine.away = False
    assert await stand.look() == -HOUR


@pytest.fixture(name="machines_time")
def fixture_machines_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock, "_source", clock.wall_ms)  # an engine of another test may have been thrown away
    yield
    assert clock._source is clock.wall_ms, "the process has its time back"


@pytest.mark.usefixtures("machines_time")
def test_the_process_has_its_time_until_the_end(stand: Stand) -> None:
    assert stand.watch.start()
    assert clock.now_ms() == START
    assert not Stand().watch.start(), "one at a time"
    stand.watch.stop()
    with clock.told_by(lambda: 5):
        assert not stand.watch.start(), "a test's time is left alone"
        stand.watch.stop()
        assert clock.now_ms() == 5


def test_who_waited_by_the_wrong_time_is_brought_forward(tmp_path: Path) -> None:
    store = Store(tmp_path / "s.sqlite", reactor, durable=False)
    store.open()

    def fill(conn: Connection) -> None:
        conn.exec_driver_sql("PRAGMA foreign_keys = OFF")
        row = (
            "INSERT INTO run (seq, id, message_id, children, open_children, route, revision, state, generation,"
            " attempts, starts, waits_for, code, reason, blocked, created_at, order_held, since, due_at)"
            " VALUES (?, ?, 'm', 0, 0, 'r', '1', 'waiting', 0, 1, 0, '', '', '', '', 0, 0, ?, ?)"
        )
        conn.exec_driver_sql(row, (1, "a", START - 5, START + HOUR))
        conn.exec_driver_sql(row, (2, "b", START + HOUR, START + HOUR + 7))
        armed = "INSERT INTO wait (run, kind, step, armed_at, until_at) VALUES (?, 'file', 's', ?, ?)"
        conn.exec_driver_sql(armed, (1, START - 5, START + HOUR))
        conn.exec_driver_sql(armed, (2, START + HOUR, START + HOUR + 9))

    def query(conn: Connection) -> list[tuple[int, int]]:
        sql = "SELECT run.due_at, wait.until_at FROM run JOIN wait ON wait.run = run.seq ORDER BY seq"
        return [tuple(row) for row in conn.exec_driver_sql(sql)]

    try:
        with store._engine.connect() as conn:
            fill(conn)
        assert store.write_now(lambda conn: bring_forward(conn, START, HOUR)) == 1
        assert store.read_now(query) == [(START + HOUR, START + HOUR), (START + 7, START + 9)]
    finally:
        store.close()
