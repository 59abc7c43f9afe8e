"""Pages that wait to be read: their order, however many they are; failures, which are counted once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text, update

from engine.store.schema_records import batch as batch_table
from engine.store.schema_records import page, reading
from engine.store.sql import raw
from records import acts, batches, read, texts, waiting
from records.states import MOVES, BatchState, move
from tests.records import seed
from tests.records.reads import answer
from tests.records.seed import NOW


@pytest.fixture(name="pages")
def fixture_pages(conn: Connection) -> list[int]:
    seed.desk(conn)
    return seed.pages(conn, seed.batch(conn), 4)


def order(conn: Connection, at: int = NOW) -> list[int]:
    """All that are due, as one lane takes them."""
    found: list[int] = []
    while rows := waiting.due(conn, at, 1, found):
        found += [row["page"] for row in rows]
    return found


def taken(conn: Connection, key: int, at: int = NOW) -> dict[str, Any]:
    """The page as a lane has it."""
    return next(row for row in waiting.due(conn, at, 100) if row["page"] == key)


def priorities(conn: Connection) -> set[int]:
    return set(conn.execute(select(reading.c.priority)).scalars())


def listed(conn: Connection) -> list[int]:
    """As PROBLEMS asks for them."""
    of_it = (reading.c.state == "failed", reading.c.priority == waiting.FILED)
    return list(conn.execute(select(reading.c.page).where(*of_it)).scalars())


def test_open_batches_come_before_boxes_and_what_is_filed_and_new_pages_first(conn: Connection) -> None:
    seed.desk(conn, languages="spa+eng", options={"preprocessing": ["median"], "duplex": True})
    (old,) = seed.pages(conn, seed.batch(conn, languages="chi_sim"), 1, skew=1.5)
    (boxed,) = seed.pages(conn, seed.batch(conn, box=seed.box(conn)), 1)
    (filed,) = seed.pages(conn, seed.batch(conn, state="filed"), 1)
    new = seed.pages(conn, seed.batch(conn, state="stopped"), 2)
    (later,) = seed.pages(conn, seed.batch(conn), 1)
    waiting.enter(conn, [old, boxed, filed, *new], NOW)
    waiting.enter(conn, [later], NOW + 1)
    assert order(conn) == [new[1], new[0], old, boxed, filed]
    assert [row["page"] for row in waiting.due(conn, NOW, 3)] == [new[1], new[0], old]
    (first,) = waiting.due(conn, NOW, 1, [*new])
    assert (first["languages"], first["skew"], first["options"]) == ("chi_sim", 1.5, {"preprocessing": ["median"]})
    assert waiting.due(conn, NOW, 1)[0]["languages"] == "spa+eng"


def test_pages_come_later_when_their_batch_is_filed_and_sooner_when_it_is_opened_again(conn: Connection) -> None:
    seed.desk(conn)
    seed.box(conn)
    clerk = seed.user(conn, "ana")
    (other,) = seed.pages(conn, seed.batch(conn), 1)
    mine = seed.batch(conn, state="closed")
    (first,) = seed.pages(conn, mine, 1)
    conn.execute(update(page).where(page.c.id == first).values(draft=seed.draft(conn, mine, state="filed")))
    waiting.enter(conn, [other, first], NOW)
    assert order(conn) == [first, other]
    assert batches.settle(conn, mine, NOW)
    assert order(conn) == [other, first]
    batches.reopen(conn, mine, by=clerk, at=NOW, reason="another page")
    assert order(conn) == [first, other]
    said = batches.describe(conn, mine, {"box": "BOX-1"}, by=clerk, at=NOW)
    assert order(conn) == [other, first]
    acts.undo(conn, said, by=clerk, at=NOW)
    assert order(conn) == [first, other]


def test_every_move_that_takes_a_batch_from_the_desk_or_back_ranks_its_pages() -> None:
    """`rank` is called where a batch is filed and where it is opened again: those are all the moves over that line."""
    over = {
        (one, other)
        for one, onward in MOVES.items() for other in onward
        if (one in waiting.AT_WORK) != (other in waiting.AT_WORK) and other != BatchState.CANCELLED
    }  # fmt: skip
    assert over == {(BatchState.CLOSED, BatchState.FILED), (BatchState.FILED, BatchState.CLOSED)}


def test_the_next_page_is_one_look_into_the_index(conn: Connection, pages: list[int]) -> None:
    filed = seed.pages(conn, seed.batch(conn, state="filed"), 3)
    waiting.enter(conn, [*pages, *filed], NOW)
    for known in (False, True):
        if known:
            conn.execute(text("ANALYZE"))
        told: list[str] = []
        raw(conn).set_trace_callback(told.append)
        waiting.due(conn, NOW, 1, [pages[-1]])
        raw(conn).set_trace_callback(None)
        first, rest = (
            [row[3] for row in conn.execute(text(f"EXPLAIN QUERY PLAN {sql}"))]
            for sql in told if sql.startswith("SELECT")
        )  # fmt: skip
        assert [line for line in first if "reading" in line] == [
            "SEARCH reading USING COVERING INDEX reading_due (state=?)"
        ]
        assert not any("TEMP B-TREE" in line for line in first)
        assert known or not any(line.startswith("SCAN ") for line in rest)  # it scans a known table of few rows


def test_only_the_pages_of_a_batch_are_looked_at_when_it_is_filed(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages, NOW)
    told: list[str] = []
    raw(conn).set_trace_callback(told.append)
    waiting.rank(conn, 1)
    raw(conn).set_trace_callback(None)
    (asked,) = (sql for sql in told if sql.startswith("UPDATE reading"))
    plan = [row[3] for row in conn.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    assert "SEARCH reading USING INTEGER PRIMARY KEY (rowid=?)" in plan
    assert not any("reading_due" in line for line in plan)


def test_of_ten_thousand_that_wait_one_is_looked_at(conn: Connection, pages: list[int]) -> None:
    """Counted in SQLite's own steps, so that a busy machine says nothing."""
    template = conn.execute(select(page).where(page.c.id == pages[0])).one()._mapping
    many = [
        {**template, "id": 1000 + number, "public_id": f"X{number}", "number": 1000 + number}
        for number in range(10_000)
    ]
    conn.execute(insert(page), many)
    waiting.enter(conn, [row["id"] for row in many], NOW)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    raw(conn).set_progress_handler(step, 100)
    (row,) = waiting.due(conn, NOW, 1, [10_999])
    raw(conn).set_progress_handler(None, 0)
    assert row["page"] == 10_998
    assert steps < 20  # of a hundred each


