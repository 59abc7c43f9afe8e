"""A folder as a source: whole files once, in their order, whatever the writers, the engine and the power do."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from channels._folder import ends
from channels._folder.drop import Drops
from channels._folder.intake import Intake, Rules
from channels._folder.scan import Limits
from channels._folder.share import Near
from engine import points
from engine.message import Incoming, Refused, Reply, Unavailable
from tests.channels._folder.pictures import jpeg, pdf, png, tiff
from tests.contracts.fakes import FakeInbox, World, make_world

LARGEST = 1 << 20


class Desk(FakeInbox):
    """An inbox that knows a repeat by its identity, as the engine's does, and keeps what survives a crash."""

    def __init__(self) -> None:
        super().__init__(frozenset({"file"}))
        self.known: set[Any] = set()  # type: ignore[assignment]
        self.repeats = 0

    def operations(self, connection: str) -> frozenset[str]:
        return frozenset({"file"})

    async def accept(self, incoming: Incoming) -> Reply:
        if self.outcome is None and incoming.identity in self.known:
            self.repeats += 1
            return Reply("repeat", "m")
        reply = await super().accept(incoming)
        self.known.add(incoming.identity)
        return reply


class Place:
    """A folder with its intake, which can be started anew."""

    def __init__(self, world: World, root: Path, marker: str = "") -> None:
        self.world = world
        self.root = root
        self.marker = marker
        self.desk = Desk()
        self.intake = self.start()

    def start(self) -> Intake:
        limits, services = Limits(0.0, 1000, LARGEST), self.world.services
        rules = Rules("file", self.marker, True, LARGEST, 10.0)
        self.intake = Intake("scan_drop", rules, Near("scan_drop", self.root, limits, 10.0, services), services)
        return self.intake

    async def rounds(self, count: int = 2) -> str:
        said = ""
        for _ in range(count):
            said = await self.intake.round(self.desk)
        return said

    def write(self, path: str, data: bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(data)
        return file

    def taken(self) -> list[tuple[str, bytes]]:
        """Path and bytes of what was handed in, in its order."""
        found = []
        for incoming in self.desk.accepted:
            assert incoming.blob is not None
            found.append((incoming.meta["path"], self.world.blobs.read(incoming.blob)))
        return found

    def left(self) -> list[str]:
        """Files outside `.done/`."""
        files = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in files if ".done" not in path.parts)


@pytest.fixture(name="place")
def fixture_place(reactor: Any, tmp_path: Path) -> Place:
    (tmp_path / "scans").mkdir()
    return Place(make_world(reactor, tmp_path), tmp_path / "scans")


@pytest.fixture(name="crash")
def fixture_crash() -> Iterator[Any]:
    """Ends the thread's work at a named point, once."""

    def at(name: str, passing: int = 1) -> None:
        left = [passing]

        def watcher(passed: str) -> None:
            left[0] -= passed == name
            if passed == name and left[0] == 0:
                raise RuntimeError("the power went")

        points.watch(watcher)

    yield at
    points.watch(None)


async def test_every_kind_is_taken_with_what_is_known_of_it(place: Place) -> None:
    files = {"north/a.jpg": jpeg(), "north/b.tif": tiff(3), "south/c.png": png(), "d.pdf": pdf()}
    for path, data in files.items():
        place.write(path, data)
    os.utime(place.root / "north/a.jpg", (86_400, 86_400))
    assert await place.rounds() == ""
    assert dict(place.taken()) == files
    kinds = {incoming.meta["name"]: incoming.content_type for incoming in place.desk.accepted}
    assert kinds == {"a.jpg": "image/jpeg", "b.tif": "image/tiff", "c.png": "image/png", "d.pdf": "application/pdf"}
    meta = {incoming.meta["name"]: incoming.meta for incoming in place.desk.accepted}
    assert meta["a.jpg"]["written"] == "1970-01-02T00:00:00.000+00:00"
    assert (meta["a.jpg"]["folder"], meta["d.pdf"]["folder"]) == ("north", "")
    assert place.left() == []


async def test_half_a_file_waits_visibly_and_for_ever_and_then_is_taken(place: Place) -> None:
    data = tiff(4)
    file = place.write("north/a.tif", data[:-30])
    place.write("north/b.jpg", jpeg())
    said = await place.rounds()
    assert said.startswith("1 file is incomplete, the first since ")
    seen = place.world.files.seen["north/a.tif"]
    assert (seen.complete, seen.reason) == (False, "the TIFF names a place that is not written yet")
    assert [path for path, _ in place.taken()] == ["north/b.jpg"]
    place.start()
    assert (await place.rounds()).startswith("1 file is incomplete")
    assert place.world.files.gone == []
    place.start()  # the book knows it; this intake has not seen it yet
    file.write_bytes(data)
    assert await place.rounds(3) == ""
    assert place.taken()[-1] == ("north/a.tif", data)
    assert place.world.files.gone == ["north/a.tif"]


