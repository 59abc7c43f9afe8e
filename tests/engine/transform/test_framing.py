"""Frames come out as they went in, however the stream was cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.transform.framing import Framer, FrameTooLarge, frame


@given(st.lists(st.binary(max_size=300), max_size=20), st.lists(st.integers(min_value=0, max_value=6000)))
def test_any_split_of_the_bytes_gives_the_same_frames(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, payloads))
    edges = [0, *sorted(cut for cut in cuts if cut <= len(stream)), len(stream)]
    framer = Framer()
    got = [out for start, end in itertools.pairwise(edges) for out in framer.feed(stream[start:end])]
    assert got == payloads


def test_a_frame_over_the_limit_is_not_buffered() -> None:
    with pytest.raises(FrameTooLarge):
        Framer(limit=10).feed(b"\x00\x00\x00\x0b")


def test_a_payload_over_the_limit_is_not_sent() -> None:
    with pytest.raises(FrameTooLarge):
        frame(b"x" * 11, limit=10)
