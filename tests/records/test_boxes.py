"""Boxes and the progress of a back-file project."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, event, insert

from engine.message import Refused
from engine.store.schema import document
from records import boxes
from tests.records import seed

DAY = 86_400_000


def batch(conn: Connection, box: int, pages: int, **changes: Any) -> int:
    made = seed.batch(conn, box=box, **changes)
    if pages:
        seed.pages(conn, made, pages)
    return made


def filed(conn: Connection, owner: int, batch_id: int, name: str, state: str = "current") -> None:
    values = {"public_id": name, "patient": owner, "kind": "x", "blob": seed.fake("d"), "created_at": 1, "state": state}
    conn.execute(insert(document).values(values | {"batch": batch_id, "origin": "scan"}))


def test_a_box_is_made_and_changed(conn: Connection) -> None:
    key = boxes.add(conn, {"code": " B-1 ", "project": "1990-1999", "sheets": 400}, by=1, at=5)
    assert boxes.change(conn, key, {"shelf": "R2/4", "state": "full"}) == key
    found = boxes.one(conn, key)
    assert (found.code, found.project, found.shelf, found.sheets, found.state) == (
        "B-1",
        "1990-1999",
        "R2/4",
        400,
        "full",
    )
    boxes.change(conn, key, {"code": "B-2"})
    boxes.change(conn, key, {})
    assert boxes.one(conn, key).code == "B-2"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "WB-8710"),
        ({"code": " "}, "WB-8710"),
        ({"code": "x" * 61}, "WB-8710"),
        ({"code": "B", "state": "lost"}, "WB-8710"),
        ({"code": "B", "sheets": -1}, "WB-8710"),
        ({"code": "B", "shelf": "x" * 101}, "WB-8710"),
        ({"code": "BOX-1"}, "WB-8711"),
    ],
)
def test_what_is_no_box(conn: Connection, fields: dict[str, Any], code: str) -> None:
    seed.box(conn, "BOX-1")
    with pytest.raises(Refused, match=code):
        boxes.add(conn, fields, by=1, at=5)


def test_a_box_that_is_not_there_or_has_anothers_code(conn: Connection) -> None:
    seed.box(conn, "BOX-1")
    key = seed.box(conn, "BOX-2")
    with pytest.raises(Refused, match="no such box"):
        boxes.change(conn, 99, {"title": "x"})
    with pytest.raises(Refused, match="WB-8711"):
        boxes.change(conn, key, {"code": "BOX-1"})
    boxes.change(conn, key, {"code": "BOX-2"})


def test_boxes_are_listed_with_what_came_out_of_them(conn: Connection) -> None:
    owner = seed.patient(conn)
    one, two = seed.box(conn, "BOX-1", project="P"), seed.box(conn, "BOX-2")
    first = batch(conn, one, 3)
    batch(conn, one, 2, state="filed")
    batch(conn, one, 0, state="cancelled")
    filed(conn, owner, first, "D1")
    filed(conn, owner, first, "D2", "withdrawn")
    newest, oldest = boxes.search(conn, None, None, 10)
    assert (newest.id, newest.images, newest.batches, newest.documents) == (two, 0, {}, 0)
    assert (oldest.id, oldest.images, oldest.batches, oldest.documents) == (one, 5, {"open": 1, "filed": 1}, 1)
    assert [known.id for known in boxes.search(conn, "P", None, 10)] == [one]
    assert [known.id for known in boxes.search(conn, None, two, 10)] == [one]


def test_the_progress_of_projects(conn: Connection) -> None:
    owner = seed.patient(conn)
    one = seed.box(conn, "BOX-1", project="P", sheets=100, state="full")
    two = seed.box(conn, "BOX-2", project="P", sheets=50)
    seed.box(conn, "BOX-3", project="Q")
    first = batch(conn, one, 2, sheets=30, created_at=DAY)
    batch(conn, one, 4, sides="both", created_at=DAY * 2)  # nobody said: two sheets
    batch(conn, two, 0, sheets=28, created_at=DAY * 2 + 5)
    filed(conn, owner, first, "D1")
    project, other = boxes.projects(conn)
    assert (project.project, project.boxes, project.sheets, project.unsaid) == ("P", {"full": 1, "open": 1}, 150, 0)
    assert (project.fed, project.images, project.batches, project.documents) == (60, 6, {"open": 3}, 1)
    assert (project.a_day, project.days) == (30.0, 3)
    assert (other.unsaid, other.fed, other.a_day, other.days) == (1, 0, 0.0, None)


def test_three_questions_however_many_boxes(conn: Connection) -> None:
    asked: list[str] = []
    for number in range(20):
        batch(conn, seed.box(conn, f"BOX-{number}"), 1)
    event.listen(conn, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    boxes.search(conn, None, None, 50)
    assert len(asked) == 3
    asked.clear()
    boxes.projects(conn)
    assert len(asked) == 3
