"""A whole engine on a temporary site with memory channels: the real store, workers and dispatcher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from twisted.internet import reactor as _reactor
from twisted.internet.task import deferLater

from engine.store.schema import run
from engine.wiring import Daemon, Options

reactor: Any = _reactor

POLICIES = "policies:\n  default: {first: 20ms, factor: 2, max: 100ms, jitter: 0%, give_up: 5s, then: dead}\n"


def write_site(folder: Path, text: str, **files: str) -> Path:
    """A site folder with this `routes.yaml` and files below `transforms/`."""
    (folder / "transforms").mkdir(parents=True, exist_ok=True)
    (folder / "routes.yaml").write_text(text if "policies:" in text else POLICIES + text, "utf-8")
    for name, content in files.items():
        (folder / "transforms" / name.replace("__", ".")).write_text(content, "utf-8")
    return folder


class World:
    """`start`, put messages in, `settled` waits until nothing is going on; `stop` at the end."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.daemon = Daemon(reactor, Options(folder, folder / "var", web="", durable=False, **options))

    async def start(self) -> World:
        await self.daemon.start()
        return self

    async def stop(self) -> None:
        await self.daemon.stop()

    def channel(self, name: str) -> Any:
        return self.daemon.channels[name]

    async def put(self, body: str, operation: str = "", connection: str = "source", **more: Any) -> Any:
        return await self.channel(connection).put(operation, body.encode(), **more)

    def read(self, query: Callable[[Connection], Any]) -> Any:
        return self.daemon.store.read_now(query)

    def runs(self, **columns: Any) -> list[dict[str, Any]]:
        """Runs in order of their number, with these column values."""

        def query(conn: Connection) -> list[dict[str, Any]]:
            wanted = run.select().order_by(run.c.seq)
            for name, value in columns.items():
                wanted = wanted.where(run.c[name] == value)
            return [dict(row) for row in conn.execute(wanted).mappings()]

        found: list[dict[str, Any]] = self.read(query)
        return found

    async def until(self, condition: Callable[[], bool], seconds: float = 10.0) -> None:
        """Wait for a condition; fails loudly with the runs as they are."""
        end = reactor.seconds() + seconds
        while not condition():
            if reactor.seconds() > end:
                rows = [(r["route"], r["state"], r["step"], r["code"], r["reason"]) for r in self.runs()]
                raise AssertionError(f"still not: {rows}")
            await deferLater(reactor, 0.01, lambda: None)

    async def ended(self, count: int = 1, state: str = "done") -> list[dict[str, Any]]:
        await self.until(lambda: len(self.runs(state=state)) >= count)
        return self.runs(state=state)
