"""What the runtime's tests share: a running engine for a `with`, and rows changed as a crash would leave them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.engine.world import World, write_site

SOURCE = "connections:\n  source: {type: memory_in}\n"
SINK = "  sink: {type: memory_out, repeat: REPEAT}\n"


def one_route(steps: str, repeat: str = "unknown", labels: str = "{id: {path: //id}}", extra: str = "") -> str:
    """A site with one route `r` that receives `order` and calls `sink`."""
    return (
        f"{SOURCE}{SINK.replace('REPEAT', repeat)}{extra}routes:\n  r:\n"
        "    receive: {from: source, operation: order, identity: [//id]}\n"
        f"    labels: {labels}\n    steps:\n{steps}"
    )


@asynccontextmanager
async def engine(folder: Path, text: str = "", **files: str) -> AsyncIterator[World]:
    """A started engine on a site of this text (of the site that is there when it is empty)."""
    if text:
        write_site(folder, text, **files)
    world = await World(folder).start()
    try:
        yield world
    finally:
        await world.stop()


def order(number: int | str = 1, inner: str = "") -> str:
    return f"<order><id>{number}</id>{inner}</order>"


def change(folder: Path, sql: str, *values: Any) -> None:
    """Change rows of a stopped engine."""
    with sqlite3.connect(folder / "var" / "waybill.sqlite") as db:
        db.execute(sql, values)
    db.close()


def rows(world: World, sql: str, *values: Any) -> list[Any]:
    """Rows of a running engine, as tuples."""
    found = world.read(lambda conn: conn.exec_driver_sql(sql, tuple(values)).fetchall())
    return [tuple(row) for row in found]


def attention(world: World, open_only: bool = True) -> list[str]:
    where = "WHERE closed_at IS NULL" if open_only else ""
    return [kind for (kind,) in rows(world, f"SELECT kind FROM attention {where} ORDER BY id")]


def events(world: World, seq: int = 1) -> list[str]:
    return [kind for (kind,) in rows(world, "SELECT kind FROM event WHERE run = ? ORDER BY seq", seq)]
