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
from engine.store.sheet import Bundle, Pair, Sheet, facts
from engine.store.sql import raw
from engine.store.writer import GROUP, Apart, Job, Joined, Writer

NAME = "植入甲"
"""A planted patient's name: it may be in a job, never in a log."""


LEFT = Bundle("left_notes", ("text",), "INSERT INTO note VALUES (NEW.text);")
RIGHT = Bundle("right_notes", ("text",), "INSERT INTO note VALUES ('right ' || NEW.text);")
BOTH = Pair("both_notes", LEFT, RIGHT)


def joined(bundle: Bundle, seen: list[object]) -> Joined:
    """Notes of one bundle; `two` needs a call besides, `apart` cannot be written with others."""

    def collect(conn: Connection, items: list[str], sheet: Sheet) -> list[str]:
        seen.append(dict(facts(conn)))
        facts(conn)["known"] = len(seen)
        if "apart" in items:
            raise Apart
        sheet.rows(bundle, [(item,) for item in items])
        if "two" in items:
            sheet.call(lambda conn: raw(conn).execute("INSERT INTO note VALUES ('besides')"))
        return [f"joined {item}" for item in items]

    def alone(conn: Connection, item: str) -> str:
        raw(conn).execute("INSERT INTO note VALUES (?)", (item,))
        return f"alone {item}"

    return Joined(collect, alone)


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

    def statements(self) -> list[str]:
        """What the writer's connection is asked from now on."""
        told: list[str] = []
        self.together(lambda conn: raw(conn).set_trace_callback(told.append))
        return told

    def together(self, *operations: Callable[[Connection], Any] | tuple[Joined, str]) -> list[Job]:
        """Outcomes of operations that are in one group: a first job holds the writer until all are queued."""
        done: queue.SimpleQueue[Job] = queue.SimpleQueue()
        gate = threading.Event()
        self.writer.put(Job(lambda _: gate.wait(5), done.put))
        while self.writer.waiting():  # until the gate's own group is under way
            pass
        jobs = [
            Job(None, done.put, joined=one[0], item=one[1]) if isinstance(one, tuple) else Job(one, done.put)
            for one in operations
        ]
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


def test_rows_of_a_pair_are_one_statement_that_commits(desk: Desk) -> None:
    left, right = joined(LEFT, []), joined(RIGHT, [])
    desk.together((left, "first"))  # makes the views
    told = desk.statements()
    jobs = desk.together((left, "a"), (right, "b"), (left, "c"))
    assert [job.result for job in jobs] == ["joined a", "joined b", "joined c"]
    assert sorted(desk.notes()) == ["a", "c", "first", "right b"]
    group = told[len(told) - told[::-1].index("COMMIT") :]  # what came after the group of the gate
    assert {text.partition("(")[0] for text in group if not text.startswith("CREATE TEMP")} == {
        "INSERT OR ROLLBACK INTO both_notes VALUES "
    }
    assert (desk.writer.joined, desk.writer.apart) == (4, 0)


@pytest.mark.parametrize("other", ["an operation", "a call"])
def test_what_is_more_than_rows_goes_into_one_transaction(desk: Desk, other: str) -> None:
    left = joined(LEFT, [])
    if other == "a call":
        jobs = desk.together((left, "one"), (left, "two"))
        assert desk.notes() == ["one", "two", "besides"]
    else:
        jobs = desk.together((left, "one"), note("plain"), refuse, (left, "three"))
        assert desk.notes() == ["one", "three", "plain"]
    assert [job.result for job in jobs if job.joined] == [f"joined {job.item}" for job in jobs if job.joined]


@pytest.mark.parametrize("why", ["a row", "what it is told"])
def test_operations_that_cannot_be_joined_are_done_alone(desk: Desk, why: str) -> None:
    left = joined(LEFT, [])
    desk.together((left, "known"))
    last = "known" if why == "a row" else "apart"
    one, bad, other = desk.together((left, "one"), (left, last), (left, "other"))
    assert (one.result, other.result) == ("alone one", "alone other")
    if why == "a row":
        assert isinstance(bad.error, sqlite3.IntegrityError)
        assert bad.result is None
    assert desk.notes() == ["known", "one", *(["apart"] if why != "a row" else []), "other"]
    assert (desk.writer.joined, desk.writer.apart) == (1, 3)


def test_what_joined_operations_know_is_forgotten_with_any_other(desk: Desk) -> None:
    seen: list[object] = []
    left = joined(LEFT, seen)
    desk.together((left, "a"))
    desk.together((left, "b"))  # the gate of each group is an operation of another kind
    assert seen == [{}, {}]
    desk.writer.put(Job(None, lambda job: None, joined=left, item="c"))
    while desk.writer.written < 5:
        pass
    desk.writer.put(Job(None, lambda job: None, joined=left, item="d"))
    while desk.writer.written < 6:
        pass
    assert seen[2:] == [{"known": 2}, {"known": 3}]
    desk.together((left, "a"))  # known, so it is done alone
    assert seen[4] == {}
    desk.writer.put(Job(None, lambda job: None, joined=left, item="e"))
    desk.writer.close()
    assert seen[5] == {}


def test_a_full_disk_in_a_statement_that_commits_fails_the_whole_group(desk: Desk) -> None:
    left = joined(LEFT, [])
    desk.together((left, "before"))

    def limit(conn: Connection) -> None:
        pages = raw(conn).execute("PRAGMA page_count").fetchone()[0]
        raw(conn).execute(f"PRAGMA max_page_count = {pages}")

    desk.together(limit)
    jobs = desk.together(*((left, f"{number} {'x' * 4000}") for number in range(20)))
    assert {type(job.error) for job in jobs} == {Unavailable}
    assert desk.notes() == ["before"]
    (after,) = desk.together((left, "after"))
    assert after.result == "joined after"
