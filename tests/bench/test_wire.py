"""Both sides of the engine, in raw bytes."""

import pytest

from bench.wire import Framed, accepted, answer, sender


class Kept(Framed):
    def __init__(self, route):
        super().__init__(route)
        self.messages = []

    def got(self, message):
        self.messages.append(message)


@pytest.mark.parametrize("route", ["mllp", "http", "soap"])
def test_messages_are_cut_wherever_the_bytes_are(route):
    wrap = sender(route, 80)
    stream = wrap(b"one") + wrap(b"twotwo") + wrap(b"three")
    for size in range(1, len(stream) + 1):
        kept = Kept(route)
        for start in range(0, len(stream), size):
            kept.data_received(stream[start : start + size])
        assert kept.messages == [wrap(b"one"), wrap(b"twotwo"), wrap(b"three")]


def test_what_says_yes():
    assert accepted("mllp", b"\x0bMSH|^~\\&|\rMSA|AA|X\r\x1c\r")
    assert not accepted("mllp", b"\x0bMSH|^~\\&|\rMSA|AE|X\r\x1c\r")
    assert accepted("http", b"HTTP/1.1 202 Accepted\r\n\r\n")
    assert not accepted("http", b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
    assert accepted("soap", b"HTTP/1.1 200 OK\r\n\r\n&lt;ResultCode&gt;0&lt;/ResultCode&gt;")
    assert not accepted("soap", b"HTTP/1.1 200 OK\r\n\r\n&lt;ResultCode&gt;WB-1007&lt;/ResultCode&gt;")


@pytest.mark.parametrize("route", ["mllp", "http"])
def test_the_sink_answers_in_one_piece(route):
    kept = Kept(route)
    kept.data_received(answer(route, 7))
    assert kept.messages == [answer(route, 7)]
