"""Closed-loop load on the engine: N connections, each with one message in flight.

    python -m bench.generator --route mllp --port 2575 --connections 32 --seconds 5 --first 1 --record FILE
sends for `--warmup` seconds, prints a JSON line, waits for a line on its standard input, measures, prints the result.
The record holds for each number when it was sent and when it was answered (0: refused), and by which connection.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import time
from array import array
from pathlib import Path
from typing import Any

import uvloop

from bench.messages import ROUTES, Route, maker
from bench.wire import Framed, accepted, sender

PAUSE = 0.05
"""Seconds that a connection waits after a refusal."""
PATIENCE = 30.0
"""Seconds without any answer after which the run is given up."""


class Book:
    """What was sent and answered in one run. first: its first number; most: how many messages, 0: by time alone."""

    def __init__(self, first: int, most: int, seconds: float) -> None:
        self.first = first
        self._most = most or 1 << 40
        self._ends = float("inf") if most else time.monotonic() + seconds
        self.sent, self.answered, self.by = array("d"), array("d"), array("q")
        self.refused = 0
        self.example = ""

    def next(self, connection: int) -> int:
        """A number for this connection; -1 at the end."""
        now = time.monotonic()
        if len(self.sent) >= self._most or now >= self._ends:
            return -1
        self.sent.append(now)
        self.answered.append(0.0)
        self.by.append(connection)
        return self.first + len(self.sent) - 1

    def stop(self) -> None:
        """No more numbers; from any thread."""
        self._ends = 0.0

    def write(self, path: Path) -> None:
        """Sent, answered, connections: 8 bytes each."""
        with path.open("wb") as file:
            for column in (self.sent, self.answered, self.by):
                column.tofile(file)


class Caller(Framed):
    """One connection; it keeps its patient over all runs."""

    def __init__(self, route: Route, port: int, index: int) -> None:
        super().__init__(route)
        self._route: Route = route
        self._index = index
        self._make, self._wrap = maker(route), sender(route, port)
        self._book: Book | None = None
        self._number = -1
        self._done: asyncio.Future[None] | None = None

    def run(self, book: Book) -> asyncio.Future[None]:
        """Send until the book ends."""
        self._book, self._done = book, asyncio.get_running_loop().create_future()
        self._next()
        return self._done

    def got(self, message: bytes) -> None:
        book = self._book
        assert book is not None, "an answer that nobody asked for"
        if accepted(self._route, message):
            book.answered[self._number - book.first] = time.monotonic()
            self._next()
        else:
            book.refused += 1
            book.example = book.example or message[:300].decode("utf-8", "replace")
            asyncio.get_running_loop().call_later(PAUSE, self._next)

    def connection_lost(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(ConnectionError("the engine closed a connection"))

    def _next(self) -> None:
        assert self._book is not None
        assert self._done is not None
        self._number = self._book.next(self._index)
        if self._number >= 0:
            self.transport.write(self._wrap(self._make(self._number, self._index)))
        elif not self._done.done():
            self._done.set_result(None)


async def measured(callers: list[Caller], book: Book) -> dict[str, Any]:
    """One run; its times are of the clock that all processes of the machine share."""
    cpu, began = time.process_time(), time.monotonic()
    runs = asyncio.gather(*(caller.run(book) for caller in callers))
    seen = -1
    while not runs.done():
        await asyncio.wait([runs], timeout=PATIENCE)
        if not runs.done() and seen == len(book.sent):
            raise SystemExit("the engine answers no more")
        seen = len(book.sent)
    await runs
    return {
        "sent": len(book.sent), "refused": book.refused, "example": book.example, "began": began,
        "seconds": time.monotonic() - began, "cpu": time.process_time() - cpu,
    }  # fmt: skip


async def generate(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    callers = []
    for index in range(options.connections):
        caller = Caller(options.route, options.port, index)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", options.port)  # type: ignore[misc]
        callers.append(caller)
    while not all(caller.ready for caller in callers):  # uvloop tells a protocol of its connection a turn later
        await asyncio.sleep(0)
    warm = await measured(callers, Book(options.first, 0, options.warmup))
    print(json.dumps(warm), flush=True)
    gc.freeze()
    await loop.run_in_executor(None, sys.stdin.readline)
    book = Book(options.first + warm["sent"], options.count, options.seconds)
    if options.until == "told":
        _ = loop.run_in_executor(None, _stop_when_told, book)
    told = await measured(callers, book)
    book.write(options.record)
    print(json.dumps(told), flush=True)


def _stop_when_told(book: Book) -> None:
    sys.stdin.readline()
    book.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--route", choices=ROUTES, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--warmup", type=float, default=1.0, help="seconds")
    parser.add_argument("--until", choices=("end", "told"), default="end", help="`told`: stop at one more line")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--record", type=Path, required=True)
    uvloop.run(generate(parser.parse_args()))


if __name__ == "__main__":
    main()
