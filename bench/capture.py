"""From taken to shown, with pages queued for reading. `python -m bench.capture [--pages 120] [--queued 10000]`.

Pages of 300 dpi come from two stations at the pace of scanners, one file each, while two processes read the queue at
the lowest priority. Taken: the file is durable and its row is committed. Shown: a screen that was told has asked for
the page, which has its pictures. The store, the workers and the rooms are those of the daemon.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select
from twisted.internet.defer import Deferred

from bench import machine
from bench.rig import ROOT
from bench.sent import percentile
from engine.message import Blob

STATIONS = ("desk-1", "desk-2")
KINDS = 12
"""Different pages that are drawn; each is scanned more than once, in other bytes."""
TARGET = 1000.0
"""Milliseconds for 95 of 100 pages."""
PIECE = 500
WAIT = 60.0


def drawn(count: int) -> list[bytes]:
    """JPEG files of worn pages at 300 dpi."""
    from simulators.paper import page, patient
    from simulators.paper_text import KINDS as PAPERS
    from simulators.wear import wear

    found = []
    for number in range(count):
        language = ("en", "es", "zh")[number % 3]
        image, _, _ = page(PAPERS[number % len(PAPERS)], language, patient(language, number), number, number % 3)
        out = io.BytesIO()
        wear(image, number, 0.3).save(out, "JPEG", quality=85, dpi=(300, 300))
        found.append(out.getvalue())
    return found


def queue(conn: Connection, masters: list[Blob], count: int, at: int) -> None:
    """A batch of pages that wait to be read."""
    from engine.store.schema_records import batch, page, reading, scan_file, station
    from records.waiting import TODAY

    rows = [{"code": code, "title": code, "languages": "eng+spa", "options": {}} for code in (*STATIONS, "old")]
    conn.execute(insert(station), rows)
    conn.execute(
        insert(batch).values(id=1, public_id="OLD", state="closed", station="old", created_at=at, changed_at=at)
    )
    file = {"id": 1, "key": "old", "batch": 1, "station": "old", "name": "old.pdf", "blob": "0" * 64, "size": 1}
    conn.execute(insert(scan_file).values(**file, content_type="x", state="joined", pages=count, meta={}, at=at))
    for start in range(1, count + 1, PIECE):
        some = range(start, min(start + PIECE, count + 1))
        conn.execute(insert(page), [_waiting(number, masters[number % len(masters)], at) for number in some])
        conn.execute(
            insert(reading), [{"page": key, "state": "queued", "priority": TODAY, "due_at": at} for key in some]
        )


def _waiting(number: int, master: Blob, at: int) -> dict[str, Any]:
    return {
        "id": number, "public_id": f"OLD{number}", "batch": 1, "file": 1, "number": number, "position": float(number),
        "state": "kept", "master": master.sha256, "media_type": "image/jpeg", "width": 2480, "height": 3508,
        "dpi": 300, "recipe": {}, "flags": [], "codes": [], "created_at": at, "changed_at": at,
    }  # fmt: skip


class Capture:
    """The parts of the daemon that take and read, in a folder of their own."""

    def __init__(self, reactor: Any, folder: Path) -> None:
        from channels._records.read import Reading
        from channels._records.rooms import Rooms
        from channels._records.take import Taking
        from engine.channel import Services
        from engine.store.blobs import Blobs
        from engine.store.database import Store
        from engine.tasks import Tasks
        from engine.threads import Pools
        from engine.transform.pool import Pool

        self.reactor = reactor
        self.store, self.blobs = Store(folder / "waybill.sqlite", reactor), Blobs(folder / "blobs")
        self.pool, self.threads = Pool(reactor), Pools(reactor)
        self.taken: dict[int, float] = {}
        self.shown: dict[int, float] = {}
        self._asked = 0
        self._listeners: list[Callable[[set[str]], None]] = []
        nothing: Any = None
        services = Services(
            reactor, folder, folder, self.store, self.blobs, self.threads, self.pool, nothing, str,
            lambda *_: None, Tasks().spawn, {"notify": self._told, "subscribe": self._listeners.append},
        )  # fmt: skip
        self.rooms = Rooms(services, [Taking(services), Reading(services)])

    def _told(self, topics: set[str]) -> None:
        for listener in self._listeners:
            listener(topics)
        if "scan" in topics:
            _ = Deferred.fromCoroutine(self._look())

    async def _look(self) -> None:
        """As a screen that was told."""
        from engine.store.schema_records import page

        query = select(page.c.file).where(page.c.id > self._asked, page.c.view.is_not(None))
        files = await self.store.read(lambda conn: conn.execute(query).scalars().all())
        for file in files:
            self.shown.setdefault(int(file), time.monotonic())

    async def fill(self, scans: list[bytes], queued: int) -> None:
        """The queue, and a first file from each station, for which the workers start."""
        masters = [self.blobs.put(scan, "image/jpeg") for scan in scans]
        at = int(time.time() * 1000)
        await self.store.write(lambda conn: queue(conn, masters, queued, at))
        self._asked = queued
        await self.rooms.start()
        for number, station in enumerate(STATIONS):
            await self.add(scans[number] + b"warm", station)
        await self.all_shown()
        self.taken.clear()
        self.shown.clear()

    async def add(self, scan: bytes, station: str) -> None:
        """What the route's operation does."""
        from records import files

        blob = await self.threads.run("blobs", self.blobs.put, scan, "image/jpeg", "scan.jpg")
        at = int(time.time() * 1000)
        added = await self.store.write(
            lambda conn: files.add(conn, key=blob.sha256, station=station, name="scan.jpg", blob=blob, meta={}, at=at)
        )
        self.taken[added["id"]] = time.monotonic()
        self._told({"work:take"})

    async def all_shown(self) -> None:
        """Wait until each page that was taken is shown."""
        end = time.monotonic() + WAIT
        while not self.taken.keys() <= self.shown.keys():
            if time.monotonic() > end:
                raise TimeoutError(f"{len(self.taken.keys() - self.shown.keys())} pages are not shown")
            await self.pause(0.02)

    def pause(self, seconds: float) -> Deferred[None]:
        turn: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, turn.callback, None)
        return turn