def test_a_failure_is_tried_three_times_with_growing_pauses_and_then_listed(conn: Connection, pages: list[int]) -> None:
    (key, *_) = pages
    waiting.enter(conn, [key], NOW)
    at = NOW
    for pause in waiting.PAUSES[:2]:
        assert not texts.failed(conn, taken(conn, key, at), "WB-8401", "why", at)
        assert waiting.due(conn, at + pause - 1, 1) == []
        at += pause
    assert texts.failed(conn, taken(conn, key, at), "WB-8401", "why", at)
    row = conn.execute(select(reading)).one()
    assert (row.state, row.attempts, row.code, row.reason, row.due_at) == ("failed", 3, "WB-8401", "why", at)
    assert waiting.due(conn, at * 2, 1) == []


def test_what_no_second_try_can_mend_is_listed_at_once(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages[:1], NOW)
    assert waiting.failed(conn, taken(conn, pages[0]), read.UNKNOWN, "why", NOW)
    assert listed(conn) == pages[:1]
    assert waiting.again(conn, pages[0], NOW)


def test_a_page_that_is_read_twice_counts_its_failure_once(conn: Connection, pages: list[int]) -> None:
    """Two connections of a site that is loaded anew, or one that comes back from a long stop."""
    (key, *_) = pages
    waiting.enter(conn, [key], NOW)
    one, other = taken(conn, key), taken(conn, key)
    waiting.failed(conn, one, "WB-8401", "why", NOW)
    waiting.failed(conn, other, "WB-8401", "why", NOW + 5)
    row = conn.execute(select(reading)).one()
    assert (row.attempts, row.due_at) == (1, NOW + waiting.PAUSES[0])
    for _ in range(5):  # and it is never listed by the same two again
        assert not waiting.failed(conn, one, "WB-8401", "why", NOW + 5)
    texts.put(conn, key, {}, answer("words"), NOW)
    assert not texts.failed(conn, other, "WB-8401", "why", NOW)
    assert conn.execute(select(reading)).all() == []


def test_the_failure_of_a_look_that_is_gone_counts_nothing(conn: Connection, pages: list[int]) -> None:
    (key, *_) = pages
    waiting.enter(conn, [key], NOW)
    before = taken(conn, key)
    acts.change(conn, kind="rotate", by=None, at=NOW + 1, rows={"page": {key: {"recipe": {"rotate": 90}}}})
    assert not waiting.failed(conn, before, "WB-8401", "why", NOW + 2)
    row = conn.execute(select(reading)).one()
    assert (row.attempts, row.due_at, row.code) == (0, NOW + 1, "")


def test_a_failed_page_is_read_again_at_a_persons_word_in_its_turn(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages, NOW)
    conn.execute(update(reading).where(reading.c.page == pages[0]).values(attempts=2))
    assert waiting.failed(conn, taken(conn, pages[0]), "WB-8401", "why", NOW)
    assert listed(conn) == pages[:1]
    assert not waiting.again(conn, pages[1], NOW)
    assert waiting.again(conn, pages[0], NOW)
    assert order(conn) == pages[::-1]
    assert priorities(conn) == {waiting.TODAY}
    assert listed(conn) == []


def test_a_filed_batch_leaves_what_failed_where_it_is_listed(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages[:2], NOW)
    conn.execute(update(reading).values(attempts=2))
    waiting.failed(conn, taken(conn, pages[0]), "WB-8401", "why", NOW)
    number = conn.execute(select(batch_table.c.id)).scalar_one()
    waiting.rank(conn, number)
    assert listed(conn) == pages[:1]


def test_nobody_waits_for_what_has_left(conn: Connection, pages: list[int]) -> None:
    waiting.enter(conn, pages, NOW)
    waiting.enter(conn, pages[:1], NOW)  # again is once
    waiting.leave(conn, pages[1:])
    assert order(conn) == pages[:1]
    move(conn, 1, BatchState.STOPPED, NOW)
    assert order(conn) == pages[:1]
