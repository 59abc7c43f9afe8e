"""The peer behind the engine: takes every message, answers at once, and remembers when each came.

    python -m bench.sink --route mllp
prints its port as JSON, then answers lines on its standard input: `many` and `count` tell how many messages are
there, `count` also how many of them different; `dump FILE` writes numbers and times, and forgets them.
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

from bench.messages import ROUTES, Route, number_of
from bench.sites import CHANGED
from bench.wire import Framed, answer


class Log:
    """Numbers and times of what came. spoilt: messages that the route did not change as it should."""

    def __init__(self) -> None:
        self.numbers = array("q")
        self.times = array("d")
        self.spoilt = 0

    def count(self) -> dict[str, int]:
        return {"messages": len(self.numbers), "different": len(set(self.numbers)), "spoilt": self.spoilt}

    def dump(self, path: Path) -> dict[str, int]:
        """The numbers, then the times, 8 bytes each."""
        told = self.count()
        with path.open("wb") as file:
            self.numbers.tofile(file)
            self.times.tofile(file)
        self.numbers, self.times, self.spoilt = array("q"), array("d"), 0
        return told


class Peer(Framed):
    """One connection of the engine."""

    def __init__(self, route: Route, log: Log) -> None:
        super().__init__(route)
        self._route: Route = route
        self._log = log

    def got(self, message: bytes) -> None:
        number = number_of(message)
        self._log.times.append(time.monotonic())
        self._log.numbers.append(number)
        if not all(part in message for part in CHANGED[self._route]):
            self._log.spoilt += 1
        self.transport.write(answer(self._route, number))


def obey(log: Log, words: list[str]) -> dict[str, Any]:
    """Do what a line says."""
    match words:
        case ["dump", path]:
            return log.dump(Path(path))
        case ["many"]:
            return {"messages": len(log.numbers)}
    return log.count()


async def serve(route: Route) -> None:
    """Until standard input ends."""
    loop, log = asyncio.get_running_loop(), Log()
    server = await loop.create_server(lambda: Peer(route, log), "127.0.0.1", 0, backlog=256)
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    gc.freeze()
    async for line in lines:
        print(json.dumps(obey(log, line.decode().split())), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--route", choices=ROUTES, required=True)
    uvloop.run(serve(parser.parse_args().route))


if __name__ == "__main__":
    main()
