"""Peers that misbehave towards `mllp_out`, `http_out` and `soap_out`: what a route's run becomes, and within what time.

A request that may have arrived is never sent again by itself: the run is held in doubt, for a person. A peer that
answers in a strange way and well is success. The next message goes its way whatever the one before it met.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.crash import rough
from tests.crash.rough import Behaviour, Protocol, Rough
from tests.engine.runtime.house import engine, rows
from tests.engine.world import World

pytestmark = pytest.mark.limit(90)

SITE = """connections:
  source: {type: memory_in, content_type: KIND}
  others: {type: memory_in}
  peer: PEER
  other: {type: memory_out, repeat: same}
policies:
  default: {first: 20ms, factor: 2, max: 100ms, jitter: 0%, give_up: 1s, then: dead}
routes:
  r:
    receive: {from: source, operation: order}
    steps:
      - {id: out, call: {to: peer, CALL, in_doubt: person}}
  o:
    receive: {from: others, operation: other}
    steps:
      - {id: out, call: {to: other, operation: send, body: $(body)}}
"""
TYPES: dict[Protocol, tuple[str, str]] = {
    "mllp": ("{type: mllp_out, host: 127.0.0.1, port: PORT, timeout: 1s, max_answer: 200KiB}",
             "operation: send, message: $(body)"),
    "http": ("{type: http_out, url: 'http://127.0.0.1:PORT', timeout: 1s, max_answer: 200KiB}",
             "operation: post, path: /in, body: $(body)"),
    "soap": ("{type: soap_out, url: 'http://127.0.0.1:PORT/his', envelope: operation, timeout: 1s, max_answer: 200KiB}",
             "operation: RegisterDocumentRt, body: $(body)"),
}  # fmt: skip
PROTOCOLS: tuple[Protocol, ...] = ("mllp", "http", "soap")


@asynccontextmanager
async def calling(folder: Path, protocol: Protocol, behave: Behaviour) -> AsyncIterator[tuple[World, Rough]]:
    peer = Rough(protocol, behave)
    connection, call = TYPES[protocol]
    text = SITE.replace("PEER", connection.replace("PORT", str(peer.port))).replace("CALL", call)
    text = text.replace("KIND", "application/hl7-v2" if protocol == "mllp" else "application/xml")
    try:
        async with engine(folder, text) as world:
            yield world, peer
    finally:
        peer.close()


async def put(world: World, protocol: Protocol, number: int = 1) -> None:
    if protocol == "mllp":
        text = f"MSH|^~\\&|T|A|W|B|20260101||ADT^A08|M{number}|P|2.5\rPID|1||P{number}\r"
        await world.put(text, "order")
        return
    await world.put(f"<Request><Body><In><id>M{number}</id></In></Body></Request>", "order")


def _all_done(world: World, count: int) -> bool:
    return states(world) == [("done", "")] * count


def _others(world: World, count: int) -> bool:
    return len(world.runs(route="o", state="done")) == count


def states(world: World) -> list[tuple[str, str]]:
    return [(run["state"], run["code"]) for run in world.runs(route="r")]


DOUBTFUL = (
    rough.silent, rough.mute, rough.hangs_up, rough.resets, rough.breaks_off, rough.garbage, rough.dribbles,
    rough.endless,
)  # fmt: skip
CASES = [(protocol, behave) for protocol in PROTOCOLS for behave in DOUBTFUL] + [("mllp", rough.another_s)]


@pytest.mark.parametrize(("protocol", "behave"), CASES, ids=lambda value: getattr(value, "__name__", value))
async def test_in_doubt_within_its_time(tmp_path: Path, protocol: Protocol, behave: Any) -> None:
    async with calling(tmp_path, protocol, behave) as (world, peer):
        began = time.monotonic()
        await put(world, protocol)
        await world.until(lambda: bool(world.runs(route="r")) and world.runs(route="r")[0]["state"] == "held", 30)
        assert states(world) == [("held", "WB-3002")]
        assert rows(world, "SELECT state, attempts FROM effect") == [("doubt", 1)]
        assert time.monotonic() - began < 20, "a time-out of 1 s ends it"
        peer.behave = rough.well
        await put(world, protocol, 2)
        await world.until(lambda: states(world)[1:] == [("done", "")], 30)
        assert states(world)[0] == ("held", "WB-3002")


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("behave", [rough.twice, rough.slowly], ids=lambda value: value.__name__)
async def test_strange_and_good(tmp_path: Path, protocol: Protocol, behave: Any) -> None:
    async with calling(tmp_path, protocol, behave) as (world, _):
        for number in range(1, 6):
            await put(world, protocol, number)
            await world.until(partial(_all_done, world, number), 30)
        if behave is rough.twice and protocol != "mllp":
            found = rows(world, "SELECT run, data FROM value WHERE name = 'out' ORDER BY run")
            assert all(f"M{run}".encode() in bytes(data) for run, data in found), "an old answer is nobody's"


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_peer_that_closes_before_it_reads_takes_nothing(tmp_path: Path, protocol: Protocol) -> None:
    """Whether a byte of the request had left is chance: in doubt, or tried again; never done."""
    async with calling(tmp_path, protocol, lambda talk: talk.reset()) as (world, _):
        await put(world, protocol)
        await world.until(lambda: [state for state, _ in states(world)] in (["held"], ["dead"]), 30)
        assert rows(world, "SELECT count(*) FROM effect WHERE state = 'done'") == [(0,)]


@pytest.mark.parametrize("protocol", PROTOCOLS)
async def test_a_hung_peer_does_not_slow_the_other_route(tmp_path: Path, protocol: Protocol) -> None:
    async with calling(tmp_path, protocol, rough.mute) as (world, _):
        for number in range(1, 21):
            await put(world, protocol, number)
        took = []
        for number in range(50):
            began = time.monotonic()
            await world.put(f"<o>{number}</o>", "other", "others")
            await world.until(partial(_others, world, number + 1), 30)
            took.append(time.monotonic() - began)
        assert sorted(took)[25] < 0.8, f"the median of the other route is {sorted(took)[25]:.3f} s"
        assert len(world.runs(route="r", state="done")) == 0
