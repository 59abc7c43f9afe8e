"""MLLP frames: any split of the bytes gives the same frames."""

from __future__ import annotations

import time
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from channels._mllp.framer import END, HEAD, START, Event, Framer, Garbage, Oversized

LIMIT = 12

SMALL = st.binary(max_size=LIMIT).filter(lambda data: not {0x0B, 0x1C} & set(data))
PIECES = st.sampled_from([START, END, b"\x1c", b"\r", b"a", b"MSH|", b"x" * LIMIT, b"\x0b\x0b", b"\x1c\x1c\r", b"\n"])
STREAM = st.lists(st.one_of(PIECES, SMALL), max_size=12).map(b"".join)


def fed(data: bytes, cuts: list[int], limit: int = LIMIT, strict: bool = False) -> tuple[list[Event], Framer]:
    framer = Framer(limit, strict)
    places = [0, *sorted({min(cut, len(data)) for cut in cuts}), len(data)]
    events = [event for one, two in pairwise(places) for event in framer.feed(data[one:two])]
    return events, framer


def reference(data: bytes, limit: int = LIMIT) -> tuple[list[Event], int]:
    """The same, byte by byte, as slow and as plain as can be."""
    events: list[Event] = []
    content: bytes | None = None
    garbage = place = 0
    told = False
    while place < len(data):
        byte = data[place : place + 1]
        if content is None:
            garbage += byte != START
            content, told = (b"", False) if byte == START else (None, told)
        elif data[place : place + 2] == END:
            events += [] if told else [content]
            content, place = None, place + 1
        elif byte == START:
            garbage += 1 + (0 if told else len(content))
            content, told = b"", False
        elif place + 1 == len(data) and byte == b"\x1c":
            break
        else:
            content += byte
            if len(content) > limit and not told:
                told = True
                events.append(Oversized(content[: min(HEAD, limit)]))
        place += 1
    return events, garbage


@given(STREAM, st.lists(st.integers(0, 200), max_size=20))
@example(START + b"x" * LIMIT + b"\x1c\x0b", [LIMIT + 2])
@example(START + b"x" * LIMIT + END, [LIMIT + 2])
@example(START + b"x" * (LIMIT + 3) + b"\x1c" + START + b"b" + END, [LIMIT + 5])
def test_any_split_gives_what_a_plain_reading_gives(data: bytes, cuts: list[int]) -> None:
    events, _ = fed(data, cuts)
    assert events == reference(data)[0]


@given(STREAM, st.lists(st.integers(0, 200), max_size=20))
def test_garbage_is_counted_the_same_for_any_split(data: bytes, cuts: list[int]) -> None:
    assert fed(data, cuts, limit=1000)[1].garbage == fed(data, [], limit=1000)[1].garbage
    assert fed(data, [], limit=1000)[1].garbage == reference(data, 1000)[1]


@given(STREAM, st.lists(st.integers(0, 200), max_size=20))
def test_strict_ends_at_the_first_garbage(data: bytes, cuts: list[int]) -> None:
    events, framer = fed(data, cuts, limit=1000, strict=True)
    assert events == fed(data, [], limit=1000, strict=True)[0]
    assert events.count(Garbage()) == (1 if reference(data, 1000)[1] else 0)
    assert Garbage() not in events[:-1]
    if Garbage() in events:
        assert framer.feed(START + b"a" + END) == []


@given(st.lists(SMALL, max_size=8), st.lists(st.integers(0, 200), max_size=20))
def test_frames_come_out_as_they_went_in(contents: list[bytes], cuts: list[int]) -> None:
    events, framer = fed(b"".join(START + content + END for content in contents), cuts)
    assert events == contents
    assert framer.garbage == framer.skipped == 0
    assert not framer.inside


def test_two_messages_in_one_segment() -> None:
    assert Framer(100).feed(START + b"one" + END + START + b"two" + END) == [b"one", b"two"]


def test_an_end_without_a_start_is_garbage() -> None:
    framer = Framer(100)
    assert framer.feed(b"MSH|no start" + END) == []
    assert framer.garbage == 14
    assert framer.feed(b"\r\n" + START + b"one" + END) == [b"one"]
    assert framer.garbage == 16


def test_a_broken_off_frame_never_joins_the_next() -> None:
    framer = Framer(100)
    assert framer.feed(START + b"MSH|first half" + START + b"MSH|second" + END) == [b"MSH|second"]
    assert framer.garbage == 15


def test_a_lone_file_separator_belongs_to_the_content() -> None:
    assert Framer(100).feed(START + b"a\x1cb" + END) == [b"a\x1cb"]


def test_too_large_is_told_before_it_ends_and_the_next_is_taken() -> None:
    framer = Framer(10)
    (event,) = framer.feed(START + b"MSH|" + b"x" * 7)
    assert isinstance(event, Oversized)
    assert event.head == b"MSH|xxxxxx"
    assert "MSH" not in repr(event)
    assert framer.feed(b"y" * 1000) == []
    assert framer.skipped == 1011
    assert framer.inside
    assert framer.feed(END + START + b"small" + END) == [b"small"]
    assert framer.skipped == 0


def test_an_oversized_content_is_not_kept_in_memory() -> None:
    framer = Framer(10)
    for _ in range(100):
        framer.feed(START + b"z" * 100_000)
    assert len(framer._buffer) < 10


def test_a_large_frame_in_small_pieces_is_read_in_linear_time() -> None:
    framer = Framer(20_000_000)
    piece = b"x" * 1000
    framer.feed(START)
    began = time.process_time()
    for _ in range(10_000):
        framer.feed(piece)
    (frame,) = framer.feed(END)
    assert isinstance(frame, bytes)
    assert len(frame) == 10_000_000
    assert time.process_time() - began < 2


def test_more_than_100_000_small_frames_a_second() -> None:
    frame = START + b"MSH|^~\\&|A|B|C|D|20261120||ADT^A01|1|P|2.5\rPID|1||123\r" + END
    rates = []
    for chunk, times in ((frame, 50_000), (frame * 100, 500), (frame * 1000, 50)):
        framer = Framer(1 << 20)
        began = time.process_time()
        count = sum(len(framer.feed(chunk)) for _ in range(times))
        rates.append(count / (time.process_time() - began))
        assert count == 50_000
    assert min(rates) > 100_000
