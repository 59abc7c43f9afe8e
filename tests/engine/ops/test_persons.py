"""What a route asks a person is read, answered once, and only with its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import Refused
from engine.ops import attention as entries
from engine.ops import persons
from tests.engine.runtime.house import attention, engine, events, one_route, order, rows

ASK = """\
      - {id: ask, wait: {for: person, question: Send it?, answers: ['yes', 'no'], until: 1h}}
      - {id: keep, set: {labels: {id: '$(ask/answer)'}}}
"""


async def test_a_question_and_its_answer(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(ASK)) as world:
        await world.put(order(1), "order")
        (waiting,) = await world.ended(state="waiting")
        asked = world.read(lambda conn: persons.question(conn, waiting["id"]))
        assert (asked.step, asked.text, asked.answers) == ("ask", "Send it?", ("yes", "no"))
        assert asked.until - asked.since == 3_600_000
        write = world.daemon.store.write
        with pytest.raises(Refused, match="the answers are yes, no"):
            await write(lambda conn: persons.answer(conn, waiting["id"], "maybe", "li"))
        await write(lambda conn: persons.answer(conn, waiting["id"], "yes", "li", "x" * 5000))
        with pytest.raises(Refused, match="asks nobody"):
            await write(lambda conn: persons.answer(conn, waiting["id"], "no", "li"))
        world.daemon.runtime.poke()
        await world.ended()
        assert world.read(lambda conn: persons.question(conn, waiting["id"])) is None
        assert rows(world, "SELECT value FROM label") == [("yes",)]
        assert rows(world, "SELECT text, user FROM event WHERE kind = 'answered'") == [("yes", "li")]
        assert "answered" in events(world)
        assert len(rows(world, "SELECT data FROM value WHERE name = 'ask'")[0][0]) < 3000


async def test_the_entry_is_closed_by_the_answer_alone(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(ASK)) as world:
        await world.put(order(1), "order")
        await world.ended(state="waiting")
        assert rows(world, "SELECT kind, reason FROM attention") == [("person", "Send it? (yes, no)")]
        with pytest.raises(Refused, match="answer the question"):
            await world.daemon.store.write(lambda conn: entries.close(conn, 1, "ignore", "li", ""))
        assert attention(world) == ["person"]


async def test_there_is_no_such_run(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(ASK)) as world:
        with pytest.raises(Refused, match="no such run"):
            await world.daemon.store.write(lambda conn: persons.answer(conn, "x", "yes", "li"))
