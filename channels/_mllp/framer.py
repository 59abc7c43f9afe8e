"""MLLP frames out of bytes (HL7 Implementation Guide for the Minimal Lower Layer Protocol 1.0): sans-IO.

A frame is 0x0B, content, 0x1C 0x0D. Content in ASCII, UTF-8, GB18030 or ISO 8859 holds no 0x0B; so a second start block
means that the sender broke off and began anew, and two halves never become one message.
"""

from __future__ import annotations

from dataclasses import dataclass, field

START = b"\x0b"
END = b"\x1c\r"
HEAD = 4096
"""Bytes of an oversized content that are kept, so that its MSH can be read."""


@dataclass(frozen=True, slots=True)
class Oversized:
    """A content is longer than the limit; told once, as soon as that is certain. The rest of it is skipped."""

    head: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes outside of a frame, told by a strict framer only; it takes nothing after them."""


Event = bytes | Oversized | Garbage


class Framer:
    """`feed` bytes, get frames' contents and faults, in their order; any split of the bytes gives the same.

    limit: bytes of a content. garbage: bytes outside of frames, and of frames that were begun and not ended; skipped,
    or with `strict` told as `Garbage`. skipped: bytes since the last whole frame that belonged to none.
    """

    def __init__(self, limit: int, strict: bool = False) -> None:
        self.limit = limit
        self.strict = strict
        self.garbage = 0
        self.skipped = 0
        self._buffer = bytearray()  # the content so far, when `_inside`
        self._inside = False
        self._told = False  # this content is oversized, and what comes of it is dropped
        self._broken = False

    @property
    def inside(self) -> bool:
        """Whether a frame has begun and not ended."""
        return self._inside

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete."""
        # Nearly always: nothing is kept, and this is one whole frame.
        if (
            not self._inside and not self._broken and data[:1] == START and data[-2:] == END
            and 0 < data.find(END) == len(data) - 2 <= self.limit + 1 and data.rfind(START) == 0
        ):  # fmt: skip
            self.skipped = 0
            return [data[1:-2]]
        return self._fed(data)

    def _fed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        position = 0
        while position < len(data) and not self._broken:
            if not self._inside:
                position = self._begin(data, position, events)
            else:
                position = self._go_on(data, position, events)
        return events

    def _begin(self, data: bytes, position: int, events: list[Event]) -> int:
        """Skip to the next start block."""
        start = data.find(START, position)
        end = len(data) if start < 0 else start
        if end > position:
            self._waste(end - position, events)
        self._inside = start >= 0
        return end + 1

    def _go_on(self, data: bytes, position: int, events: list[Event]) -> int:
        """The content up to its end, to a new start block, or as far as it has come."""
        buffer = self._buffer
        if buffer[-1:] == END[:1] and data[position : position + 1] == END[1:]:
            del buffer[-1:]
            self._end(events)
            return position + 1
        start, end = data.find(START, position), data.find(END, position)
        stop = min(place for place in (start, end, len(data)) if place >= 0)
        self._take(data, position, stop, events)
        if stop == len(data):
            return stop
        if stop == end:
            self._end(events)
            return stop + len(END)
        self._grown(len(buffer), events)  # its last byte is not the half of an end block after all
        self._waste(len(buffer) + 1, events)
        self._clear()
        self._inside = True
        return stop + 1

    def _take(self, data: bytes, position: int, stop: int, events: list[Event]) -> None:
        buffer = self._buffer
        if self._told:
            self.skipped += stop - position
            # Of an oversized content only what may be half of its end block matters.
            buffer[:] = data[stop - 1 : stop] if stop > position else buffer[-1:]
            return
        buffer += memoryview(data)[position:stop]
        half = 1 if stop == len(data) and buffer[-1:] == END[:1] else 0
        self._grown(len(buffer) - half, events)

    def _grown(self, size: int, events: list[Event]) -> None:
        if size > self.limit and not self._told:
            self._told = True
            self.skipped += size
            events.append(Oversized(bytes(self._buffer[: min(HEAD, self.limit)])))
            del self._buffer[:-1]

    def _end(self, events: list[Event]) -> None:
        if not self._told:
            events.append(bytes(self._buffer))
        self.skipped = 0
        self._clear()

    def _clear(self) -> None:
        self._buffer = bytearray()
        self._inside = self._told = False

    def _waste(self, size: int, events: list[Event]) -> None:
        self.garbage += size
        self.skipped += size
        if self.strict:
            self._broken = True
            events.append(Garbage())
