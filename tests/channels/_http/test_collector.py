"""Answers grow into files, up to a limit, and a broken one leaves none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure as Trouble
from twisted.web.client import ResponseDone

from channels._http.collector import INLINE, Collector
from channels._http.peer import TooLong


def collector(folder: Path, limit: int = 10 * INLINE) -> Collector:
    made = Collector(limit, folder)
    made.makeConnection(StringTransport())
    return made


async def test_a_short_answer_is_bytes(tmp_path: Path) -> None:
    made = collector(tmp_path)
    made.dataReceived(b"he")
    made.dataReceived(b"llo")
    made.connectionLost(Trouble(ResponseDone()))
    assert await made.done == b"hello"
    assert not list(tmp_path.iterdir())


async def test_a_long_answer_is_a_file(tmp_path: Path) -> None:
    made = collector(tmp_path)
    for _ in range(5):
        made.dataReceived(b"x" * INLINE)
    made.connectionLost(Trouble(ResponseDone()))
    path = await made.done
    assert isinstance(path, str)
    assert Path(path).read_bytes() == b"x" * 5 * INLINE


async def test_a_too_long_one_is_cut_off_and_leaves_no_file(tmp_path: Path) -> None:
    made = collector(tmp_path, limit=2 * INLINE)
    for _ in range(3):
        made.dataReceived(b"x" * INLINE)
    transport: Any = made.transport
    assert transport.disconnecting
    made.connectionLost(Trouble(ConnectionLost()))
    with pytest.raises(TooLong):
        await made.done
    assert not list(tmp_path.iterdir())


async def test_a_broken_one_leaves_no_file(tmp_path: Path) -> None:
    made = collector(tmp_path)
    made.dataReceived(b"x" * 2 * INLINE)
    made.connectionLost(Trouble(ConnectionLost()))
    with pytest.raises(ConnectionLost):
        await made.done
    assert not list(tmp_path.iterdir())


async def test_a_cancelled_one_closes_the_connection(tmp_path: Path) -> None:
    made = collector(tmp_path)
    made.dataReceived(b"x" * 2 * INLINE)
    made.done.addErrback(lambda _: None).cancel()
    transport: Any = made.transport
    assert transport.disconnecting
    assert not list(tmp_path.iterdir())
