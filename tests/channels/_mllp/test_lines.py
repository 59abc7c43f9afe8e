"""The connections to one peer: how many, how long, and what happens when they end."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from channels._mllp.line import Line
from channels._mllp.lines import AWAY, BUSY, Pool
from engine.message import Unavailable
from tests.contracts.base import until
from tests.contracts.mllp_peer import Peer, good


def pool_to(reactor: Any, port: int, most: int = 1, idle: float = 60.0) -> tuple[Pool, list[Line]]:
    emptied: list[Line] = []
    return Pool(reactor, ("127.0.0.1", port), most, 1000, idle, None, emptied.append), emptied


async def test_a_line_is_lent_to_one_and_then_to_the_next(reactor: Any) -> None:
    peer = Peer(good).listen(reactor)
    pool, _ = pool_to(reactor, peer.number)
    first = await pool.take(5)
    waiting = [Deferred.fromCoroutine(pool.take(5)) for _ in range(2)]
    assert not waiting[0].called
    pool.give(first)
    assert await waiting[0] is first
    assert not waiting[1].called
    pool.give(first)
    assert await waiting[1] is first
    assert peer.made == 1
    pool.close()
    await peer.close()


async def test_who_waits_gets_a_new_line_when_the_old_one_ends(reactor: Any) -> None:
    peer = Peer(good).listen(reactor)
    pool, emptied = pool_to(reactor, peer.number)
    first = await pool.take(5)
    waiting = Deferred.fromCoroutine(pool.take(5))
    first.abort()
    second = await waiting
    assert second is not first
    assert emptied == [first]
    pool.close()
    await peer.close()


async def test_who_gave_up_waiting_gets_none(reactor: Any) -> None:
    peer = Peer(good).listen(reactor)
    pool, _ = pool_to(reactor, peer.number)
    first = await pool.take(5)
    with pytest.raises(Unavailable) as caught:
        await pool.take(0.05)
    assert caught.value.code == BUSY
    pool.give(first)
    assert await pool.take(5) is first
    pool.close()
    await peer.close()


async def test_a_peer_that_is_away_frees_the_place(reactor: Any) -> None:
    peer = Peer(good).listen(reactor)
    port = peer.number
    await peer.close()
    pool, _ = pool_to(reactor, port)
    for _ in range(3):
        with pytest.raises(Unavailable) as caught:
            await pool.take(5)
        assert (caught.value.code, caught.value.reason) == (AWAY, "connection refused")
    peer = Peer(good).listen(reactor, port)
    assert (await pool.take(5)).alive
    pool.close()
    await peer.close()


async def test_a_cancelled_connecting_frees_the_place(reactor: Any) -> None:
    peer = Peer(good).listen(reactor)
    pool, _ = pool_to(reactor, peer.number)
    taking = Deferred.fromCoroutine(pool.take(5))
    taking.addErrback(lambda _: None).cancel()
    assert (await pool.take(5)).alive
    pool.close()
    await peer.close()


async def test_unused_lines_end(reactor: Any) -> None:
    peer = Peer(good).listen(reactor)
    pool, emptied = pool_to(reactor, peer.number, idle=0.1)
    line = await pool.take(5)
    line.used = True
    pool.give(line)
    await until(reactor, lambda: not peer.connections)
    await until(reactor, lambda: emptied)
    assert not emptied[0].used
    pool.close()
    await peer.close()


async def test_after_close_there_is_none(reactor: Any) -> None:
    peer = Peer(good).listen(reactor)
    pool, emptied = pool_to(reactor, peer.number)
    line = await pool.take(5)
    waiting = Deferred.fromCoroutine(pool.take(5))
    pool.close()
    with pytest.raises(Unavailable):
        await waiting
    with pytest.raises(Unavailable):
        await pool.take(5)
    pool.give(line)
    await until(reactor, lambda: not peer.connections)
    assert not emptied
    await peer.close()


async def test_an_unknown_name_is_one_line(reactor: Any) -> None:
    pool = Pool(reactor, ("nowhere.invalid", 1), 1, 1000, 60.0, None, lambda line: None)
    with pytest.raises(Unavailable) as caught:
        await pool.take(5)
    assert "nowhere" not in str(caught.value)
    pool.close()


class Waiting:
    """As much of a line as its time limit needs."""

    def __init__(self) -> None:
        self.ends = 0.0
        self.expired = 0

    def expire(self) -> None:
        self.expired += 1


def test_each_line_expires_at_its_own_time_and_one_timer_serves_all() -> None:
    clock = Clock()
    pool = Pool(clock, ("127.0.0.1", 1), 1, 1000, 60.0, None, lambda line: None)
    lines: list[Any] = [Waiting() for _ in range(4)]
    for line, seconds in zip(lines, (5, 2, 2, 9), strict=True):
        pool.wait(line, seconds)
    assert len(clock.getDelayedCalls()) == 1
    pool.answered(lines[2])
    clock.advance(2)
    assert [line.expired for line in lines] == [0, 1, 0, 0]
    pool.answered(lines[0])
    clock.advance(3)
    pool.wait(lines[0], 1)  # earlier than what the timer is set for
    clock.advance(1)
    assert [line.expired for line in lines] == [1, 1, 0, 0]
    clock.advance(3)
    assert [line.expired for line in lines] == [1, 1, 0, 1]
    assert not clock.getDelayedCalls()
    pool.wait(lines[2], 1)
    pool.close()
    assert not clock.getDelayedCalls()
