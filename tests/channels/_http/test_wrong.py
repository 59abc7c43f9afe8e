"""Wrong credentials wait; those of one address hold up nobody of another."""

from __future__ import annotations

from typing import Any

import pytest

from channels._http import wrong
from channels._http.wrong import Wrong
from engine.tasks import drive


async def test_each_address_waits_for_itself(reactor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong, "PAUSE", 0.05)
    book = Wrong(reactor)
    waiting = [drive(book.wait("192.0.2.1")) for _ in range(wrong.MOST - 1)]
    assert not book.too_many("192.0.2.1")
    waiting.append(drive(book.wait("192.0.2.1")))
    assert (book.too_many("192.0.2.1"), book.too_many("192.0.2.2")) == (True, False)
    for one in waiting:
        await one
    assert not book.too_many("192.0.2.1")


async def test_who_goes_away_no_longer_waits(reactor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wrong, "PAUSE", 3600)
    book = Wrong(reactor)
    waiting = [drive(book.wait("192.0.2.1")) for _ in range(wrong.MOST)]
    for one in waiting:
        _ = one.addErrback(lambda _: None)
        one.cancel()
    assert not book.too_many("192.0.2.1")
