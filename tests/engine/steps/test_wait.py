"""`wait`: polls that ask again, files below their connection."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.message import InDoubt, Refused, Unavailable
from engine.site.problems import Invalid
from tests.engine.runtime.house import attention, engine, events, one_route, order, rows

POLL = """\
      - {id: found, wait: {for: poll, call: {to: sink, operation: find, body: '$(body/id)'}, every: 20ms, until: 1h}}
      - {id: out, call: {to: sink, operation: send, body: '$(found/name)'}}
"""
FILE = "      - {id: report, wait: {for: file, in: drop, path: '$(body//folder)', name: '*.pdf'}}\n"
DROP = "  drop: {type: folder, path: drop, poll: 10m}\n"


async def test_a_poll_asks_until_there_is_an_answer(tmp_path: Path) -> None:
    outcomes: list[Any] = [
        None, "", [], {}, Unavailable("WB-3001", "down"), InDoubt("WB-3002", "no answer"), {"name": "x"},
    ]  # fmt: skip

    def answer(request: Any) -> Any:
        outcome = outcomes.pop(0) if outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async with engine(tmp_path, one_route(POLL)) as world:
        world.channel("sink").answer = answer
        await world.put(order(1), "order")
        await world.ended()
        requests = list(world.channel("sink").requests)
        assert [request.operation for request in requests] == ["find"] * 7 + ["send"]
        assert requests[-1].arguments["body"] == "x"
        assert rows(world, "SELECT step FROM effect") == [("out",)]
        assert events(world).count("waits") == 1


async def test_an_answer_that_is_not_as_expected_is_not_yet(tmp_path: Path) -> None:
    site = POLL.replace("find, body", "find, expect: {path: $(body/name), is: y}, body")
    async with engine(tmp_path, one_route(site)) as world:
        names = ["x", "y"]
        world.channel("sink").answer = lambda request: {"name": names.pop(0)} if names else None
        await world.put(order(1), "order")
        await world.ended()
        assert world.channel("sink").requests[-1].arguments["body"] == "y"


async def test_a_poll_that_is_refused_follows_on_error(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(POLL)) as world:

        def refuse(request: Any) -> None:
            raise Refused("WB-3003", "no such thing")

        world.channel("sink").answer = refuse
        await world.put(order(1), "order")
        await world.ended(state="dead")
        assert attention(world) == ["dead"]


@pytest.mark.parametrize("folder", ["/etc", "../up", "a/../../b"])
async def test_a_folder_is_below_its_connection(tmp_path: Path, folder: str) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, one_route(FILE, extra=DROP)) as world:
        await world.put(order(1, f"<folder>{folder}</folder>"), "order")
        (dead,) = await world.ended(state="dead")
        assert dead["code"] == "WB-5003"


async def test_a_folder_is_registered_as_its_connection_says_it(tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    async with engine(tmp_path, one_route(FILE, extra=DROP)) as world:
        await world.put(order(1, "<folder>a//b/</folder>"), "order")
        await world.ended(state="waiting")
        assert rows(world, "SELECT kind, connection, folder, pattern FROM wait") == [("file", "drop", "a/b", "*.pdf")]


@pytest.mark.parametrize(
    "wait", ["{for: poll}", "{for: file, in: drop}", "{for: file, path: a}", "{for: rain}", "soon"]
)
async def test_what_a_wait_needs(tmp_path: Path, wait: str) -> None:
    (tmp_path / "drop").mkdir()
    with pytest.raises(Invalid):
        async with engine(tmp_path, one_route(f"      - {{id: w, wait: {wait}}}\n", extra=DROP)):
            pass
