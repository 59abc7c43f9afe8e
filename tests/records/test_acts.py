"""Acts and undoing: against the rows themselves, and any sequence against a plain model."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from engine.message import Refused
from engine.store.schema_records import act, batch, draft, page, page_text, reading
from records import acts
from tests.records import seed

AT = seed.NOW + 1000


def rows(conn: Connection, table: Any = page) -> dict[int, dict[str, Any]]:
    return {row.id: dict(row._mapping) for row in conn.execute(select(table))}


def queued(conn: Connection) -> list[int]:
    return sorted(conn.execute(select(reading.c.page)).scalars())


def test_an_act_keeps_what_was_and_undo_puts_it_back(conn: Connection) -> None:
    one = seed.batch(conn)
    first, second = seed.pages(conn, one, 2)
    was = rows(conn)
    changes = {"page": {first: {"state": "dropped", "reason": "torn"}, second: {"state": "kept"}}}
    number = acts.change(conn, kind="drop", by=7, at=AT, batch=one, rows=changes, note="n")
    row = conn.execute(select(act)).one()
    assert (row.kind, row.by, row.at, row.batch, row.note) == ("drop", 7, AT, one, "n")
    # What did not change is not in it.
    assert row.before == {"page": {str(first): {"state": "kept", "reason": ""}}}
    assert rows(conn)[first]["state"] == "dropped"
    touched = acts.undo(conn, number, by=8, at=AT + 1)
    assert touched.rows == {"page": [first]}
    assert rows(conn)[first] == was[first] | {"changed_at": AT + 1}
    assert conn.execute(select(batch.c.version)).scalar_one() == 3
    undone = conn.execute(select(act)).one()
    assert (undone.undone_at, undone.undone_by) == (AT + 1, 8)
    with pytest.raises(Refused, match="undone already"):
        acts.undo(conn, number, by=8, at=AT)


def test_what_a_later_act_stands_on_is_not_undone(conn: Connection) -> None:
    one = seed.batch(conn)
    (key,) = seed.pages(conn, one, 1)

    def turn(angle: int) -> int:
        return acts.change(
            conn, kind="rotate", by=1, at=AT, batch=one, rows={"page": {key: {"recipe": {"rotate": angle}}}}
        )

    numbers = [turn(angle) for angle in (90, 180, 90)]
    assert [can for _, can in acts.listed(conn, one)] == [True, False, False]
    with pytest.raises(Refused) as refused:
        acts.undo(conn, numbers[0], by=1, at=AT)
    assert refused.value.code == acts.NO_UNDO
    # Another column of the same row is in nobody's way.
    acts.change(conn, kind="flag", by=1, at=AT, batch=one, rows={"page": {key: {"flags": ["flag"]}}})
    for number in reversed(numbers):
        acts.undo(conn, number, by=1, at=AT)
    assert (rows(conn)[key]["recipe"], rows(conn)[key]["flags"]) == ({}, ["flag"])


def test_what_changed_without_an_act_is_not_overwritten(conn: Connection) -> None:
    one = seed.batch(conn)
    (key,) = seed.pages(conn, one, 1)
    number = acts.change(conn, kind="x", by=1, at=AT, batch=one, rows={"page": {key: {"position": 5.0}}})
    conn.execute(page.update().values(position=6.0))
    with pytest.raises(Refused):
        acts.undo(conn, number, by=1, at=AT)


def test_rows_that_an_act_added_go_again(conn: Connection) -> None:
    one = seed.batch(conn)
    (key,) = seed.pages(conn, one, 1)
    new = seed.draft(conn, one)
    changes = {"page": {key: {"draft": new}}}
    number = acts.change(conn, kind="draft", by=1, at=AT, batch=one, rows=changes, added={"draft": [new]})
    conn.execute(draft.update().values(suggested={"kinds": []}))  # the machine's word is in nobody's way
    acts.undo(conn, number, by=1, at=AT)
    assert rows(conn)[key]["draft"] is None
    assert rows(conn, draft) == {}


def test_a_page_that_looks_different_is_shown_and_read_anew(conn: Connection) -> None:
    one = seed.batch(conn)
    (key,) = seed.pages(conn, one, 1, thumb="t" * 64, view="v" * 64)
    text = {"languages": "eng", "engine": "x", "text": "", "words": b"", "confidence": 1.0, "ms": 1, "at": AT}
    conn.execute(insert(page_text).values(page=key, recipe="", **text))
    number = acts.change(conn, kind="rotate", by=1, at=AT, batch=one, rows={"page": {key: {"recipe": {"rotate": 90}}}})
    assert (rows(conn)[key]["thumb"], rows(conn)[key]["view"]) == (None, None)
    assert queued(conn) == [key]
    acts.undo(conn, number, by=1, at=AT)
    assert queued(conn) == []  # it has been read like this


def test_only_pages_of_the_record_are_read(conn: Connection) -> None:
    one = seed.batch(conn)
    (key,) = seed.pages(conn, one, 1)

    def become(state: str) -> None:
        acts.change(conn, kind=state, by=1, at=AT, batch=one, rows={"page": {key: {"state": state}}})

    become("blank")
    assert queued(conn) == []
    become("kept")
    assert queued(conn) == [key]
    become("dropped")
    assert queued(conn) == []


def test_the_newest_that_changed_something(conn: Connection) -> None:
    one = seed.batch(conn)
    (key,) = seed.pages(conn, one, 1)
    assert acts.newest(conn, one) is None
    first = acts.change(conn, kind="x", by=1, at=AT, batch=one, rows={"page": {key: {"reason": "x"}}})
    acts.change(conn, kind="close", by=1, at=AT, batch=one, rows={})
    assert acts.newest(conn, one) == first
    acts.undo(conn, first, by=1, at=AT)
    assert acts.newest(conn, one) is None


COLUMNS: dict[str, list[Any]] = {
    "state": ["kept", "dropped", "blank"],
    "reason": ["", "a"],
    "position": [1.0, 2.5],
    "flags": [[], ["flag"]],
}

one_change = st.sampled_from([(column, value) for column, values in COLUMNS.items() for value in values])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sets(st.integers(0, 3), min_size=1), one_change),
        st.tuples(st.just("draft"), st.sets(st.integers(0, 3), min_size=1)),
        st.tuples(st.just("undo"), st.integers(0, 9)),
    ),
    max_size=25,
)


class Model:
    """Rows as dictionaries; an act is undone only when no act after it that stands touched the same."""

    def __init__(self, pages: list[int]) -> None:
        self.pages: dict[int, dict[str, Any]] = {
            key: {"state": "kept", "reason": "", "position": 0.0, "flags": [], "draft": None} for key in pages
        }
        self.acts: list[dict[str, Any]] = []

    def change(self, number: int, changes: dict[int, dict[str, Any]], made: int | None = None) -> None:
        before = {}
        for key, values in changes.items():
            for column, value in values.items():
                if self.pages[key][column] != value:
                    before[key, column] = self.pages[key][column]
                    self.pages[key][column] = value
        self.acts.append({"id": number, "before": before, "made": made, "undone": False})

    def undo(self, place: int) -> bool:
        mine = self.acts[place]
        later = {cell for one in self.acts[place + 1 :] if not one["undone"] for cell in one["before"]}
        if mine["undone"] or set(mine["before"]) & later:
            return False
        for (key, column), value in mine["before"].items():
            self.pages[key][column] = value
        mine["undone"] = True
        return True

    @property
    def drafts(self) -> set[int]:
        return {one["made"] for one in self.acts if one["made"] is not None and not one["undone"]}


@given(steps)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_sequence(sequence: list[Any]) -> None:
    with seed.fresh() as conn:
        one = seed.batch(conn)
        pages = seed.pages(conn, one, 4)
        conn.execute(page.update().values(position=0.0))
        model = Model(pages)
        for step in sequence:
            _step(conn, one, pages, model, step)
            found = {key: {name: row[name] for name in model.pages[key]} for key, row in rows(conn).items()}
            assert found == model.pages
            assert set(rows(conn, draft)) == model.drafts


def _step(conn: Connection, one: int, pages: list[int], model: Model, step: Any) -> None:
    if step[0] == "undo":
        if step[1] < len(model.acts):
            _undo(conn, model, step[1])
        return
    made = seed.draft(conn, one) if step[0] == "draft" else None
    values = {"draft": made} if made is not None else {step[2][0]: step[2][1]}
    changes = {pages[place]: copy.deepcopy(values) for place in step[1]}
    added = {"draft": [made]} if made is not None else None
    number = acts.change(conn, kind=step[0], by=1, at=AT, batch=one, rows={"page": changes}, added=added)
    model.change(number, changes, made)


def _undo(conn: Connection, model: Model, place: int) -> None:
    number = model.acts[place]["id"]
    if model.undo(place):
        acts.undo(conn, number, by=1, at=AT)
    else:
        with pytest.raises(Refused):
            acts.undo(conn, number, by=1, at=AT)
