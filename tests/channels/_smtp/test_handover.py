"""How far a conversation came when it ended, by lines in memory."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.testing import StringTransport

from channels._smtp.handover import Asked, Handovers
from engine.message import Failure, InDoubt, Refused, Unavailable


def talk(lines: list[bytes], data: bytes | None = b"Subject: x\r\n\r\n.\r\n") -> Any:
    """The outcome after these lines of the server, then the end of the connection."""
    made = Handovers(Asked("here", "w@example.org", ["a@example.org"], data)).buildProtocol(None)
    outcome: list[Any] = []
    _ = made.done.addBoth(lambda found: outcome.append(getattr(found, "value", found)))
    transport = StringTransport()
    transport.abortConnection = lambda: None  # type: ignore[method-assign]
    made.makeConnection(transport)
    for line in lines:
        made.dataReceived(line + b"\r\n")
        while transport.producer is not None:
            transport.producer.resumeProducing()
    if not outcome:
        from twisted.internet.error import ConnectionDone
        from twisted.python.failure import Failure as Trouble

        made.connectionLost(Trouble(ConnectionDone()))
    return outcome[0], transport.value()


HELLO = [b"220 mail", b"250 mail"]
READY = [*HELLO, b"250 sender", b"250 address", b"354 go on"]


def test_taken() -> None:
    found, sent = talk([*READY, b"250 taken"])
    assert found == 1
    assert sent.endswith((b"Subject: x\r\n\r\n..\r\n.\r\nRSET\r\n", b"\r\n.\r\nRSET\r\n"))


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([], Unavailable), ([b"554 no"], Unavailable), ([b"hello?"], Unavailable), (HELLO, Unavailable),
        ([*HELLO, b"550 you not"], Refused), ([*HELLO, b"451 later"], Unavailable),
        ([*READY[:3], b"550 not he"], Refused), ([*READY[:3], b"450 full"], Unavailable),
        ([*READY[:4], b"451 not now"], Unavailable), (READY, InDoubt), ([*READY, b"552 too large"], Refused),
        ([*READY, b"452 full"], Unavailable), ([*READY, b"what?"], InDoubt),
    ],
)  # fmt: skip
def test_each_end(lines: list[bytes], kind: type[Failure]) -> None:
    found, _ = talk(lines)
    assert type(found) is kind, found


def test_a_probe_sends_no_letter() -> None:
    found, sent = talk(HELLO, data=None)
    assert found == 0
    assert b"MAIL" not in sent
