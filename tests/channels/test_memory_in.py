"""Messages from the same process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from channels.memory_in import Channel, Settings
from engine.message import Refused, Unavailable
from tests.contracts.fakes import FakeInbox, make_world


async def test_put_hands_in_what_the_settings_say(reactor: Any, tmp_path: Path) -> None:
    channel = Channel("it", Settings(content_type="text/plain"), make_world(reactor, tmp_path).services)
    inbox = FakeInbox()
    await channel.start(inbox)
    reply = await channel.put("AddRisAppBillRt", b"hello", identity=("a", "b"))
    assert reply.ok
    (incoming,) = inbox.accepted
    assert (incoming.content_type, incoming.body, incoming.identity) == ("text/plain", b"hello", ("a", "b"))
    await channel.stop()


async def test_a_stopped_channel_takes_nothing(reactor: Any, tmp_path: Path) -> None:
    channel = Channel("it", Settings(), make_world(reactor, tmp_path).services)
    with pytest.raises(Unavailable):
        await channel.put("AddRisAppBillRt", b"<a/>")


async def test_an_unknown_operation_is_kept_and_refused(reactor: Any, tmp_path: Path) -> None:
    channel, inbox = Channel("it", Settings(), make_world(reactor, tmp_path).services), FakeInbox()
    await channel.start(inbox)
    with pytest.raises(Refused, match="WB-1004"):
        await channel.put("Unheard", b"<a/>")
    assert [code for _, code, _ in inbox.rejected] == ["WB-1004"]
    await channel.stop()


async def test_who_waits_at_stop_is_told(reactor: Any, tmp_path: Path) -> None:
    channel, inbox = Channel("it", Settings(), make_world(reactor, tmp_path).services), FakeInbox()
    inbox.outcome = Deferred()
    await channel.start(inbox)
    waiting = Deferred.fromCoroutine(channel.put("AddRisAppBillRt", b"<a/>"))
    await channel.stop()
    with pytest.raises(Unavailable):
        await waiting
