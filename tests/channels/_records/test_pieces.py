"""Pages are made ready in workers: the good ones with their blobs, the bad ones with their reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail

from channels._records import pieces as module
from channels._records.pieces import Pieces
from engine.message import Blob, Refused, Unavailable
from engine.transform.process import JobBug
from tests.contracts.base import until
from tests.contracts.fakes import World, make_world
from tests.records import pictures as draw


class Workers:
    """Real jobs in threads, but for pages at which the worker ends; `asked` of unpacking: first and most."""

    def __init__(self, world: World) -> None:
        self.real = world.services.workers
        self.asked: list[tuple[int, int]] = []
        self.deadly: dict[int, Exception] = {}
        self.blind: dict[str, Exception] = {}

    def run(self, job: str, *args: Any, **options: Any) -> Any:
        assert options["crew"] == "pictures"
        if job == module.UNPACK:
            first, most = args[3:5]
            self.asked.append((first, most))
            for number in range(first, first + most):
                if number in self.deadly:
                    return fail(self.deadly[number])
        elif (error := self.blind.get(args[1]["name"])) is not None:
            return fail(error)
        return self.real.run(job, *args, **options)


class Case:
    def __init__(self, reactor: Any, folder: Path) -> None:
        self.world = make_world(reactor, folder)
        self.workers = Workers(self.world)
        object.__setattr__(self.world.services, "workers", self.workers)
        self.folder = folder / "pieces"
        self.pieces = Pieces(self.world.services, self.folder)

    def file(self, pages: int) -> Blob:
        drawn = [draw.text_page(30, size=(200, 280), seed=seed, mode="1") for seed in range(pages)]
        return self.world.blobs.put(draw.tiff(drawn), "image/tiff", "scan.tif")

    def left(self) -> list[Path]:
        return list(self.folder.glob("*"))


@pytest.fixture(name="case")
def fixture_case(reactor: Any, tmp_path: Path) -> Any:
    case = Case(reactor, tmp_path)
    yield case
    case.world.store.engine.dispose()


async def test_pages_with_their_blobs(case: Case) -> None:
    ready = await case.pieces.make(case.file(3), [2, 3], 0)
    assert (ready.pages, [one.number for one in ready.pieces], ready.bad) == (3, [2, 3], [])
    for one in ready.pieces:
        assert (one.width, one.height, one.dpi, one.master.content_type) == (200, 280, 75, "image/tiff")
        for blob in (one.master, one.thumb, one.view):
            assert blob is not None
            assert case.world.blobs.path(blob).stat().st_size == blob.size
    assert case.left() == []


async def test_a_file_that_is_one_page_is_its_own_master(case: Case) -> None:
    blob = case.world.blobs.put(draw.bytes_of(draw.text_page(), "JPEG"), "application/octet-stream", "scan.jpg")
    (piece,) = (await case.pieces.make(blob, [1, 2], 0)).pieces
    assert piece.master == Blob(blob.sha256, blob.size, "image/jpeg", "scan.jpg")


async def test_a_file_that_is_none_is_refused(case: Case) -> None:
    with pytest.raises(Refused, match="WB-8020"):
        await case.pieces.make(case.world.blobs.put(b"MZ"), [1], 0)
    assert case.left() == []


async def test_a_page_that_cannot_be_looked_at_is_bad(case: Case) -> None:
    case.workers.blind = {"p1": Refused("WB-8021", "cut"), "p2": JobBug("IndexError at a.py:1")}
    ready = await case.pieces.make(case.file(3), [1, 2, 3], 0)
    assert [one.number for one in ready.pieces] == [3]
    assert ready.bad == [(1, "WB-8021", "cut"), (2, module.BUG, "the job failed (JobBug)")]


@pytest.mark.parametrize("code", module.KILLED)
async def test_the_page_that_kills_a_worker_is_found(case: Case, code: str) -> None:
    case.workers.deadly = {2: Refused(code, "died")}
    blob = case.file(3)
    with pytest.raises(Refused, match=code):  # nobody knows yet how many pages there are
        await case.pieces.make(blob, [1, 2], 0)
    ready = await case.pieces.make(blob, [1, 2, 3], 3)
    assert [one.number for one in ready.pieces] == [1, 3]
    assert ready.bad == [(2, code, "died")]
    assert case.workers.asked == [(1, 2), (1, 3), (1, 1), (2, 1), (3, 1)]


async def test_a_full_engine_is_nothing_of_the_pages(case: Case) -> None:
    case.workers.blind = {"p2": Unavailable("WB-1012", "full")}
    with pytest.raises(Unavailable):
        await case.pieces.make(case.file(2), [1, 2], 0)
    assert case.left() == []


async def test_nothing_to_make_is_made_at_once(case: Case) -> None:
    ready = await case.pieces.make(Blob("0" * 64, 1), [], 7)
    assert (ready.pages, ready.pieces, ready.bad) == (7, [], [])


async def test_an_end_in_the_middle_leaves_no_folder(reactor: Any, case: Case) -> None:
    asked: list[str] = []

    def run(job: str, *_: Any, **__: Any) -> Deferred[Any]:
        asked.append(job)
        return Deferred()

    case.workers.run = run  # type: ignore[method-assign]
    making = Deferred.fromCoroutine(case.pieces.make(case.file(1), [1], 0))
    _ = making.addErrback(lambda _: None)
    await until(reactor, lambda: bool(asked))
    assert len(case.left()) == 1
    making.cancel()
    await until(reactor, lambda: not case.left())
