"""Group commit: each job its own outcome, the disk's trouble is everybody's, and the writer goes on."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import IntegrityError

from engine.message import Answered, Refused, Unavailable
from engine.store.writer import GROUP, Job, Writer

NAME = "植入甲"
"""A planted patient's name: it may be in a job, never in a log."""


class Desk:
    """A writer on a small table. `sick` makes the next COMMITs raise; jobs of one `together` go in one group."""

    def __init__(self, path: Path, limit: int = 10_000) -> None:
        self.path = path
        self.engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
        self.sick = 0
        self.connects = 0
        self.groups: list[int] = []
        with self.engine.connect() as conn:
            conn.exec_driver_sql("CREATE TABLE note (text TEXT NOT NULL UNIQUE)")
        self.writer = Writer(self._connect, self._deliver, limit)
        end = self.writer._end

        def sick(conn: Connection) -> None:
            if self.sick:
                self.sick -= 1
                raise sqlite3.OperationalError("database or disk is full")
            end(conn)

        self.writer._end = sick  # type: ignore[method-assign]

    def _connect(self) -> Connection:
        self.connects += 1
        return self.engine.connect()

    def _deliver(self, group: list[Job]) -> None:
        self.groups.append(len(group))
        for job in group:
            job.settle(job)

    def together(self, *operations: Callable[[Connection], Any]) -> list[Job]:
        """Outcomes of operations that are in one group: a first job holds the writer until all are queued."""
        done: queue.SimpleQueue[Job] = queue.SimpleQueue()
        gate = threading.Event()
        self.writer.put(Job(lambda _: gate.wait(5), done.put))
        while self.writer.waiting():  # until the gate's own group is under way
            pass
        jobs = [Job(operation, done.put) for operation in operations]
        for job in jobs:
            self.writer.put(job)
        gate.set()
        for _ in range(len(jobs) + 1):
            done.get(timeout=5)
        return jobs

    def notes(self) -> list[str]:
        with sqlite3.connect(self.path) as db:
            return [text for (text,) in db.execute("SELECT text FROM note ORDER BY rowid")]


@pytest.fixture(name="desk")
def fixture_desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "notes.sqlite")
    desk.writer.start()
    yield desk
    desk.writer.close()


def note(text: str | None) -> Callable[[Connection], str]:
    def operation(conn: Connection) -> str:
        conn.exec_driver_sql("INSERT INTO note VALUES (?)", (text,))
        return f"wrote {text}"

    return operation


def refuse(conn: Connection) -> None:
    note("half done")(conn)
    raise Refused("WB-7301", "not now")


def wrong_statement(conn: Connection) -> None:
    conn.exec_driver_sql("INSERT INTO nowhere VALUES (1)")


def test_a_failing_job_does_not_hurt_the_others_of_its_group(desk: Desk) -> None:
    one, refused, twice, wrong, last = desk.together(note("a"), refuse, note("a"), wrong_statement, note("b"))
    assert (one.result, one.error) == ("wrote a", None)
    assert isinstance(refused.error, Refused)
    assert isinstance(twice.error, IntegrityError)
    assert wrong.error is not None
    assert not isinstance(wrong.error, Unavailable)
    assert last.error is None
    assert desk.notes() == ["a", "b"]
    assert desk.groups == [1, 5]


def test_a_commit_that_raises_fails_the_whole_group_and_the_next_works(desk: Desk) -> None:
    desk.together(note("before"))
    gated = desk.connects

    def sick(conn: Connection) -> None:
        desk.sick = 1

    jobs = desk.together(note("a"), sick, refuse, note("b"))
    assert [type(job.error) for job in jobs] == [Unavailable] * 4
    assert [job.result for job in jobs] == [None] * 4
    assert desk.notes() == ["before"]
    (after,) = desk.together(note("after"))
    assert after.error is None
    assert desk.connects == gated + 1
    assert desk.notes() == ["before", "after"]


def test_the_disks_trouble_inside_a_job_is_everybodys(desk: Desk) -> None:
    def full(conn: Connection) -> None:
        note("x")(conn)
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    jobs = desk.together(note("a"), full, note("b"))
    assert [type(job.error) for job in jobs] == [Unavailable] * 3
    assert desk.notes() == []


def test_a_damaged_file_is_the_disks_trouble(desk: Desk) -> None:
    def damaged(conn: Connection) -> None:
        raise sqlite3.DatabaseError("database disk image is malformed")

    jobs = desk.together(note("a"), damaged)
    assert [type(job.error) for job in jobs] == [Unavailable] * 2


def test_the_queue_has_a_limit(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "notes.sqlite", limit=3)
    for text in "abc":
        desk.writer.put(Job(note(text), lambda job: None))
    with pytest.raises(Unavailable, match="WB-1012"):
        desk.writer.put(Job(note("d"), lambda job: None))
    desk.writer.start()
    desk.writer.close()
    assert desk.notes() == ["a", "b", "c"]


def test_closing_writes_what_is_queued_and_takes_no_more(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "notes.sqlite")
    for number in range(2 * GROUP + 1):
        desk.writer.put(Job(note(str(number)), lambda job: None))
    desk.writer.start()
    desk.writer.close()
    assert len(desk.notes()) == 2 * GROUP + 1
    assert max(desk.groups) == GROUP
    with pytest.raises(Unavailable):
        desk.writer.put(Job(note("late"), lambda job: None))


def test_background_work_goes_one_piece_a_group(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "notes.sqlite")
    for number in range(3):
        desk.writer.put(Job(note(f"back {number}"), lambda job: None), background=True)
    desk.writer.put(Job(note("front"), lambda job: None))
    desk.writer.start()
    desk.writer.close()
    assert desk.notes() == ["front", "back 0", "back 1", "back 2"]
    assert desk.groups == [2, 1, 1]


def test_the_log_has_the_place_of_a_bug_and_no_value(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.together(note(NAME), note(NAME))

    def quoting(conn: Connection) -> None:
        raise ValueError(NAME)

    desk.together(quoting)
    assert "ValueError" in caplog.text
    assert "quoting" in caplog.text
    assert NAME not in caplog.text


def test_an_answer_to_who_asked_is_no_fault_to_be_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    class Gone(Answered):
        """As the API says that there is nothing."""

    def look(conn: Connection) -> None:
        note("half done")(conn)
        raise Gone

    gone, refused = desk.together(look, refuse)
    assert isinstance(gone.error, Gone)
    assert isinstance(refused.error, Refused)
    assert desk.notes() == []
    assert not caplog.records
