"""A mocked peer by the contract of channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.message import Blob, Hl7, InDoubt, Refused, Request, Unavailable, Xml
from engine.site.nodes import parse_yaml
from engine.site.settings import Context, build
from engine.testing.mocks import MockSink, Peer, content_type_of, plain, value_of
from engine.testing.model import Mocks

PDF = Blob("0" * 64, 3, "application/pdf", "a.pdf")


class Real:
    """The channel's own word on repeats and folders."""

    def __init__(self, repeat: str = "unknown") -> None:
        self._repeat = repeat

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> str:
        return self._repeat

    def owns(self, operation: str, arguments: Mapping[str, Any]) -> str:
        return f"folder of {operation}"


def sink(rules: str, repeat: str = "unknown") -> tuple[Peer, MockSink]:
    made = build(Mocks, parse_yaml(f"peer: [{rules}]", "t.yaml"), Context(Path.cwd()))
    peer = Peer("peer")
    peer.say(made["peer"])
    return peer, MockSink(peer, Real(repeat), {}, lambda path: PDF)


def request(key: str = "k", operation: str = "send", **arguments: Any) -> Request:
    return Request(operation, arguments, key, datetime.now(UTC))


async def test_the_first_rule_that_fits_and_has_times_left_answers():
    peer, mock = sink(
        "{fail: unavailable, times: 1}, {operation: other, answer: {text: o}}, "
        "{when: {path: $(request/kind), is: big}, answer: {json: '{\"n\": 5}'}}, {answer: {value: {a: [b]}}}"
    )
    with pytest.raises(Unavailable, match="peer: the test says so"):
        await mock.call(request())
    assert (await mock.call(request("k", kind="big"))).value == {"n": 5}
    assert (await mock.call(request("l", "other"))).value == "o"
    assert (await mock.call(request("m"))).value == {"a": ["b"]}
    first = peer.sent[0]
    assert (first.attempts, first.arrived, first.arguments) == (2, 1, {"kind": "big"})
    assert [one.key for one in peer.delivered()] == ["k", "l", "m"]


async def test_the_three_failures():
    peer, mock = sink("{fail: refused, times: 1}, {fail: in_doubt, arrived: false, times: 1}, {fail: in_doubt}")
    with pytest.raises(Refused):
        await mock.call(request())
    for arrived in (0, 1):
        with pytest.raises(InDoubt):
            await mock.call(request("d"))
        assert peer.sent[1].arrived == arrived


async def test_a_call_that_nobody_thought_of_is_refused_with_what_to_write():
    _, mock = sink("{operation: other}")
    with pytest.raises(Refused, match=r"WB-7316 .*mocks: \{peer: \[\{operation: send, answer"):
        await mock.call(request())


async def test_a_good_answer_of_the_channel_where_the_test_says_nothing():
    peer, mock = sink("")
    peer.fallback = lambda asked: f"good {asked.operation}"
    assert (await mock.call(request())).value == "good send"


async def test_only_a_peer_that_can_be_asked_says_what_became_of_a_key():
    peer, mock = sink("{fail: in_doubt, times: 1}, {answer: {text: done}}", "ask")
    with pytest.raises(InDoubt):
        await mock.call(request())
    assert await mock.ask(request()) is not None, "it arrived"
    assert await mock.ask(request("other")) is None
    assert mock.owns("make", {}) == "folder of make"
    _, mute = sink("", "unknown")
    with pytest.raises(Refused):
        await mute.ask(request())
    assert len(peer.sent) == 1


def test_files_are_values_by_their_name(tmp_path: Path):
    for name, text in {
        "a.xml": "<a/>\n",
        "a.json": "[1]",
        "a.hl7": "MSH|^\nPID|1\n",
        "a.txt": "t",
        "a.pdf": "%",
    }.items():
        (tmp_path / name).write_text(text)
    found = [value_of(tmp_path / f"a.{kind}", lambda path: PDF) for kind in ("xml", "json", "hl7", "txt", "pdf")]
    assert found == [Xml(b"<a/>"), [1], Hl7(b"MSH|^\rPID|1\r"), "t", PDF]
    assert content_type_of(Path("a.hl7")) == "application/hl7-v2"
    assert content_type_of(Path("a.pdf")) == "application/pdf"
    assert plain(None) is None
