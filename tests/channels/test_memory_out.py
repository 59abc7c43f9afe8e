"""A sink in the same process."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.memory_out import Channel, Settings
from engine.message import Request, Unavailable
from engine.site.settings import Size
from tests.contracts.fakes import make_world


def request(key: str) -> Request:
    return Request("send", {"body": key}, key, datetime.now(UTC))


async def test_it_keeps_the_newest_requests(reactor: Any, tmp_path: Path) -> None:
    channel = Channel("it", Settings(keep=Size(2)), make_world(reactor, tmp_path).services)
    await channel.start()
    for key in ("a", "b", "c"):
        await channel.call(request(key))
    assert [kept.key for kept in channel.requests] == ["b", "c"]
    assert await channel.ask(request("a")) is None
    await channel.stop()


async def test_a_stopped_channel_is_unavailable(reactor: Any, tmp_path: Path) -> None:
    channel = Channel("it", Settings(), make_world(reactor, tmp_path).services)
    with pytest.raises(Unavailable):
        await channel.call(request("a"))


@pytest.mark.parametrize("repeat", ["same", "ask", "unknown"])
def test_a_repeat_is_what_the_settings_say(reactor: Any, tmp_path: Path, repeat: Any) -> None:
    channel = Channel("it", Settings(repeat=repeat), make_world(reactor, tmp_path).services)
    assert channel.repeat("send", {}) == repeat