async def test_what_can_never_be_whole_is_put_aside_and_kept(place: Place) -> None:
    place.write("north/notes.txt", b"these are notes, and no picture")
    place.write("north/a.jpg", jpeg())
    await place.rounds()
    ((incoming, code, reason),) = place.desk.rejected
    assert (incoming.meta["path"], code, reason) == ("north/notes.txt", "WB-8600", "it is no JPEG, PNG, TIFF or PDF")
    assert place.left() == ["north/.error/notes.txt", "north/.error/notes.txt.txt"]
    assert [path for path, _ in place.taken()] == ["north/a.jpg"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty so far"),
        (jpeg()[:15], "it has 15 bytes so far, too few to be a page"),
        (b"note", "it has 4 bytes so far, too few to be a page"),
        (bytes(ends.SHORT), "it holds nothing but zeros so far"),
    ],
)
async def test_a_file_of_which_nothing_can_be_told_is_listed_and_waits(place: Place, data: bytes, reason: str) -> None:
    file = place.write("north/a.jpg", data)
    assert (await place.rounds()).startswith("1 file is incomplete, the first since ")
    seen = place.world.files.seen["north/a.jpg"]
    assert (seen.complete, seen.reason) == (False, reason)
    file.write_bytes(jpeg())
    assert await place.rounds(3) == ""
    assert (place.taken(), place.world.files.gone) == ([("north/a.jpg", jpeg())], ["north/a.jpg"])


async def test_a_file_that_is_too_large_waits(place: Place) -> None:
    place.write("a.png", png(bytes(LARGEST)))
    await place.rounds()
    assert place.world.files.seen["a.png"].reason == f"it is larger than {LARGEST} bytes"
    assert place.left() == ["a.png"]


async def test_a_worker_that_dies_says_nothing_of_the_file(place: Place) -> None:
    class Crashing:
        def run(self, job: str, *args: Any, deadline: float | None = None, heavy: bool = False, crew: str = "") -> Any:
            raise Refused("WB-2005", "the worker died")

    services = place.world.services
    place.world.services = dataclasses.replace(services, workers=Crashing())
    place.start()
    place.write("a.pdf", pdf())
    assert (await place.rounds()).startswith("1 file is incomplete")
    assert place.world.files.seen["a.pdf"].reason == "it could not be examined: WB-2005 the worker died"
    place.world.services = services
    place.start()
    await place.rounds()
    assert len(place.taken()) == 1


async def test_an_engine_that_is_full_gets_it_later(place: Place) -> None:
    for number in range(20):
        place.write(f"north/{number}.jpg", jpeg(b"%d" % number))
    place.desk.outcome = Unavailable("WB-1012", "the engine is full")
    assert await place.rounds() == "the engine is full"
    assert place.taken() == []
    place.desk.outcome = None
    place.start()
    await place.rounds()
    assert len({data for _, data in place.taken()}) == 20
    assert (place.left(), place.desk.repeats) == ([], 0)


async def test_a_route_that_refuses(place: Place) -> None:
    place.write("a.jpg", jpeg())
    place.write("b.jpg", jpeg())
    place.desk.outcome = lambda _: Reply("invalid", "m", b"", "WB-1011", "no label")
    await place.rounds()
    assert place.left() == [".error/a.jpg", ".error/a.jpg.txt", ".error/b.jpg", ".error/b.jpg.txt"]
    assert place.desk.rejected == []  # the engine has kept them
    place.desk.outcome = Refused("WB-1013", "no route receives this operation")
    place.write("c.jpg", jpeg())
    await place.rounds()
    assert ".error/c.jpg" in place.left()


async def test_the_same_file_is_a_repeat_and_the_same_bytes_again_are_not(place: Place) -> None:
    first = place.write("north/a.jpg", jpeg())
    await place.rounds()
    shutil.move(place.root / "north/.done/a.jpg", first)
    await place.rounds()
    assert (len(place.desk.accepted), place.desk.repeats) == (1, 1)
    place.write("north/a.jpg", jpeg())
    place.write("north/b.jpg", jpeg())
    place.write("south/a.jpg", jpeg())
    await place.rounds()
    assert (len(place.desk.accepted), place.desk.repeats) == (4, 1)
    assert place.left() == []
    assert len(list((place.root / "north/.done").iterdir())) == 3


