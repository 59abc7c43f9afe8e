"""The time of a test stands still until it is let pass."""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock as Fake

from engine.testing.clock import START, Clock, VirtualReactor


class Reactor(Fake):
    """Twisted's fake, with calls from threads and something of its own."""

    own = "own"

    def callFromThread(self, work: Any, *args: Any) -> None:
        self.callLater(0, work, *args)


def made() -> tuple[Reactor, Clock, VirtualReactor]:
    real, clock = Reactor(), Clock()
    return real, clock, VirtualReactor(real, clock)


def test_only_set_moves_the_clock_and_never_back():
    clock = Clock()
    assert clock.now() == START
    clock.set(START + 5)
    clock.set(START)
    assert clock.now() == START + 5


def test_a_later_call_waits_for_the_clock_not_for_the_reactor():
    real, clock, virtual = made()
    called: list[int] = []
    virtual.callLater(3600, called.append, 2)
    virtual.callLater(60, called.append, 1)
    cancelled = virtual.callLater(1, called.append, 0)
    cancelled.cancel()
    real.advance(10_000)
    assert not virtual.due()
    assert called == []
    assert virtual.next() == START / 1000 + 60
    clock.set(START + 3_600_000)
    assert virtual.due()
    assert called == [1, 2]
    assert not cancelled.active()


def test_a_call_without_delay_and_one_of_a_thread_go_through_the_real_reactor():
    real, _, virtual = made()
    called: list[str] = []
    virtual.callLater(0, called.append, "soon")
    virtual.callFromThread(called.append, "thread")
    assert virtual.soon == 2
    real.advance(0)
    assert (called, virtual.soon) == (["soon", "thread"], 0)
    assert virtual.own == "own"


def test_after_the_end_nothing_that_was_to_come_comes():
    real, clock, virtual = made()
    called: list[str] = []
    virtual.callLater(0, called.append, "soon")
    virtual.callFromThread(called.append, "thread")
    virtual.callLater(1, called.append, "later")
    virtual.end()
    virtual.callLater(0, called.append, "new")
    clock.set(START + 5000)
    assert not virtual.due()
    real.advance(5)
    assert called == []
