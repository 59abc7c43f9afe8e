"""A closed-loop HTTP load: N keep-alive connections, one request in flight each. A process of its own.

    python -m bench.load --port 8081 --path /his --connections 32 --count 5000 --template order.xml
prints one JSON line: accepted, refused, seconds, latencies in milliseconds, own CPU seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\n"
    'SOAPAction: "http://www.dhcc.com.cn/HIPMessageServer"\r\nContent-Length: {length}\r\n\r\n'
)


@dataclass
class Tally:
    accepted: int = 0
    refused: int = 0
    first_refusal: str = ""
    latencies: list[float] = field(default_factory=list)


class Load:
    """`template` holds `@N@`, which every request replaces by its own number."""

    def __init__(self, port: int, path: str, template: str, first: int) -> None:
        self._port = port
        self._path = path
        self._template = template
        self._next = first
        self.tally = Tally()

    async def run(self, connections: int, count: int) -> float:
        """Seconds for `count` requests."""
        last = self._next + count
        began = time.perf_counter()
        await asyncio.gather(*(self._worker(last) for _ in range(connections)))
        return time.perf_counter() - began

    async def _worker(self, last: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while self._next < last:
            number, self._next = self._next, self._next + 1
            body = self._template.replace("@N@", f"{number:09d}").encode()
            began = time.perf_counter()
            writer.write(HEAD.format(path=self._path, length=len(body)).encode() + body)
            status, answer = await _answer(reader)
            self.tally.latencies.append((time.perf_counter() - began) * 1000)
            if status == 200 and b"ResultCode&gt;0&lt;" in answer:
                self.tally.accepted += 1
            else:
                self.tally.refused += 1
                self.tally.first_refusal = self.tally.first_refusal or f"{status}"
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return status, await reader.readexactly(int(value))
    return status, b""


def percentile(values: list[float], share: float) -> float:
    """Nearest rank, in the unit of the values."""
    ranked = sorted(values)
    return round(ranked[min(len(ranked) - 1, int(share * len(ranked)))], 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/his")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--template", type=Path, required=True)
    options = parser.parse_args()
    load = Load(options.port, options.path, options.template.read_text("utf-8"), options.first)
    seconds = asyncio.run(load.run(options.connections, options.count))
    tally = load.tally
    row = {
        "connections": options.connections, "accepted": tally.accepted, "refused": tally.refused,
        "first_refusal": tally.first_refusal, "seconds": round(seconds, 3),
        "per_second": round(tally.accepted / seconds, 1), "p50_ms": percentile(tally.latencies, 0.5),
        "p99_ms": percentile(tally.latencies, 0.99), "cpu_s": round(time.process_time(), 2),
    }  # fmt: skip
    print(json.dumps(row))


if __name__ == "__main__":
    main()
