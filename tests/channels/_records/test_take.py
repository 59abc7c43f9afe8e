"""Taking: pages of files come into their batches in order, whatever happens on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select
from twisted.internet.defer import CancelledError, Deferred, fail

from channels._records import pieces as jobs
from channels._records.take import Taking
from engine.message import Blob, Refused, Unavailable
from engine.store.schema import metadata
from engine.store.schema_records import batch, page, reading, scan_file
from records import codes, files
from tests.contracts.base import until
from tests.contracts.fakes import make_world
from tests.records import pictures as draw
from tests.records import printed, seed


class Workers:
    """Real jobs in threads, unless a test says what happens to the next ones of a job, or of a file."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.outcomes: dict[str, list[Any]] = {}
        self.unpacked: list[tuple[int, int]] = []

    def run(self, job: str, *args: Any, **options: Any) -> Any:
        if job == jobs.UNPACK:
            self.unpacked.append((args[3], args[4]))
        outcomes = self.outcomes.get(job) or self.outcomes.get(args[0]) or []
        outcome = outcomes.pop(0) if outcomes else None
        if isinstance(outcome, Deferred):
            return outcome
        return self.real.run(job, *args, **options) if outcome is None else fail(outcome)


class Case:
    def __init__(self, reactor: Any, folder: Path) -> None:
        self.told: list[set[str]] = []
        self.world = make_world(reactor, folder, extra={"notify": self.told.append})
        metadata.create_all(self.world.store.engine)
        self.workers = Workers(self.world.services.workers)
        object.__setattr__(self.world.services, "workers", self.workers)
        self.room = Taking(self.world.services)
        self.count = 0

    def path(self, key: int) -> str:
        return str(self.world.blobs.path(Blob(self.file(key).blob, 0)).resolve())

    def do(self, operation: Any) -> Any:
        return self.world.store.run_now(operation)

    def drop(self, data: bytes, station: str = "desk-1", **more: Any) -> int:
        self.count += 1
        blob = self.world.blobs.put(data, "application/octet-stream", f"scan{self.count}")
        key = f"key{self.count}"
        return int(
            self.do(
                lambda conn: files.add(conn, key=key, station=station, name=blob.name, blob=blob, meta={}, at=1, **more)
            )["id"]
        )

    def tiff(self, pages: int, first: int = 0, station: str = "desk-1", **more: Any) -> int:
        drawn = [draw.text_page(30, size=(200, 280), seed=first + n, mode="1") for n in range(pages)]
        return self.drop(draw.tiff(drawn), station, **more)

    def pages(self, **where: Any) -> list[Row[Any]]:
        query = select(page, batch.c.station).join(batch, batch.c.id == page.c.batch)
        for name, value in where.items():
            query = query.where(page.c[name] == value)
        return list(self.do(lambda conn: conn.execute(query.order_by(page.c.batch, page.c.position)).all()))

    def file(self, key: int) -> Row[Any]:
        row: Row[Any] = self.do(lambda conn: conn.execute(select(scan_file).where(scan_file.c.id == key)).one())
        return row

    def batch(self) -> Row[Any]:
        row: Row[Any] = self.do(lambda conn: conn.execute(select(batch)).one())
        return row


@pytest.fixture(name="case")
def fixture_case(reactor: Any, tmp_path: Path) -> Any:
    case = Case(reactor, tmp_path)
    yield case
    case.world.store.engine.dispose()


async def test_pages_of_all_files_come_in_order_and_are_told(case: Case) -> None:
    one, two, three = case.tiff(7), case.tiff(1, 20), case.tiff(3, 40)
    await case.room.round()
    numbers = [(row.file, row.number) for row in case.pages()]
    assert numbers == [(one, n) for n in range(1, 8)] + [(two, 1)] + [(three, n) for n in (1, 2, 3)]
    assert {case.file(key).state for key in (one, two, three)} == {"joined"}
    public = case.batch().public_id
    assert {"scan", f"batch:{public}", "work:read"} in case.told
    assert len(case.do(lambda conn: conn.execute(select(reading)).all())) == 11
    assert sorted(case.workers.unpacked) == [(1, 2), (1, 2), (1, 2), (3, 1), (3, 4), (7, 1)]
    assert list((case.world.services.state / "tmp" / "taking").glob("*")) == []


