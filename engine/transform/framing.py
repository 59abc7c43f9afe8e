"""Frames over a byte stream, sans-IO: four bytes of length (big-endian), then the payload."""

from __future__ import annotations

import struct

HEADER = struct.Struct(">I")
LIMIT = 256 * 1024 * 1024
"""Bytes: a larger frame is a bug or a broken stream, never data of ours."""


class FrameTooLarge(ValueError):
    """A frame is larger than the limit; the stream can't be used any more."""


def frame(payload: bytes, limit: int = LIMIT) -> bytes:
    """The payload with its length before it."""
    if len(payload) > limit:
        raise FrameTooLarge(f"{len(payload)} bytes, the limit is {limit}")
    return HEADER.pack(len(payload)) + payload


class Framer:
    """Bytes in, whole frames out, however the bytes were cut."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that `data` completes, in order. Raises `FrameTooLarge`."""
        self._buffer += data
        frames: list[bytes] = []
        start, end = 0, len(self._buffer)
        while end - start >= HEADER.size:
            (size,) = HEADER.unpack_from(self._buffer, start)
            if size > self._limit:
                raise FrameTooLarge(f"{size} bytes, the limit is {self._limit}")
            if end - start - HEADER.size < size:
                break
            start += HEADER.size
            frames.append(bytes(self._buffer[start : start + size]))
            start += size
        if start:
            del self._buffer[:start]
        return frames
