"""Saving an edit on the scan desk: `python -m bench.desk [PAGES [EDITS]]` (default 1,000 pages, 400 edits).

One batch on a durable store, asked through the whole application without a network: what a person waits for after a
key. The target is 150 ms for 95 of 100 edits.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, insert

from engine.ops.users import create_link
from engine.store.blobs import Blobs
from engine.store.database import Store
from engine.store.schema import users
from engine.store.schema_records import batch, draft, page, page_text, scan_file
from web.api.app import create_served
from web.api.auth import sign_in
from web.api.bridge import Bridge

HOST = "127.0.0.1:8080"
TARGET = 150.0
GROUP = 10
"""Pages of a document."""
WORDS = "reading a sheet of paper takes longer than turning it over " * 30


def fill(conn: Connection, count: int, at: int) -> tuple[str, str]:
    """A batch of documents of ten pages, all read; the token that signs its operator in, and the batch's id."""
    token = _operator(conn, at)
    conn.execute(
        insert(batch).values(
            id=1, public_id="BENCH", state="open", station="desk-1", sheets=count, created_at=at, changed_at=at
        )
    )
    conn.execute(
        insert(scan_file).values(
            id=1, key="k", batch=1, station="desk-1", name="scan.tif", blob="0" * 64, size=1,
            content_type="image/tiff", state="joined", pages=count, taken=count, meta={}, at=at,
        )
    )  # fmt: skip
    conn.execute(insert(draft), [_draft(number, at) for number in range(1, count // GROUP + 1)])
    conn.execute(insert(page), [_page(number, count, at) for number in range(1, count + 1)])
    text = {"languages": "eng", "engine": "x", "recipe": "", "text": WORDS, "words": b"", "confidence": 0.9, "ms": 1}
    conn.execute(insert(page_text), [{"page": number, "at": at, **text} for number in range(1, count + 1)])
    return token, "BENCH"


def _operator(conn: Connection, at: int) -> str:
    conn.execute(insert(users).values(login="bench", name="Bench", roles=["SC"], created_at=at))
    token: str = create_link(conn, "bench", at)
    return token


def _draft(number: int, at: int) -> dict[str, Any]:
    row = {"id": number, "public_id": f"D{number}", "batch": 1, "position": float(number), "details": {}}
    return row | {"suggested": {}, "created_at": at, "changed_at": at}


def _page(number: int, count: int, at: int) -> dict[str, Any]:
    return {
        "id": number, "public_id": f"G{number}", "batch": 1, "file": 1, "number": number, "position": float(number),
        "state": "kept", "master": hashlib.sha256(str(number).encode()).hexdigest(), "media_type": "image/png",
        "width": 2480, "height": 3508, "dpi": 300, "recipe": {}, "flags": [], "codes": [], "skew": 0.4,
        "draft": min((number - 1) // GROUP + 1, count // GROUP) or None, "created_at": at, "changed_at": at,
    }  # fmt: skip


class Browser:
    """Sends requests straight into the application, in one loop."""

    def __init__(self, app: Any, cookie: str, csrf: str) -> None:
        self._app = app
        self._headers = [
            (b"host", HOST.encode()),
            (b"cookie", f"waybill={cookie}".encode()),
            (b"x-csrf", csrf.encode()),
        ]

    async def send(self, method: str, path: str, body: Any = None) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        headers = [*self._headers, (b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
            "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8080), "extensions": {},
        }  # fmt: skip
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": data, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        answer = b"".join(message.get("body", b"") for message in sent[1:])
        if sent[0]["status"] != 200:
            raise SystemExit(f"{path}: {sent[0]['status']} {answer[:300]!r}")
        return json.loads(answer)


def edits(count: int, chance: random.Random) -> dict[str, dict[str, Any]]:
    """One of each kind of edit, at some page."""
    at = chance.randrange(GROUP + 2, count - 2)
    one, other = [f"G{at}"], f"G{chance.randrange(1, count - GROUP) if at > count // 2 else count}"
    return {
        "rotate": {"act": "rotate", "pages": one, "by": 90},
        "crop": {"act": "crop", "pages": one, "box": [0.1, 0.1, 0.8, 0.8]},
        "deskew": {"act": "deskew", "pages": one},
        "drop": {"act": "drop", "pages": one, "reason": "torn"},
        "keep": {"act": "keep", "pages": one},
        "flag": {"act": "flag", "pages": one},
        "move": {"act": "move", "pages": one, "before": other if other != one[0] else None},
        "draft": {"act": "draft", "pages": one},
    }


async def measure(browser: Browser, public_id: str, count: int, times: int) -> dict[str, list[float]]:
    """Milliseconds of each request, by what it does."""
    took: defaultdict[str, list[float]] = defaultdict(list)
    chance = random.Random(7)
    path = f"/api/v1/scan/batches/{public_id}"

    async def timed(name: str, method: str, where: str, body: Any = None) -> None:
        began = time.perf_counter()
        await browser.send(method, where, body)
        took[name].append((time.perf_counter() - began) * 1000)

    while sum(map(len, took.values())) < times:
        for name, body in edits(count, chance).items():
            await timed(name, "POST", f"{path}/acts", body)
        await timed("undo", "POST", f"{path}/undo", {})
    for _ in range(5):
        await timed("open the batch", "GET", path)
        await timed("list of batches", "POST", "/api/v1/scan/batches/search", {})
    await timed(
        "rotate all pages", "POST", f"{path}/acts", {"act": "rotate", "pages": [f"G{n}" for n in range(1, count + 1)]}
    )
    await timed("undo that", "POST", f"{path}/undo", {})
    return took


OTHERS = ("open the batch", "list of batches", "rotate all pages", "undo that")
"""What is not one edit of one page."""


def run(folder: Path, count: int, times: int) -> dict[str, list[float]]:
    """A store in this folder, filled and measured."""
    store = Store(folder / "waybill.sqlite", None)
    store.open()
    try:
        at = int(time.time() * 1000)
        token, public_id = store.write_now(lambda conn: fill(conn, count, at))
        opened = store.write_now(lambda conn: sign_in(conn, token, "127.0.0.1", at))
        nothing = SimpleNamespace(poke=lambda: None, notify=lambda _: None)
        reactor = SimpleNamespace(callFromThread=lambda call, *args: call(*args))
        bridge = Bridge(
            reactor=reactor, store=store, blobs=Blobs(folder / "blobs"), site=None, runtime=nothing,
            state=folder, ui=folder,
        )  # fmt: skip
        assert opened is not None
        browser = Browser(create_served(bridge, HOST), opened.cookie, opened.csrf)
        return asyncio.run(measure(browser, public_id, count, times))
    finally:
        store.close()


def main(words: list[str]) -> int:
    count, times = (int(words[0]) if words else 1000), (int(words[1]) if words[1:] else 400)
    with tempfile.TemporaryDirectory(prefix="waybill-desk-") as folder:
        took = run(Path(folder), count, times)
    for name, each in took.items():
        print(f"{name:<18} median {statistics.median(each):7.1f} ms, longest {max(each):7.1f} ms, {len(each)} times")
    single = [one for name, each in took.items() if name not in OTHERS for one in each]
    high = statistics.quantiles(single, n=20)[-1]
    print(f"an edit in a batch of {count:,} pages: p95 {high:.1f} ms of {len(single)}; target {TARGET:.0f} ms")
    return 0 if high < TARGET else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
