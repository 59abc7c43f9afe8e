"""The outbox is handed over in order, once, and waits for an engine that is full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from channels._records.hand import Handing
from engine.message import Refused, Reply, Unavailable
from engine.store.schema import metadata
from engine.store.schema_records import outbox
from records import outbox as box
from tests.contracts.fakes import FakeInbox, World, make_world
from tests.records import seed
from tests.records.filed import scanned


class Case:
    """Two rows in the outbox, and a room that hands them over."""

    def __init__(self, world: World, *received: str) -> None:
        self.world = world
        self.inbox = FakeInbox(frozenset(received or {"document_filed"}))
        self.room = Handing(world.services, "records", self.inbox)
        metadata.create_all(world.store.engine)
        self.document = world.store.run_now(lambda conn: scanned(conn, seed.patient(conn)))
        for _ in range(2):
            self.put(box.FILED)

    def put(self, operation: str) -> int:
        return self.world.store.run_now(
            lambda conn: box.put(conn, operation=operation, document_id=self.document, at=5)
        )

    def rows(self) -> list[Any]:
        return self.world.store.run_now(lambda conn: list(conn.execute(select(outbox).order_by(outbox.c.id))))


@pytest.fixture(name="case")
def fixture_case(reactor: Any, tmp_path: Path) -> Any:
    world = make_world(reactor, tmp_path)
    yield Case(world)
    world.store.engine.dispose()


async def test_each_row_is_handed_once_in_its_order(case: Case) -> None:
    await case.room.round()
    await case.room.round()
    given = case.inbox.accepted
    assert [one.identity for one in given] == [("outbox-1",), ("outbox-2",)]
    assert (given[0].connection, given[0].operation) == ("records", "document_filed")
    assert given[0].body.decode() == case.rows()[0].body
    assert all(row.handed_at and not row.code for row in case.rows())
    await case.room.stop()


async def test_a_full_engine_is_waited_for(case: Case) -> None:
    case.inbox.outcome = Unavailable("WB-1012", "the engine is full")
    await case.room.round()
    assert [row.handed_at for row in case.rows()] == [None, None]
    case.inbox.outcome = None
    await case.room.round()
    assert len(case.inbox.accepted) == 2


async def test_a_repeat_is_as_good_as_the_first(case: Case) -> None:
    case.inbox.outcome = Reply("repeat", "m1")
    await case.room.round()
    assert [row.code for row in case.rows()] == ["", ""]


@pytest.mark.parametrize("outcome", [Refused("WB-1013", "no"), Reply("invalid", "m1", code="WB-1001", reason="bad")])
async def test_what_is_not_taken_is_marked_and_the_rest_goes_on(case: Case, outcome: Any) -> None:
    case.inbox.outcome = outcome
    await case.room.round()
    assert [row.code for row in case.rows()] == ["WB-8308", "WB-8308"]
    case.inbox.outcome = None
    case.put(box.WITHDRAWN)
    case.put(box.FILED)
    await case.room.round()
    assert [row.code for row in case.rows()] == ["WB-8308", "WB-8308", "WB-8307", ""]


async def test_a_change_goes_to_those_who_receive_it_and_those_who_receive_all(reactor: Any, tmp_path: Path) -> None:
    world = make_world(reactor, tmp_path)
    case = Case(world, box.FILED, box.CHANGED)
    case.put(box.WITHDRAWN)
    await case.room.round()
    given = [(one.operation, one.identity) for one in case.inbox.accepted]
    both = [(word, (f"outbox-{number}",)) for number in (1, 2) for word in (box.FILED, box.CHANGED)]
    assert given == [*both, (box.CHANGED, ("outbox-3",))]
    assert [row.code for row in case.rows()] == ["", "", ""]
    world.store.engine.dispose()


async def test_one_that_refuses_does_not_keep_it_from_the_other(reactor: Any, tmp_path: Path) -> None:
    world = make_world(reactor, tmp_path)
    case = Case(world, box.FILED, box.CHANGED)
    answers = [Refused("WB-1013", "no"), None, None, Unavailable("WB-1012", "full")]
    take = case.inbox.accept

    async def accept(incoming: Any) -> Any:
        case.inbox.outcome = answers.pop(0)
        return await take(incoming)

    case.inbox.accept = accept  # type: ignore[method-assign]
    await case.room.round()
    assert [row.code if row.handed_at else None for row in case.rows()] == ["WB-8308", None]
    assert [one.operation for one in case.inbox.accepted] == [box.CHANGED, box.FILED]
    world.store.engine.dispose()
