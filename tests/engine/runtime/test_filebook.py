"""Which wait takes which file: one, none, several, early, late, and what a person says."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from engine.channel import SeenFile
from engine.message import Refused
from engine.ops import files, runs
from engine.runtime.filebook import FileBook
from tests.engine.runtime.house import attention, engine, one_route, order, rows
from tests.engine.world import World

DROP = "  drop: {type: folder, path: drop, poll: 10m}\n"
WAIT = """\
      - {id: report, wait: {for: file, in: drop, path: '$(body//folder)', name: '*.pdf', until: 72h}}
      - {id: out, on_error: {refused: go:report}, call: {to: sink, operation: send, body: '$(report)'}}
"""
OWN = """\
      - {id: make, call: {to: drop, make: '$(body//folder)'}}
      - {id: ask, call: {to: sink, operation: ask}}
"""


def site(steps: str = WAIT) -> str:
    return one_route(steps, "same", extra=DROP)


def arrival(world: World, folder: str = "a/1", number: int = 1) -> str:
    return order(number, f"<folder>{folder}</folder>")


class Desk:
    """The book, told what a scan found; the channel's own folder is empty."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.book = FileBook(world.daemon.runtime)

    async def sees(self, path: str, data: bytes = b"%PDF-1.4", complete: bool = True, reason: str = "") -> list[str]:
        blob = self.world.daemon.blobs.put(data, "application/pdf", path.rpartition("/")[2]) if complete else None
        seen = SeenFile(path, len(data), hash(data) % 1000, 1, complete, reason, blob)
        return [taken.path for taken in await self.book.observe("drop", [seen], [])]

    def states(self) -> list[tuple[str, str, int | None]]:
        return rows(self.world, "SELECT path, state, run FROM file ORDER BY id")

    async def waits(self, count: int = 1) -> None:
        await self.world.until(lambda: len(self.world.runs(state="waiting")) == count)

    def number(self, path: str) -> int:
        return int(rows(self.world, "SELECT id FROM file WHERE path = ? ORDER BY id DESC", path)[0][0])


async def test_one_wait_takes_its_file(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site()) as world:
        desk = Desk(world)
        await world.put(arrival(world), "order")
        await desk.waits()
        assert "a/1" in await desk.book.watched("drop")
        assert await desk.sees("a/1/note.txt") == []
        assert await desk.sees("a/1/half.pdf", complete=False, reason="no end") == []
        assert await desk.sees("a/1/Report.PDF") == ["a/1/Report.PDF"]
        await world.ended()
        assert [s[1] for s in desk.states()] == ["unmatched", "incomplete", "taken"]
        assert await desk.book.observe("drop", [], []) != []
        await desk.book.moved("drop", "a/1/Report.PDF")
        assert await desk.book.observe("drop", [], []) == []
        sent = world.channel("sink").requests[0].arguments["body"]
        assert (sent.name, sent.content_type) == ("Report.PDF", "application/pdf")


async def test_a_half_written_file_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site()) as world:
        desk = Desk(world)
        await world.put(arrival(world), "order")
        await desk.waits()
        await desk.sees("a/1/r.pdf", b"%PDF", complete=False, reason="no end")
        assert await desk.sees("a/1/r.pdf", b"%PDF whole") == ["a/1/r.pdf"]
        await world.ended()


async def test_nobody_waits_and_several_wait(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site()) as world:
        desk = Desk(world)
        await desk.sees("elsewhere/r.pdf")
        for number in (1, 2):
            await world.put(arrival(world, "shared", number), "order")
        await desk.waits(2)
        await desk.sees("shared/r.pdf")
        assert [s[1] for s in desk.states()] == ["unmatched", "ambiguous"]
        assert attention(world) == ["unmatched", "unmatched"]
        # Seen again after a restart: said once, and still nobody's.
        await desk.sees("elsewhere/r.pdf")
        await desk.sees("shared/r.pdf")
        assert attention(world, open_only=False) == ["unmatched", "unmatched"]
        await desk.book.observe("drop", [], ["elsewhere/r.pdf"])
        assert desk.states()[0][1] == "gone"
        assert attention(world) == ["unmatched"]


async def test_what_a_person_was_told_of_is_taken_by_nobody_by_itself(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site()) as world:
        desk = Desk(world)
        await desk.sees("a/1/old.pdf")
        await world.put(arrival(world), "order")
        await desk.waits()
        assert await desk.sees("a/1/old.pdf") == []
        await desk.waits()


async def test_a_later_file_in_an_own_folder_is_late(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site(OWN + WAIT)) as world:
        desk = Desk(world)
        await world.put(arrival(world), "order")
        await desk.waits()
        await desk.sees("a/1/one.pdf")
        await desk.sees("a/1/two.pdf", b"%PDF two")
        await world.ended()
        assert desk.states()[-1] == ("a/1/two.pdf", "late", 1)
        assert attention(world) == ["late"]
        assert len(world.channel("sink").requests) == 2


async def test_two_files_in_one_scan_are_one_taken_and_one_late(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site(OWN + WAIT)) as world:
        desk = Desk(world)
        await world.put(arrival(world), "order")
        await desk.waits()
        blobs = [world.daemon.blobs.put(data) for data in (b"one", b"two")]
        seen = [SeenFile(f"a/1/{n}.pdf", 3, n, n, True, "", blob) for n, blob in enumerate(blobs)]
        await desk.book.observe("drop", seen, [])
        await world.ended()
        assert [s[1] for s in desk.states()] == ["taken", "late"]


