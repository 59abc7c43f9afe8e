"""What an agent lets through to its database, and what it refuses before anything of it is used."""

from __future__ import annotations

from typing import Any, cast

import pytest

from channels._agent.rows import Rows
from channels._agent.server import Asked
from channels._agent.sessions import Session
from engine.channel import Health, HealthState
from engine.cli._agent import SHAPES
from engine.message import Failure, Refused, Request, Response, Unavailable

GOOD = {"insert": "Clients", "key": ["ClientID"], "values": {"ClientID": "1"}}


class Table:
    """The channel: answers what the test says."""

    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.there = False
        self.health = Health(HealthState.UP)

    async def call(self, request: Request) -> Response:
        self.asked.append(request)
        return Response({"row": "new"}, "row new")

    async def ask(self, request: Request) -> Response | None:
        self.asked.append(request)
        return Response({"row": "same"}, "row same") if self.there else None

    async def probe(self) -> Health:
        return self.health


def asked(**fields: Any) -> Asked:
    return Asked({"arguments": GOOD, "key": "k", "seconds": 2.0, **fields}, Session(), cast(Any, None))


async def test_a_call_keeps_its_key_and_its_time() -> None:
    table = Table()
    answer = await Rows(table, SHAPES).answer("insert", asked())
    assert answer == {"value": {"row": "new"}, "summary": "row new"}
    (request,) = table.asked
    assert (request.operation, request.arguments, request.key, request.timeout) == ("insert", GOOD, "k", 2.0)


async def test_asking_says_done_or_not() -> None:
    table = Table()
    rows = Rows(table, SHAPES)
    assert await rows.answer("ask", asked()) == {"done": False}
    table.there = True
    assert await rows.answer("ask", asked()) == {"done": True, "value": {"row": "same"}, "summary": "row same"}


async def test_a_database_that_is_away_is_unavailable() -> None:
    table = Table()
    rows = Rows(table, SHAPES)
    assert await rows.answer("probe", asked()) == {"health": "up"}
    table.health = Health(HealthState.DOWN, "no file")
    with pytest.raises(Unavailable, match="no file"):
        await rows.answer("probe", asked())


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("drop", {}), ("find", {}), ("update", {}), ("insert", {"arguments": None}), ("insert", {"key": 1}),
        ("insert", {"arguments": {**GOOD, "insert": 1}}), ("insert", {"arguments": {**GOOD, "key": "ClientID"}}),
        ("insert", {"arguments": {**GOOD, "values": []}}), ("insert", {"seconds": 1e9}), ("insert", {"seconds": "1"}),
        ("insert", {"seconds": True}), ("insert", {"seconds": float("nan")}),
    ],
)  # fmt: skip
async def test_what_is_no_call_is_refused(act: str, fields: dict[str, Any]) -> None:
    table = Table()
    with pytest.raises(Failure) as caught:
        await Rows(table, SHAPES).answer(act, asked(**fields))
    assert (type(caught.value), caught.value.code) == (Refused, "WB-3304")
    assert not table.asked
