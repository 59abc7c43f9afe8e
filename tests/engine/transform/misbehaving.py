"""Jobs for the tests of the pool: the bad ones, and one that says where it ran."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path

from engine.message import InDoubt, Refused, Unavailable

FAILURES = {"unavailable": Unavailable, "refused": Refused, "doubt": InDoubt}


def pid() -> int:
    return os.getpid()


def crash() -> None:
    ctypes.string_at(0)


def leave(status: int) -> None:
    os._exit(status)


def spin(seconds: float) -> int:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return os.getpid()


def note(file: str, number: int, seconds: float) -> int:
    """Write down that it was begun, and take this long."""
    with Path(file).open("a") as begun:
        begun.write(f"{number}\n")
    time.sleep(seconds)
    return number


def hog(size: int) -> int:
    return len(bytearray(size))


def fail(kind: str) -> None:
    raise FAILURES[kind]("WB-2999", "because")


def bug() -> None:
    raise KeyError("示例甲")


def deep(levels: int) -> int:
    return 1 + deep(levels - 1) if levels else 0


def environment() -> list[str]:
    return sorted(os.environ)


def shout() -> None:
    os.write(2, b"ValueError: the patient is \xe7\xa4\xba\xe4\xbe\x8b\n" * 10_000)
    os._exit(1)
