"""Parts and their parent, repeats of parts, and what is said once."""

from __future__ import annotations

from pathlib import Path

from engine.message import INLINE_LIMIT, Refused
from engine.ops import attention as acts
from engine.ops import runs
from engine.store.schema import attention as attention_table
from tests.engine.runtime.house import attention, engine, events, one_route, order, rows
from tests.engine.world import World

SPLIT = """\
      - {id: parts, status: Pending, split: {by: //item, identity: [./no]}}
      - {id: out, call: {to: sink, operation: send, body: '$(body//no)'}}
"""
LABELS = "{no: {path: //no}, who: {path: //who, phi: true, optional: true}, kind: {value: lab}}"
SITE = one_route(SPLIT, "same", labels=LABELS).replace("[//id]", "[//msg]")


def message(number: int, *items: str, who: str = "") -> str:
    found = "".join(f"<item>{item}</item>" for item in items)
    return f"<order><msg>{number}</msg><head>{who}</head><list>{found}</list></order>"


def part(number: str, more: str = "") -> str:
    return f"<no>{number}</no>{more}"


async def test_each_part_is_a_run_and_the_parent_ends_with_counts(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(message(1, part("a"), part("b")), "order")
        await world.ended(3)
        parent, one, two = world.runs()
        assert (parent["children"], parent["status"], parent["reason"]) == (2, None, "2 parts: 2 done")
        assert [(r["parent"], r["root"], r["status"]) for r in (one, two)] == [(1, 1, "Pending")] * 2
        assert sorted(r.arguments["body"] for r in world.channel("sink").requests) == ["a", "b"]
        assert rows(world, "SELECT run, name, value FROM label ORDER BY run, name") == [
            (2, "kind", "lab"), (2, "no", "a"), (3, "kind", "lab"), (3, "no", "b"),
        ]  # fmt: skip
        assert events(world, 1)[-1] == "ended"


async def test_parts_keep_their_own_ancestors_and_no_others(tmp_path: Path) -> None:
    """Two patients in one message: each order keeps its own patient's name (layout B)."""
    body = (
        "<m><msg>1</msg><p><who>one</who><item><no>a</no></item><item><no>b</no></item></p>"
        "<p><who>two</who><item><no>c</no></item></p></m>"
    )
    async with engine(tmp_path, SITE) as world:
        await world.put(body, "order")
        await world.ended(4)
        found = rows(world, "SELECT value, phi FROM label WHERE name = 'who' ORDER BY run")
        assert found == [("one", 1), ("one", 1), ("two", 1)]


async def test_a_part_that_came_before_is_filtered_and_a_different_one_is_held(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(message(1, part("a")), "order")
        await world.ended(2)
        await world.put(message(2, part("a"), part("b")), "order")
        await world.until(lambda: len(world.runs(state="done")) == 4)
        (repeat,) = world.runs(state="filtered")
        assert repeat["reason"] == f"repeat of {world.runs()[1]['id']}"
        await world.put(message(3, part("a", "<new/>")), "order")
        (held,) = await world.ended(state="held")
        assert (held["code"], attention(world)) == ("WB-1008", ["update"])
        assert world.runs(message_id=held["message_id"])[0]["state"] == "waiting"
        assert len(world.channel("sink").requests) == 2


async def test_the_same_part_twice_in_one_message(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(message(1, part("a"), part("a")), "order")
        await world.ended(2)
        assert [r["state"] for r in world.runs()] == ["done", "done", "filtered"]
        assert world.runs()[0]["reason"] == "2 parts: 1 done, 1 filtered"


async def test_nothing_but_repeats_ends_at_once(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(message(1, part("a")), "order")
        await world.ended(2)
        await world.put(message(2, part("a")), "order")
        await world.ended(3)
        assert len(world.runs(state="filtered")) == 1


async def held_update(world: World, answer: str) -> None:
    await world.put(message(1, part("a"), part("a", "<new/>")), "order")
    await world.ended(state="held")
    await world.until(lambda: bool(world.runs(state="done")))
    number = world.read(lambda conn: conn.execute(attention_table.select()).first()).id
    await world.daemon.store.write(lambda conn: acts.close(conn, number, answer, "op", ""))
    world.daemon.runtime.poke()
    await world.until(lambda: world.runs()[0]["state"] == "done")


async def test_a_person_lets_it_run_anew_with_effects_of_its_own(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await held_update(world, "anew")
        assert len({request.key for request in world.channel("sink").requests}) == 2
        assert attention(world) == []


async def test_a_person_ignores_it(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await held_update(world, "ignore")
        assert len(world.channel("sink").requests) == 1
        assert [r["state"] for r in world.runs()] == ["done", "done", "filtered"]


async def test_no_part_is_refused(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(message(1), "order")
        (dead,) = await world.ended(state="dead")
        assert dead["code"] == "WB-2006"


async def test_a_part_decides_by_its_own_body_what_applies(tmp_path: Path) -> None:
    steps = SPLIT.replace("id: out, call", "id: out, when: {absent: //skip}, call") + (
        "      - {id: end, call: {to: sink, operation: end, body: '$(body//no)'}}\n"
    )
    async with engine(tmp_path, SITE.replace(SPLIT, steps)) as world:
        await world.put(message(1, part("a", "<skip>1</skip>"), part("b")), "order")
        await world.ended(3)
        sent = sorted((r.operation, r.arguments["body"]) for r in world.channel("sink").requests)
        assert sent == [("end", "a"), ("end", "b"), ("send", "b")]


async def test_a_large_part_is_a_blob_and_is_read_again(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        refused: list[int] = []

        def answer(_request: object) -> None:
            if not refused:
                refused.append(1)
                raise Refused("WB-3003", "no")

        world.channel("sink").answer = answer
        await world.put(message(1, part("a", f"<x>{'y' * INLINE_LIMIT}</x>")), "order")
        (dead,) = await world.ended(state="dead")
        assert rows(world, "SELECT data, length(blob) FROM value WHERE name = 'body'") == [(None, 64)]
        await world.daemon.store.write(lambda conn: runs.retry(conn, dead["id"], "op"))
        world.daemon.runtime.poke()
        await world.ended(2)
        assert [r.arguments["body"] for r in world.channel("sink").requests] == ["a", "a"]


async def test_more_parts_than_there_is_room_for(tmp_path: Path) -> None:
    async with engine(tmp_path, SITE) as world:
        await world.put(message(1, *(part(str(n)) for n in range(1200))), "order")
        await world.until(lambda: world.runs()[0]["state"] == "done", 15)
        assert world.runs()[0]["reason"] == "1200 parts: 1200 done"


async def test_overdue_is_said_once_and_the_wait_goes_on(tmp_path: Path) -> None:
    steps = "      - {id: w, wait: {for: poll, call: {to: sink, operation: find}, every: 20ms, until: 50ms}}\n"
    async with engine(tmp_path, one_route(steps)) as world:
        await world.put(order(1), "order")
        await world.until(lambda: len(world.channel("sink").requests) > 10)
        assert attention(world) == ["overdue"]
        assert events(world).count("overdue") == 1
        assert events(world).count("waits") == 1
        world.channel("sink").answer = lambda request: {"found": "1"}
        await world.ended()
        assert attention(world) == []


CIRCLE = """\
      - {id: first, set: {values: {note: '$(body/id)'}}}
      - {id: out, on_error: {refused: go:first}, call: {to: sink, operation: send, body: '$(body/id)'}}
"""


async def test_a_route_that_goes_round_in_a_circle_is_held(tmp_path: Path) -> None:
    async with engine(tmp_path, one_route(CIRCLE)) as world:

        def no(_request: object) -> None:
            raise Refused("WB-3003", "the peer says no")

        world.channel("sink").answer = no
        await world.put(order(), "order")
        [run] = await world.ended(state="held")
        assert (run["code"], run["generation"]) == ("WB-2016", 100)
        assert len(world.channel("sink").requests) == 101
        assert attention(world) == ["held"]