async def test_a_file_that_comes_before_its_run_waits_is_taken_then(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site(OWN + WAIT)) as world:
        desk = Desk(world)
        folder_made: list[str] = []

        def answer(request: object) -> None:
            if not folder_made:
                folder_made.append("yes")
                raise Refused("WB-3003", "held between the folder and the wait")

        world.channel("sink").answer = answer
        await world.put(arrival(world), "order")
        (dead,) = await world.ended(state="dead")
        await desk.sees("a/1/early.pdf")
        assert desk.states() == [("a/1/early.pdf", "late", 1)]
        await world.daemon.store.write(lambda conn: runs.retry(conn, dead["id"], "op"))
        world.daemon.runtime.poke()
        await world.ended()
        assert desk.states() == [("a/1/early.pdf", "taken", 1)]
        assert attention(world) == []


async def test_a_jump_back_takes_only_what_comes_after(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site(OWN + WAIT)) as world:
        desk, answers = Desk(world), [None, Refused("WB-3003", "illegible")]

        def answer(request: object) -> None:
            outcome = answers.pop(0) if answers else None
            if outcome is not None:
                raise outcome

        world.channel("sink").answer = answer
        await world.put(arrival(world), "order")
        await desk.waits()
        await desk.sees("a/1/first.pdf")
        await world.until(lambda: bool(world.runs(state="waiting", generation=1)))
        assert await desk.sees("a/1/first.pdf") == ["a/1/first.pdf"]  # still to be moved away
        await desk.book.moved("drop", "a/1/first.pdf")
        await desk.sees("a/1/second.pdf", b"%PDF second")
        await world.ended()
        assert world.channel("sink").requests[-1].arguments["body"].name == "second.pdf"


async def test_a_person_chooses_or_discards(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site()) as world:
        desk, store = Desk(world), world.daemon.store
        await world.put(arrival(world), "order")
        await desk.waits()
        run = world.runs()[0]
        for name in ("x", "y"):
            await desk.sees(f"wrong/{name}.pdf", name.encode())
        first, second = desk.number("wrong/x.pdf"), desk.number("wrong/y.pdf")
        found = await store.read(lambda conn: files.candidates(conn, first))
        assert [entry["run_id"] for entry in found] == [run["id"]]
        with pytest.raises(Refused, match="WB-7307"):
            await store.write(lambda conn: files.discard(conn, second, " ", "op"))
        await store.write(lambda conn: files.discard(conn, second, "a test print", "op"))
        await store.write(lambda conn: files.choose(conn, first, run["id"], "op"))
        world.daemon.runtime.poke()
        await world.ended()
        assert [s[1] for s in desk.states()] == ["taken", "discarded"]
        assert attention(world) == []
        for again in (first, second):
            with pytest.raises(Refused):
                await store.write(lambda conn, n=again: files.choose(conn, n, run["id"], "op"))  # type: ignore[misc]


async def test_a_file_that_comes_while_the_step_is_running_is_not_lost(tmp_path: Path) -> None:
    """The wait's time is over, its step looks again, and the file comes just then."""
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site()) as world:
        desk, store = Desk(world), world.daemon.store
        await world.put(arrival(world), "order")
        await desk.waits()
        await store.write(lambda conn: conn.exec_driver_sql("UPDATE run SET state = 'running', due_at = NULL"))
        assert await desk.sees("a/1/r.pdf") == ["a/1/r.pdf"]
        assert await desk.sees("a/1/s.pdf", b"%PDF second") == ["a/1/r.pdf"]
        assert [s[1] for s in desk.states()] == ["taken", "unmatched"]
        await store.write(lambda conn: conn.exec_driver_sql("UPDATE run SET state = 'ready'"))
        world.daemon.runtime.poke()
        await world.ended()


async def test_real_files_go_the_whole_way(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    text = site(OWN + WAIT).replace("poll: 10m", "settle: 50ms, poll: 50ms")
    async with engine(tmp_path, text) as world:
        await world.put(arrival(world), "order")
        await Desk(world).waits()
        canvas = Canvas(str(tmp_path / "drop" / "a" / "1" / "report.pdf"))
        canvas.drawString(72, 720, "report")
        canvas.save()
        await world.ended()
        done = tmp_path / "drop" / "a" / "1" / ".done"
        await world.until(lambda: done.is_dir() and any(done.iterdir()))


async def test_a_foreign_file_only_where_the_wait_asks_for_any(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site(WAIT.replace("name: '*.pdf'", "name: '*', complete: any"))) as world:
        desk = Desk(world)
        await world.put(arrival(world), "order")
        await desk.waits()
        assert await desk.sees("a/1/picture.png", b"png", reason="not a PDF") == ["a/1/picture.png"]
        await world.ended()


async def test_a_foreign_file_is_listed_otherwise(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site(WAIT.replace("name: '*.pdf'", "name: '*'"))) as world:
        desk = Desk(world)
        await world.put(arrival(world), "order")
        await desk.waits()
        assert await desk.sees("a/1/picture.png", b"png", reason="not a PDF") == []
        assert desk.states() == [("a/1/picture.png", "unmatched", None)]


async def test_files_that_are_not_whole_are_known_until_they_are_gone(tmp_path: Path) -> None:
    """A folder that is a source asks after a restart what its book still has."""
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, site()) as world:
        desk = Desk(world)
        await desk.sees("north/a.jpg", complete=False, reason="no end")
        await desk.sees("a/1.pdf")
        assert await desk.book.incomplete("drop") == ["north/a.jpg"]
        assert await desk.book.incomplete("other") == []
        await desk.book.observe("drop", [], ["north/a.jpg"])
        assert await desk.book.incomplete("drop") == []
