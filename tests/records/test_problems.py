"""What needs a look on the scan desk: listed page by page, counted, tried again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, text, update

from engine.message import Refused
from engine.ops.read_attention import unmatched
from engine.store.schema import attention, document, message, patient
from engine.store.schema import file as seen
from engine.store.schema_records import making, reading, scan_file, upload
from engine.store.sql import raw
from records import flags, problems, tree
from records.assign import Who
from tests.records import filed, seed
from tests.records.seed import NOW

DROP = ("scan_drop",)
DESK = ("problems", "scan")
CLERK = ("problems", "scan", "edit")


def rows(conn: Connection) -> int:
    """One problem of each source, and beside them what is none. Answers the batch."""
    of = seed.batch(conn, state="stopped", code="WB-8110", reason="a separator is missing", title="Monday")
    seed.batch(conn)
    seed.file(conn, of, state="failed", code="WB-8003", reason="not a TIFF", name="bad.tif")
    one, two = seed.pages(conn, of, 2)
    conn.execute(insert(reading).values(page=one, state="failed", due_at=NOW, code="WB-8402", reason="too slow"))
    conn.execute(insert(reading).values(page=two, state="queued", due_at=NOW))
    patient = seed.patient(conn)
    for number, code in ((1, "WB-8302"), (2, "")):
        about = {"public_id": f"doc{number}", "patient": patient, "kind": "letter", "title": "Letter", "batch": of}
        conn.execute(insert(document).values(id=number, blob=seed.fake("d"), created_at=NOW, **about))
        conn.execute(insert(making).values(document=number, due_at=NOW, code=code, reason="why", attempts=3))
    for number, (connection, state) in enumerate(
        (("scan_drop", "incomplete"), ("device", "incomplete"), ("scan_drop", "gone"))
    ):
        stamp = {"size": 1, "mtime_ns": 1, "inode": number, "first_seen": NOW, "changed_at": NOW}
        conn.execute(insert(seen).values(connection=connection, path="n/a.jpg", state=state, reason="no end", **stamp))
    for number, connection in enumerate(("scan_drop", "his_in")):
        about = {
            "id": str(number),
            "connection": connection,
            "operation": "file",
            "received_at": NOW,
            "outcome": "rejected",
        }
        more = {"content_type": "x", "size": 1, "meta": {"path": "n/notes.txt"}, "reply": b"", "repeats": 0}
        conn.execute(insert(message).values(**about, **more, code="WB-8600", reason="why"))
        conn.execute(
            insert(attention).values(
                kind="invalid", message_id=str(number), code="WB-8600", reason="why", created_at=NOW
            )
        )
    for name, at in (("new.jpg", NOW), ("old.jpg", NOW - problems.MONTH)):
        about = {"public_id": name, "sha256": seed.fake(name), "size": 1, "name": name, "station": "s", "at": at}
        conn.execute(insert(upload).values(**about, meta={"code": "WB-8603", "reason": "differs"}, state="refused"))
    return of


def test_each_source_once_in_pages_of_any_size(conn: Connection) -> None:
    rows(conn)
    whole = problems.search(conn, DROP, None, 50, NOW, DESK)
    assert whole.next is None
    assert [(one.kind, one.subject, one.code) for one in whole.items] == [
        ("incomplete", "n/a.jpg", "WB-8607"),
        ("stopped", "Monday", "WB-8110"),
        ("unreadable", "bad.tif", "WB-8003"),
        ("unreadable", "n/notes.txt", "WB-8600"),
        ("upload", "new.jpg", "WB-8603"),
        ("pdf", "letter", "WB-8302"),
        ("text", whole.items[-1].subject, "WB-8402"),
    ]
    assert whole.items[-1].subject.endswith(", 1")
    assert [one.can_retry for one in whole.items] == [False, False, True, False, False, True, True]
    assert len({one.batch for one in whole.items if one.batch}) == 1
    for size in (1, 2, 3, 7):
        after, found = None, []
        while True:
            some = problems.search(conn, DROP, after, size, NOW, DESK)
            assert len(some.items) <= size
            found += some.items
            after = some.next
            if after is None:
                break
        assert found == whole.items
    assert problems.counts(conn, DROP, NOW) == {
        "incomplete": 1, "stopped": 1, "unreadable": 2, "upload": 1, "pdf": 1, "text": 1,
    }  # fmt: skip


def test_a_technician_sees_no_word_that_a_person_wrote(conn: Connection) -> None:
    rows(conn)
    flagged(conn)
    found = problems.search(conn, DROP, None, 50, NOW, ("problems",)).items
    assert {one.kind for one in found} == {"incomplete", "stopped", "unreadable", "upload", "pdf", "text"}
    assert not [one for one in found if any(word in one.subject + one.reason for word in ("Letter", "Monday", "Garc"))]
    assert [one.subject for one in found if one.kind in ("stopped", "pdf")] == ["", "letter"]
    assert "flagged" not in problems.counts(conn, DROP, NOW, DESK)


def flagged(conn: Connection) -> tuple[int, int]:
    """A document with a mark on its second page, and a mark on all of another; their numbers."""
    who = Who(seed.user(conn, "doc"), "doc")
    owner = seed.patient(conn, "0009000007", "García")
    found = []
    for key, place in ((filed.scanned(conn, owner, title="Letter of García"), 2), (filed.routed(conn, owner), None)):
        row = tree.one(conn, seed.public(conn, document, key)[0])
        assert row is not None
        note = "is of García"
        found.append(flags.put(conn, row, place=place, reason="patient", note=note, who=who, at=NOW + 3))
    return found[0], found[1]


def test_marks_of_readers_are_for_who_may_answer_them(conn: Connection) -> None:
    one, two = flagged(conn)
    first = problems.search(conn, DROP, None, 1, NOW, CLERK)
    (second,) = problems.search(conn, DROP, first.next, 5, NOW, CLERK).items
    (owner,) = conn.execute(select(patient.c.public_id)).scalars()
    assert [(item.id, item.kind, item.subject, item.reason, item.page) for item in (*first.items, second)] == [
        (f"flag-{one}", "flagged", "consent", "patient", 2),
        (f"flag-{two}", "flagged", "ANS report", "patient", None),
    ]
    assert [first.items[0].document, second.document] == list(
        conn.execute(select(document.c.public_id).order_by(document.c.id)).scalars()
    )
    assert (second.patient, second.since, second.can_retry) == (owner, NOW + 3, False)
    assert problems.counts(conn, DROP, NOW, CLERK)["flagged"] == 2
    assert problems.retry(conn, [f"flag-{one}"], NOW) == (0, set())
    row = tree.one(conn, first.items[0].document or "")
    assert row is not None
    flags.answer(conn, row, one, answer="fine", note="looked", who=Who(1, "eva"), at=NOW + 9)
    assert [item.id for item in problems.search(conn, DROP, None, 5, NOW, CLERK).items] == [f"flag-{two}"]


def test_tried_again(conn: Connection) -> None:
    rows(conn)
    listed = problems.search(conn, DROP, None, 50, NOW).items
    done, topics = problems.retry(conn, [one.id for one in listed], NOW + 5)
    assert (done, topics) == (3, {"work:take", "work:make", "work:read"})
    left = problems.search(conn, DROP, None, 50, NOW).items
    assert [one.kind for one in left] == ["incomplete", "stopped", "unreadable", "upload"]
    assert conn.execute(select(scan_file.c.state).where(scan_file.c.name == "bad.tif")).scalar() == "taken"
    assert conn.execute(select(func.count()).where(reading.c.state == "queued")).scalar() == 2
    assert problems.retry(conn, [one.id for one in listed], NOW + 6) == (0, set())


@pytest.mark.parametrize("word", ["", "file", "file-", "file-x", "other-1", "file-1 or 1", "file-" + "9" * 30])
def test_what_is_no_problem(conn: Connection, word: str) -> None:
    with pytest.raises(Refused, match="WB-8630"):
        problems.retry(conn, [word], NOW)
    with pytest.raises(Refused, match="WB-8630"):
        problems.search(conn, DROP, word, 10, NOW)


def test_a_file_that_is_whole_is_no_problem_any_more(conn: Connection) -> None:
    rows(conn)
    assert len(unmatched(conn)) == 2
    conn.execute(update(seen).values(state="gone"))
    assert "incomplete" not in [one.kind for one in problems.search(conn, DROP, None, 50, NOW).items]


def test_files_of_years_are_not_looked_at(conn: Connection) -> None:
    for number in range(20):
        seed.file(conn, None, state="failed" if number % 4 == 0 else "joined")
    asked: list[tuple[str, Any]] = []
    event.listen(conn, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    problems.counts(conn, DROP, NOW)
    found = problems.search(conn, DROP, None, 50, NOW)
    assert [one.kind for one in found.items] == ["unreadable"] * 5
    plans = [row[3] for text, given in list(asked) for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)]
    looked = [plan for plan in plans if "scan_file" in plan and "INTEGER PRIMARY KEY" not in plan]
    assert len(looked) == 2
    assert all("INDEX scan_file_state" in plan for plan in looked)


def test_of_texts_that_failed_only_a_page_of_the_list_is_looked_at(conn: Connection) -> None:
    told: list[str] = []
    raw(conn).set_trace_callback(told.append)
    problems.search(conn, DROP, "text-5", 5, NOW)
    raw(conn).set_trace_callback(None)
    (asked,) = (sql for sql in told if "FROM reading" in sql)
    plan = [row[3] for row in conn.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    assert "SEARCH reading USING INDEX reading_due (state=? AND priority=? AND page>?)" in plan
    assert not any("TEMP B-TREE" in line for line in plan)
