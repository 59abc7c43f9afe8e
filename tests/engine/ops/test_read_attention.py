"""Attention in groups, and files that nothing claims."""

from __future__ import annotations

from sqlalchemy import Connection

from engine.ops import read_attention
from engine.store.database import Store
from tests.engine.ops import seed


def test_open_entries_by_cause_the_largest_first(store: Store) -> None:
    def rows(conn: Connection) -> str:
        number, run_id = seed.run(conn, seed.labels())
        seed.attention(conn, kind="late", code="", file=7)
        for at in (3, 1, 2):
            seed.attention(conn, run=number, created_at=at, reason=f"reason {at}")
        seed.attention(conn, closed_at=1)
        seed.attention(conn, kind="late", code="", acknowledged_by="demo")
        return run_id

    run_id = store.write_now(rows)
    dead, late = store.read_now(read_attention.groups)
    assert (dead.kind, dead.count, dead.oldest, dead.cause, dead.answers) == ("dead", 3, 1, "reason 2", ())
    assert {item.run_id for item in dead.items} == {run_id}
    assert dead.items[0].order_id == "175||3125"
    assert (late.count, late.answers, late.items[1].file_id) == (2, ("ignore",), 7)
    assert store.read_now(read_attention.open_count) == 4


def test_a_group_shows_its_newest(store: Store) -> None:
    store.write_now(lambda conn: [seed.attention(conn, created_at=at) for at in range(60)])
    group = store.read_now(read_attention.groups)[0]
    assert (group.count, len(group.items), group.items[0].created_at) == (60, read_attention.SHOWN, 59)


def test_files_that_wait_for_a_word(store: Store) -> None:
    def rows(conn: Connection) -> None:
        for state in ("unmatched", "ambiguous", "late", "incomplete", "taken", "discarded", "gone"):
            seed.file(conn, state=state, blob="0" * 64 if state == "late" else None)

    store.write_now(rows)
    files = store.read_now(read_attention.unmatched)
    assert [row.state for row in files] == ["unmatched", "ambiguous", "late", "incomplete"]
    assert [row.has_content for row in files] == [False, False, True, False]
    assert store.read_now(read_attention.unmatched_count) == 4
    assert "report.pdf" not in repr(files)
    assert store.read_now(lambda conn: read_attention.file_row(conn, 99)) is None