async def test_stations_do_not_mix(case: Case) -> None:
    for n in range(3):
        case.tiff(2, 10 * n, "desk-1")
        case.tiff(2, 10 * n + 5, "desk-2")
    await case.room.round()
    rows = case.pages()
    assert len({row.batch for row in rows}) == 2
    for station in ("desk-1", "desk-2"):
        mine = [(row.file, row.number) for row in rows if row.station == station]
        assert mine == sorted(mine)
        assert len(mine) == 6


async def test_a_station_does_not_wait_for_the_file_of_another(case: Case) -> None:
    long, stuck = case.tiff(5, station="desk-1"), Deferred[Any]()
    case.workers.outcomes = {jobs.UNPACK: [None, stuck]}
    under_way = Deferred.fromCoroutine(case.room.round())
    await until(case.world.services.reactor, lambda: len(case.workers.unpacked) == 2)
    late = case.tiff(2, 30, "desk-2")
    case.room.woken()
    await until(case.world.services.reactor, lambda: case.file(late).state == "joined")
    assert (case.file(long).state, under_way.called) == ("taken", False)
    stuck.errback(Unavailable("WB-1012", "full"))
    await under_way
    await case.room.round()
    assert case.file(long).state == "joined"


async def test_a_station_that_had_to_wait_goes_on_beside_the_file_of_another(case: Case) -> None:
    case.room.pause = 0.05
    long, stuck = case.tiff(5, station="desk-1"), Deferred[Any]()
    case.workers.outcomes = {jobs.UNPACK: [None, stuck]}
    under_way = Deferred.fromCoroutine(case.room.round())
    await until(case.world.services.reactor, lambda: len(case.workers.unpacked) == 2)
    late = case.tiff(1, 30, "desk-2")
    case.workers.outcomes = {case.path(late): [Unavailable("WB-1012", "full"), RuntimeError("a bug")]}
    case.room.woken()
    await until(case.world.services.reactor, lambda: case.file(late).state != "taken")
    assert (case.file(late).state, case.file(late).attempts) == ("joined", 1)
    stuck.errback(Unavailable("WB-1012", "full"))
    await under_way
    assert case.file(long).state == "taken"


async def test_what_a_crash_cut_off_goes_on(case: Case) -> None:
    key = case.tiff(5)
    stuck: Deferred[Any] = Deferred()
    case.workers.outcomes = {jobs.UNPACK: [None, stuck]}
    under_way = Deferred.fromCoroutine(case.room.round())
    ended: list[Any] = []
    _ = under_way.addErrback(lambda failure: ended.append(failure.type))
    await until(case.world.services.reactor, lambda: len(case.workers.unpacked) == 2)
    under_way.cancel()
    await until(case.world.services.reactor, lambda: ended == [CancelledError])
    assert [row.number for row in case.pages()] == [1, 2]
    (case.world.services.state / "tmp" / "taking" / "old").mkdir(parents=True)
    await Taking(case.world.services).round()
    assert [row.number for row in case.pages()] == [1, 2, 3, 4, 5]
    assert case.file(key).state == "joined"
    assert not (case.world.services.state / "tmp" / "taking" / "old").exists()


async def test_a_crash_after_the_last_page_is_written_down(case: Case) -> None:
    key = case.tiff(2)
    await case.room.round()
    case.do(lambda conn: conn.execute(scan_file.update().values(state="taken")))
    await case.room.round()
    assert case.file(key).state == "joined"
    assert len(case.pages()) == 2


async def test_a_file_that_cannot_be_read_stops_its_batch_and_the_rest_goes_on(case: Case) -> None:
    first, bad, last = case.tiff(1), case.drop(b"MZ no picture"), case.tiff(1, 9)
    await case.room.round()
    assert [(row.file, row.state) for row in case.pages()] == [(first, "kept"), (last, "kept")]
    row, mine = case.file(bad), case.batch()
    assert (row.state, row.code, row.batch) == ("failed", "WB-8020", mine.id)
    assert (mine.state, mine.code) == ("stopped", "WB-8020")
    assert any("problems" in topics for topics in case.told)
    case.do(lambda conn: files.dismiss(conn, bad, by=1, reason="no scan", at=2))
    await case.room.round()
    assert case.file(bad).state == "dismissed"


