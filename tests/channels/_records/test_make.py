"""The searchable PDF is made from real pages, checked, kept; failures are listed."""

from __future__ import annotations

import os
import subprocess
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from channels._records.make import Making
from engine.message import Blob
from engine.store.schema import document, metadata
from engine.store.schema_records import document_version, making, page, page_text
from tests.contracts.fakes import World, make_world
from tests.records import seed
from tests.records.filed import scanned
from tests.records.pdf_pages import master

WORDS = zlib.compress('[[0.1, 0.1, 0.3, 0.05, 90, "知情同意书"], [0.5, 0.1, 0.3, 0.05, 90, "señora"]]'.encode())


class Case:
    """A filed document of one page that is on the disk."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.told: list[set[str]] = []
        world.services.extra["notify"] = self.told.append  # type: ignore[index]
        self.room = Making(world.services)
        metadata.create_all(world.store.engine)
        kept = world.blobs.put_file(master(folder, size=(600, 800)), "image/png")
        world.store.run_now(lambda conn: self.seed(conn, kept))

    def seed(self, conn: Any, kept: Blob) -> None:
        owner = seed.patient(conn)
        batch = seed.batch(conn, state="filed")
        pages = seed.pages(conn, batch, 1, patient=owner, master=kept.sha256, width=600, height=800, dpi=72)
        self.page = pages[0]
        self.document = scanned(conn, owner, pages)
        conn.execute(insert(page_text).values(
            page=self.page, languages="chi_sim", engine="t", recipe="", text="x", words=WORDS, confidence=90, ms=1,
            at=1,
        ))  # fmt: skip

    def one(self, query: Any) -> Any:
        return self.world.store.run_now(lambda conn: conn.execute(query).one_or_none())

    def do(self, statement: Any) -> None:
        self.world.store.run_now(lambda conn: conn.execute(statement))


@pytest.fixture(name="case")
def fixture_case(reactor: Any, tmp_path: Path) -> Any:
    world = make_world(reactor, tmp_path, extra={})
    yield Case(world, tmp_path)
    world.store.engine.dispose()


async def test_the_searchable_form_is_kept(case: Case) -> None:
    await case.room.round()
    version = case.one(select(document_version))
    assert (version.form, version.checks) == ("searchable", [])
    assert case.one(select(document)).blob == version.blob
    path = case.world.blobs.path(Blob(version.blob, 0))
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True, text=True).stdout
    assert text.split() == ["知情同意书", "señora"]
    assert case.one(select(making)) is None
    assert case.told == [{"records", f"document:{case.one(select(document)).public_id}"}]
    assert list((case.world.services.state / "tmp" / "making").iterdir()) == []
    await case.room.stop()


async def test_a_page_that_cannot_be_read_is_listed_and_tried_again(case: Case) -> None:
    kept = case.one(select(page)).master
    case.do(update(page).values(master=case.world.blobs.put(b"no picture").sha256))
    await case.room.round()
    row = case.one(select(making))
    assert (row.code[:6], row.attempts) == ("WB-802", 1)
    assert case.one(select(document_version)).form == "pictures"
    assert case.told == [{"problems"}]
    case.do(update(page).values(master=kept))
    case.do(update(making).values(due_at=1))
    await case.room.round()
    assert case.one(select(document_version)).form == "searchable"


async def test_a_missing_master_is_a_failure_of_this_document_alone(case: Case) -> None:
    case.do(update(page).values(master=seed.fake("nowhere")))
    await case.room.round()
    row = case.one(select(making))
    assert (row.code, row.reason) == ("WB-8306", "the job failed (FileNotFoundError)")


async def test_what_a_crash_left_is_removed(case: Case) -> None:
    folder = case.world.services.state / "tmp" / "making"
    folder.mkdir(parents=True)
    (folder / "9.pdf").write_bytes(b"half")
    made = folder.parent / "made"
    made.mkdir()
    for name, age in (("old.pdf", 7200), ("new.pdf", 0)):
        (made / name).write_bytes(b"half")
        os.utime(made / name, (time.time() - age,) * 2)
    await case.room.round()
    assert list(folder.iterdir()) == []
    assert [path.name for path in made.iterdir()] == ["new.pdf"]