async def test_pages_come_in_the_order_of_their_writing(place: Place) -> None:
    names = [f"page {number}.jpg" for number in range(1, 31)]
    for name in reversed(names):
        os.utime(place.write(f"north/{name}", jpeg(name.encode())), (1000, 1000))
    place.write("north/0 later.jpg", jpeg(b"later"))
    await place.rounds()
    assert [path for path, _ in place.taken()] == [f"north/{name}" for name in [*names, "0 later.jpg"]]


async def test_with_a_marker_the_content_is_not_asked(reactor: Any, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    place = Place(make_world(reactor, tmp_path), tmp_path / "scans", ".ready")
    place.write("north/a.raw", b"a raw picture, of no kind that is known")
    await place.rounds()
    assert place.taken() == []
    place.write("north/a.raw.ready", b"")
    await place.rounds()
    assert len(place.taken()) == 1
    assert place.left() == []


POINTS = ("capture.before_claim", "capture.after_claim", "capture.before_done", "capture.after_done")


@pytest.mark.parametrize("passing", [1, 2])
@pytest.mark.parametrize("name", [*POINTS, "capture.before_error"])
async def test_a_crash_at_each_step_loses_nothing_and_doubles_nothing(
    place: Place, crash: Any, name: str, passing: int
) -> None:
    expected = {f"{station}/{n}.jpg": jpeg(f"{station}{n}".encode()) for station in ("a", "b") for n in range(3)}
    for path, data in expected.items():
        place.write(path, data)
    place.write("a/bad.txt", b"these are notes, and no picture")
    place.write("b/bad.txt", b"these are notes, and no picture")
    crash(name, passing)
    with contextlib.suppress(RuntimeError):  # one that meets a single file is told as a bug, and the others go on
        await place.rounds()
    points.watch(None)
    place.start()
    await place.rounds(3)
    assert dict(place.taken()) == expected
    assert len(place.taken()) == len(expected)
    errors = [path for path in place.left() if path.endswith("bad.txt")]
    assert errors == ["a/.error/bad.txt", "b/.error/bad.txt"]
    assert [path for path in place.left() if "/.error/" not in path] == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.limit(60)
async def test_slow_writers_at_two_stations_and_restarts(place: Place, seed: int) -> None:
    """Only the content says that a file is whole: quiet counts for nothing here."""
    dice = random.Random(seed)
    kinds = (jpeg, png, lambda text: tiff(dice.randint(1, 3), text=text))
    todo: dict[str, list[bytes]] = {}
    whole: dict[str, bytes] = {}
    for station in ("north", "south"):
        for number in range(6):
            data = dice.choice(kinds)(f"{station} {number}".encode() * 5)
            cuts = sorted(dice.sample(range(1, len(data)), 3))
            pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
            path = f"{station}/{number}.img"
            todo[path], whole[path] = pieces, data
    while todo:
        path = dice.choice(sorted(todo)[:3])
        file = place.root / path
        file.parent.mkdir(exist_ok=True)
        with file.open("ab") as out:
            out.write(todo[path].pop(0))
        os.utime(file, ns=(dice.randrange(10**18), dice.randrange(10**18)))  # clocks of others mean nothing
        if not todo[path]:
            del todo[path]
        if dice.random() < 0.3:
            place.start()
        await place.rounds(dice.randint(0, 2))
        assert all(whole[taken] == data for taken, data in place.taken()), "a page was taken early"
    await place.rounds(3)
    assert dict(place.taken()) == whole
    assert len(place.taken()) == len(whole)
    assert place.left() == []


async def test_a_writer_that_goes_on_after_we_had_it(place: Place, crash: Any) -> None:
    """It held the file open: what is in `.work/` grows, and goes back to where its writer knows it."""
    file = place.write("north/a.png", png())
    writer = file.open("ab")
    crash("capture.after_claim")
    with pytest.raises(RuntimeError, match="power"):
        await place.rounds()
    points.watch(None)
    writer.write(b"")
    data = png()
    os.truncate(place.root / "north/.work/a.png", len(data) - 4)
    place.start()
    await place.rounds()
    assert place.left() == ["north/a.png"]
    writer.write(data[-4:])
    writer.close()
    await place.rounds(3)
    assert place.taken() == [("north/a.png", data)]


def test_ten_thousand_files_at_once(tmp_path: Path) -> None:
    for station in ("north", "south"):
        (tmp_path / station).mkdir()
        for number in range(5000):
            (tmp_path / station / f"{number}.jpg").touch()
    drops = Drops(tmp_path, Limits(1.0, 1000, LARGEST), "")
    drops.look(0.0)
    ready = drops.look(2.0).ready
    assert {station: len(files) for station, files in ready.items()} == {"north": 5000, "south": 5000}