async def test_a_bad_file_of_a_station_without_a_batch_is_listed_alone(case: Case) -> None:
    bad = case.drop(b"MZ no picture")
    await case.room.round()
    assert (case.file(bad).state, case.file(bad).batch) == ("failed", None)


async def test_a_page_in_the_middle_that_cannot_be_read_stops_and_the_others_are_kept(case: Case) -> None:
    key = case.tiff(4)
    case.workers.outcomes = {jobs.LOOK: [None, Refused("WB-8021", "cut off")]}
    await case.room.round()
    assert [row.number for row in case.pages()] == [1, 3, 4]
    assert (case.file(key).state, case.file(key).code, case.batch().state) == ("failed", "WB-8047", "stopped")
    case.do(lambda conn: files.retry(conn, key))
    await case.room.round()
    assert [row.number for row in case.pages()] == [1, 2, 3, 4]
    assert case.file(key).state == "joined"


async def test_what_kills_a_worker_is_tried_again_and_then_listed(case: Case) -> None:
    key, behind = case.tiff(1), case.tiff(1, 9)
    died = Refused("WB-2005", "died")
    case.workers.outcomes = {case.path(key): [died]}
    await case.room.round()
    assert (case.file(key).state, case.file(key).attempts, case.pages()) == ("taken", 1, [])  # the others wait
    for attempts in (2, 3):
        case.workers.outcomes = {case.path(key): [died]}
        await case.room.round()
        assert case.file(key).attempts == attempts
    assert (case.file(key).state, case.file(key).code) == ("failed", "WB-2005")
    assert [row.file for row in case.pages()] == [behind]


async def test_two_attempts_at_the_same_pages_do_not_meet(case: Case) -> None:
    """A cancelled one may still be at it when the file's turn comes again."""
    row = case.file(case.tiff(2))
    pieces = jobs.Pieces(case.world.services, tmp := case.world.services.state / "tmp" / "two")
    blob = Blob(row.blob, row.size, row.content_type, row.name)
    made = await jobs.all_of([Deferred.fromCoroutine(pieces.make(blob, [1, 2], 0)) for _ in range(4)])
    assert [([piece.number for piece in ready.pieces], ready.bad) for ready in made] == [([1, 2], [])] * 4
    assert list(tmp.glob("*")) == []


async def test_a_full_engine_loses_nothing_and_the_order_stays(case: Case) -> None:
    one, two = case.tiff(1), case.tiff(1, 9)
    case.workers.outcomes = {case.path(one): [Unavailable("WB-1012", "full")]}
    await case.room.round()
    assert case.pages() == []
    assert case.file(one).attempts == 0
    await case.room.round()
    assert [row.file for row in case.pages()] == [one, two]


async def test_a_set_of_our_sheets_makes_documents(case: Case) -> None:
    number = codes.new_number()
    scans = printed.scans("set", {"batch": number, "documents": 2, "sheets": 5})
    pages = [
        scans[0],
        scans[1],
        draw.text_page(300, size=(1240, 1754)),
        scans[2],
        draw.text_page(200, size=(1240, 1754)),
    ]
    case.do(lambda conn: seed.batch(conn, header=number))
    case.drop(draw.tiff([one.convert("L") for one in pages], "tiff_adobe_deflate", 150))
    await case.room.round()
    rows = case.pages()
    assert [row.state for row in rows] == ["header", "separator", "kept", "separator", "kept"]
    assert rows[2].draft != rows[4].draft
    assert (case.batch().state, case.batch().documents, case.batch().sheets) == ("open", 2, 5)


async def test_a_spoilt_separator_stops_the_batch(case: Case) -> None:
    number = codes.new_number()
    (scan,) = printed.scans("separators", {"batch": number, "count": 1})
    case.do(lambda conn: seed.batch(conn, header=number))
    case.drop(draw.tiff([draw.text_page(300, size=(1240, 1754)), printed.spoilt(scan)], "tiff_adobe_deflate", 150))
    await case.room.round()
    assert (case.batch().state, case.batch().code) == ("stopped", "WB-8042")
    assert [row.flags for row in case.pages()][1][-1] == "sheet"


async def test_nothing_to_do_is_done_at_once_and_a_stop_ends_a_round(case: Case) -> None:
    await case.room.round()
    case.tiff(1)
    await case.room.stop()
    await case.room.round()
    assert case.pages() == []
