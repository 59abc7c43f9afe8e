"""PDFs that are made while somebody waits: in a worker, into a file that is gone afterwards or kept as a blob."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from engine.message import Blob, new_id
from engine.points import point
from records import sources
from web.api.bridge import Bridge

JOB = "records.archive:make"


@asynccontextmanager
async def room(bridge: Bridge, ending: str = "pdf") -> AsyncIterator[Path]:
    """The name of a file of nobody else, removed at the end."""
    folder = folder_of(bridge)
    path = folder / f"{new_id()}.{ending}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def folder_of(bridge: Bridge) -> Path:
    """Where files are made; of mode 0700."""
    folder = bridge.state / "tmp" / "made"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


async def filed(bridge: Bridge, pages: Sequence[Mapping[str, Any]], title: str, created: int, name: str) -> Blob:
    """The PDF of a document's pages, durable. It is searchable where text is known already."""
    async with room(bridge) as out:
        located = sources.located(pages, bridge.blobs.path)
        await bridge.work(JOB, located, str(out), {"title": title, "created": created}, crew="papers")
        point("file.made")
        blob = await run_in_threadpool(bridge.blobs.put_file, out, "application/pdf", f"{name}.pdf")
        point("file.durable")
    return blob
