"""The records behind the API: pages that are on the disk, a closed batch, workers that do their jobs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update
from twisted.internet.defer import Deferred, succeed

from engine.store.schema import document
from engine.store.schema_records import page
from tests.records import seed
from tests.records.filed import routed, scanned
from tests.records.pdf_pages import master
from tests.web.api.world import World


class Jobs:
    """Does each job at once, in this process."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def run(
        self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False, crew: str = ""
    ) -> Deferred[Any]:
        self.done.append(job)
        module, _, function = job.partition(":")
        return succeed(getattr(importlib.import_module(module), function)(*args))


class Records:
    """Two patients with masters; `topics` is what screens were told."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jobs = Jobs()
        world.bridge.workers = self.jobs
        self.topics: set[str] = set()
        world.bridge.notify = lambda topics: self.topics.update(topics)  # type: ignore[method-assign]
        path = master(world.folder, size=(120, 80))
        self.master = world.blobs.put_file(path, "image/png")
        self.pdf = world.blobs.put(b"%PDF-1.7\n%%EOF", "application/pdf")
        self.one, self.two = world.write(
            lambda conn: (seed.patient(conn), seed.patient(conn, "0009000002", "Muñoz Peña"))
        )

    def pages(self, count: int, patient: int | None = None, state: str = "closed", **changes: Any) -> list[int]:
        """Kept pages in a batch of their own."""

        def add(conn: Connection) -> list[int]:
            batch = seed.batch(conn, state=state)
            keys = seed.pages(conn, batch, count, patient=patient or self.one, **changes)
            look = {"master": self.master.sha256, "width": 120, "height": 80, "dpi": 72}
            conn.execute(update(page).where(page.c.id.in_(keys)).values(**look))
            return keys

        found: list[int] = self.world.write(add)
        return found

    def scanned(self, patient: int | None = None, pages: list[int] | None = None, **changes: Any) -> str:
        """A document of the scan desk; its public id."""
        keys = pages or self.pages(2, patient)
        key = self.world.write(lambda conn: scanned(conn, patient or self.one, keys, self.pdf, **changes))
        return self.public(key)

    def routed(self, **changes: Any) -> str:
        key = self.world.write(lambda conn: routed(conn, self.one, self.pdf, **changes))
        return self.public(key)

    def public(self, key: int) -> str:
        query = select(document.c.public_id).where(document.c.id == key)
        return str(self.world.store.read_now(lambda conn: conn.execute(query).scalar_one()))

    def ids(self, keys: list[int]) -> list[str]:
        found: list[str] = self.world.store.read_now(lambda conn: seed.public(conn, page, *keys))
        return found

    def patient(self, key: int) -> str:
        rows = self.world.rows(f"SELECT public_id FROM patient WHERE id = {key}")
        return str(rows[0]["public_id"])

    @property
    def left(self) -> list[Path]:
        """Files that were made and not removed."""
        return list((self.world.folder / "tmp" / "made").glob("*"))