async def measure(reactor: Any, folder: Path, pages: int, queued: int, pace: float) -> dict[str, Any]:
    """pace: pages a second of both stations together."""
    from engine.store.schema_records import page_text

    scans = drawn(KINDS)
    capture = Capture(reactor, folder)
    capture.store.open()
    capture.pool.start()
    try:
        await capture.fill(scans, queued)
        began = time.monotonic()
        for number in range(pages):
            # Bytes behind the end mark make another file of the same picture.
            scan = scans[number % KINDS] + f"{number}".encode()
            await capture.add(scan, STATIONS[number % len(STATIONS)])
            await capture.pause(max(0.0, began + (number + 1) / pace - time.monotonic()))
        await capture.all_shown()
        seconds = time.monotonic() - began
        read = await capture.store.read(lambda conn: conn.execute(select(func.count()).select_from(page_text)).scalar())
    finally:
        await capture.rooms.stop()
        await capture.pool.stop()
        capture.threads.stop()
        capture.store.close()
    took = sorted(capture.shown[file] - taken for file, taken in capture.taken.items())
    return {
        "pages": pages, "queued": queued, "pages_per_s": round(pages / seconds, 2), "read_meanwhile": read,
        "p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95), "max_ms": percentile(took, 1.0),
    }  # fmt: skip


def run(pages: int, queued: int, pace: float = 2.0) -> dict[str, Any]:
    """In a process that has no reactor yet."""
    from twisted.internet import asyncioreactor

    asyncioreactor.install()
    from twisted.internet import reactor

    loop: Any = reactor
    result: dict[str, Any] = {"at": datetime.now(UTC).isoformat(timespec="seconds")}
    failed: list[Any] = []
    with tempfile.TemporaryDirectory(prefix="waybill-capture-") as name:
        result["machine"] = machine.about(Path(name))

        def begin() -> None:
            work = Deferred.fromCoroutine(measure(loop, Path(name), pages, queued, pace))
            _ = work.addCallbacks(result.update, failed.append).addBoth(lambda _: loop.stop())

        loop.callWhenRunning(begin)
        loop.run()
    for failure in failed:
        failure.raiseException()
    return result


def apart(pages: int, queued: int) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "bench.capture", "--json", "--pages", str(pages), "--queued", str(queued)]
    told = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    result: dict[str, Any] = json.loads(told.splitlines()[-1])
    return result


def lines(result: dict[str, Any]) -> list[str]:
    """For a person."""
    load = f"{result['pages']} pages at {result['pages_per_s']}/s from two stations"
    beside = f"{result['queued']:,} queued for reading, {result['read_meanwhile']} read meanwhile"
    took = f"p50 {result['p50_ms']} ms, p95 {result['p95_ms']} ms, longest {result['max_ms']} ms"
    return [f"from taken to shown: {took} (wanted: p95 {TARGET:,.0f} ms); {load}; {beside}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--pace", type=float, default=2.0, help="pages a second")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = run(options.pages, options.queued, options.pace)
    print(json.dumps(result) if options.json else "\n".join(lines(result)))


if __name__ == "__main__":
    main()
