"""The client under `coss`: what it sends, and whether it left."""

from __future__ import annotations

from typing import Any

from twisted.internet.testing import StringTransport

from channels._coss.client import Body


def test_a_body_knows_whether_it_left(reactor: Any) -> None:
    body = Body(reactor, b"hello")
    assert not body.started
    assert body.length == 5
    body.startProducing(StringTransport()).addErrback(lambda _: None)
    assert body.started
    body.stopProducing()
