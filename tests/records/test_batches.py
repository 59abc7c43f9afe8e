"""A batch from its first page to the last that is filed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select

from engine import points
from engine.message import Refused
from engine.store.database import Store
from engine.store.schema_records import act, batch, draft
from records import acts, batches, locks
from records.states import BatchState
from tests.records import seed

AT = seed.NOW


@pytest.fixture(name="ana")
def fixture_ana(conn: Connection) -> int:
    return seed.user(conn, "ana")


def row(conn: Connection, key: int) -> Row[Any]:
    return conn.execute(select(batch).where(batch.c.id == key)).one()


def kinds(conn: Connection) -> list[str]:
    return list(conn.execute(select(act.c.kind).order_by(act.c.id)).scalars())


def test_a_new_one(conn: Connection, ana: int) -> None:
    box = seed.box(conn, "BOX-7")
    key = batches.new(conn, station="desk-1", by=ana, at=AT, title="t", sheets=5, box="BOX-7", header="H1")
    found = row(conn, key)
    assert (found.state, found.operator, found.sheets, found.sides, found.box) == ("open", ana, 5, "one", box)
    by_id = batches.find(conn, found.public_id)
    assert by_id is not None
    assert by_id.id == key
    assert batches.find(conn, "nobody") is None


@pytest.mark.parametrize("said", [{"station": ""}, {"station": "a/b"}, {"sides": "three"}, {"box": "nowhere"}])
def test_what_cannot_be_said(conn: Connection, ana: int, said: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        batches.new(conn, by=ana, at=AT, **({"station": "desk-1"} | said))
    assert refused.value.code == batches.WRONG


def test_what_is_said_of_it_can_be_undone(conn: Connection, ana: int) -> None:
    key = seed.batch(conn)
    number = batches.describe(conn, key, {"sheets": 7, "title": "x"}, by=ana, at=AT)
    assert (row(conn, key).sheets, row(conn, key).title, row(conn, key).version) == (7, "x", 2)
    acts.undo(conn, number, by=ana, at=AT)
    assert (row(conn, key).sheets, row(conn, key).title) == (None, "")


def test_it_closes_when_it_balances(conn: Connection, ana: int) -> None:
    key = seed.batch(conn, sheets=2)
    seed.pages(conn, key, 1)
    with pytest.raises(Refused, match="count") as refused:
        batches.close(conn, key, by=ana, at=AT)
    assert refused.value.code == batches.UNBALANCED
    seed.pages(conn, key, 1)
    batches.close(conn, key, by=ana, at=AT)
    assert (row(conn, key).state, row(conn, key).closed_by, row(conn, key).closed_at) == ("closed", ana, AT)
    with pytest.raises(Refused) as refused:
        batches.close(conn, key, by=ana, at=AT)
    assert refused.value.code == batches.CLOSED
    batches.describe(conn, key, {"title": "still"}, by=ana, at=AT)
    with pytest.raises(Refused):
        batches.describe(conn, key, {"sheets": 3}, by=ana, at=AT)
    batches.reopen(conn, key, by=ana, at=AT, reason="one more")
    assert row(conn, key).state == BatchState.OPEN
    assert kinds(conn) == ["close", "describe", "reopen"]


def test_it_is_filed_when_all_is(conn: Connection, ana: int) -> None:
    key = seed.batch(conn, sheets=3)
    first, second = seed.pages(conn, key, 1), seed.pages(conn, key, 1)
    seed.pages(conn, key, 1, state="blank")
    one, other = seed.draft(conn, key, first), seed.draft(conn, key, second)
    assert not batches.settle(conn, key, AT)  # not closed
    batches.close(conn, key, by=ana, at=AT)
    conn.execute(draft.update().where(draft.c.id == one).values(state="filed"))
    assert not batches.settle(conn, key, AT)
    conn.execute(draft.update().where(draft.c.id == other).values(state="filed"))
    assert batches.settle(conn, key, AT)
    assert row(conn, key).state == BatchState.FILED
    batches.reopen(conn, key, by=ana, at=AT, reason="x")
    assert row(conn, key).state == BatchState.OPEN
    batches.close(conn, key, by=ana, at=AT)
    assert row(conn, key).state == BatchState.FILED


def test_a_stopped_one_goes_on_when_somebody_looked(conn: Connection, ana: int) -> None:
    key = seed.batch(conn, sheets=0, state="stopped", code="WB-8020", reason="a gap")
    with pytest.raises(Refused, match="stopped"):
        batches.close(conn, key, by=ana, at=AT)
    batches.resolve(conn, key, by=ana, at=AT, note="the sheet was torn")
    found = row(conn, key)
    assert (found.state, found.code, found.reason) == ("open", "", "")
    with pytest.raises(Refused):
        batches.resolve(conn, key, by=ana, at=AT, note="again")


def test_one_with_pages_is_not_cancelled(conn: Connection, ana: int) -> None:
    key = seed.batch(conn)
    (one,) = seed.pages(conn, key, 1)
    with pytest.raises(Refused, match="drop them"):
        batches.cancel(conn, key, by=ana, at=AT, reason="a test")
    acts.change(conn, kind="drop", by=ana, at=AT, batch=key, rows={"page": {one: {"state": "dropped"}}})
    batches.cancel(conn, key, by=ana, at=AT, reason="a test")
    assert (row(conn, key).state, row(conn, key).reason) == ("cancelled", "a test")


def test_somebody_elses_is_left_alone(conn: Connection, ana: int) -> None:
    key = seed.batch(conn, sheets=0, locked_by=seed.user(conn, "eva"), locked_at=AT)
    for act_ in (
        lambda: batches.close(conn, key, by=ana, at=AT),
        lambda: batches.describe(conn, key, {"title": "x"}, by=ana, at=AT),
        lambda: batches.cancel(conn, key, by=ana, at=AT, reason="x"),
    ):
        with pytest.raises(Refused) as refused:
            act_()
        assert refused.value.code == locks.LOCKED


@pytest.mark.parametrize("name", ["desk.act", "desk.close"])
def test_what_ends_half_way_has_not_begun(tmp_path: Path, reactor: Any, name: str) -> None:
    store = Store(tmp_path / "x.sqlite", reactor, durable=False)
    store.open()

    def end(passed: str) -> None:
        if passed == name:
            raise RuntimeError(passed)

    try:
        ana = store.write_now(lambda conn: seed.user(conn, "ana"))
        key = store.write_now(lambda conn: seed.batch(conn, sheets=0))
        was = store.read_now(lambda conn: row(conn, key))
        points.watch(end)
        with pytest.raises(RuntimeError):
            store.write_now(lambda conn: batches.close(conn, key, by=ana, at=AT + 1))
        points.watch(None)
        assert store.read_now(lambda conn: row(conn, key)) == was
        assert store.read_now(kinds) == []
    finally:
        points.watch(None)
        store.close()


@pytest.mark.parametrize(
    ("code", "may"),
    [("desk-1", True), ("Scanner 2", True), ("门诊", True), ("..", False), (".", False), ("...", True), ("a/b", False),
     ("a\\b", False), ("a\n", False), (" a", False), ("", False), ("x" * 41, False)],
)  # fmt: skip
def test_a_station_is_called_as_a_folder_may_be(code: str, may: bool) -> None:
    assert batches.is_station(code) is may
