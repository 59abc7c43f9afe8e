"""The desk on a running engine: pauses last, nothing is lost by them, and a reload is all or nothing."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.threads import deferToThread

from engine.cli import _office
from engine.message import Refused, Unavailable
from tests.engine.runtime.house import attention, engine, events, one_route, order, rows
from tests.engine.world import World, write_site

OUT = "      - {id: out, call: {to: sink, operation: WORD}}\n"


def site(word: str = "send", more: str = "") -> str:
    return one_route(OUT.replace("WORD", word), "same", extra=more)


def sent(world: World) -> list[str]:
    return [request.operation for request in world.channel("sink").requests]


# ---- pauses


async def test_runs_wait_at_a_paused_connection_and_go_on_at_once(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        desk = world.daemon.desk
        await desk.pause("connection", "sink", "op", "update of the HIS")
        for number in range(3):
            assert (await world.put(order(number), "order")).ok
        await world.until(lambda: len(world.runs(state="waiting")) == 3)
        run = world.runs()[0]
        assert (run["waits_for"], run["due_at"], run["code"]) == ("connection sink is paused", None, "WB-7201")
        assert run["reason"] == "paused by op: update of the HIS"
        assert world.daemon.runtime.health()["sink"].reason == "paused by op: update of the HIS"
        assert sent(world) == []
        await desk.resume("connection", "sink", "op")
        await world.ended(3)
        assert sent(world) == ["send"] * 3
        assert attention(world) == []


async def test_a_pause_survives_a_restart_and_counts_no_attempt(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        await world.daemon.desk.stop("connection", "sink", "op", "")
        await world.put(order(1), "order")
        await world.until(lambda: len(world.runs(state="waiting")) == 1)
        assert str(world.daemon.runtime.health()["sink"].state) == "stopped"
    async with engine(tmp_path) as world:
        assert (await world.daemon.desk.states())["connections"]["sink"]["reason"] == "stopped by op"
        assert str(world.daemon.runtime.health()["sink"].state) == "stopped"
        await world.put(order(2), "order")
        await world.until(lambda: len(world.runs(state="waiting")) == 2)
        # A pause of a year takes nobody's patience.
        await world.daemon.store.write(
            lambda conn: (
                conn.exec_driver_sql(
                    "UPDATE run SET first_try_at = first_try_at - 31536000000, since = since - 31536000000"
                ).rowcount
            )
        )
        world.channel("sink").answer = _twice_away()
        await world.daemon.desk.start("connection", "sink", "op")
        await world.ended(2)
        assert str(world.daemon.runtime.health()["sink"].state) == "up"


def _twice_away() -> Any:
    asked: list[int] = []

    def answer(_request: object) -> None:
        asked.append(1)
        if len(asked) <= 2:
            raise Unavailable("WB-3001", "away")

    return answer


async def test_a_paused_source_refuses_politely(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        await world.daemon.desk.pause("connection", "source", "op", "")
        with pytest.raises(Unavailable, match="WB-7203 connection source is paused"):
            await world.put(order(1), "order")
        await world.daemon.desk.stop("connection", "source", "op", "")
        with pytest.raises(Unavailable, match="the channel is stopped"):
            await world.put(order(1), "order")
        await world.daemon.desk.start("connection", "source", "op")
        assert (await world.put(order(1), "order")).ok
        await world.ended()


async def test_a_paused_route_takes_nothing_and_its_ready_runs_stay(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        await world.put(order(1), "order")
        await world.ended()
        await world.daemon.desk.pause("route", "r", "op", "")
        with pytest.raises(Unavailable, match="route r is paused"):
            await world.put(order(2), "order")
        await world.daemon.store.write(
            lambda conn: (
                conn.exec_driver_sql(
                    "UPDATE run SET state = 'ready', ended_at = NULL, generation = 1, attempts = 0"
                ).rowcount
            )
        )
        world.daemon.runtime.poke_now()
    async with engine(tmp_path) as world:
        assert [run["state"] for run in world.runs()] == ["ready"]
        await world.daemon.desk.resume("route", "r", "op")
        await world.ended()
        assert len(sent(world)) == 1


async def test_names_that_are_not_there(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        for kind, name in (("connection", "r"), ("route", "sink"), ("table", "r")):
            with pytest.raises(Refused, match="WB-7209"):
                await world.daemon.desk.pause(kind, name, "op")  # type: ignore[arg-type]


async def test_probe(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        assert (await world.daemon.desk.probe("sink")) == {"ok": True, "state": "up", "text": ""}


# ---- reload


async def test_a_reload_of_nothing_changes_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        channel = world.channel("sink")
        plan = await world.daemon.desk.reload("op")
        assert (plan.applied, bool(plan), plan.problems) == (True, False, [])
        assert world.channel("sink") is channel


async def test_new_runs_take_the_new_text_and_old_ones_keep_theirs(tmp_path: Path) -> None:
    async with engine(tmp_path, site("old")) as world:
        desk = world.daemon.desk
        await desk.pause("connection", "sink", "op")
        await world.put(order(1), "order")
        await world.until(lambda: len(world.runs(state="waiting")) == 1)
        sink = world.channel("sink")
        write_site(tmp_path, site("new"))
        assert (await desk.plan()).routes.changed == {"r": "step out changed"}
        assert (await desk.reload("op")).applied
        await world.put(order(2), "order")
        await desk.resume("connection", "sink", "op")
        await world.ended(2)
        assert world.channel("sink") is sink
        assert sorted(sent(world)) == ["new", "old"]
        listed = await desk.revisions("r")
        assert [(row["current"], row["by"]) for row in listed] == [(True, "op"), (False, "")]


async def test_a_transform_counts_when_it_is_deployed(tmp_path: Path) -> None:
    text = one_route("      - {id: out, call: {to: sink, operation: send, body: transforms/t.yaml}}\n", "same")
    table = "x: {value: VALUE}\n"
    async with engine(tmp_path, text, t__yaml=table.replace("VALUE", "one")) as world:
        write_site(tmp_path, text, t__yaml="half an edit: [")
        await world.put(order(1), "order")
        await world.ended()
        plan = await world.daemon.desk.plan()
        assert plan.problems[0].place.file == "transforms/t.yaml"
        write_site(tmp_path, text, t__yaml=table.replace("VALUE", "two"))
        plan = await world.daemon.desk.reload("op")
        assert plan.routes.changed == {"r": "changed: t.yaml"}
        await world.put(order(2), "order")
        await world.ended(2)
        bodies = [str(request.arguments["body"]) for request in world.channel("sink").requests]
        assert "one" in bodies[0]
        assert "two" in bodies[1]


async def test_connections_are_added_changed_and_removed(tmp_path: Path) -> None:
    async with engine(tmp_path, site(more="  old: {type: memory_out}\n")) as world:
        write_site(tmp_path, site(more="  new: {type: memory_out}\n").replace("repeat: same", "repeat: ask"))
        source, sink = world.channel("source"), world.channel("sink")
        plan = await world.daemon.desk.reload("op")
        assert plan.connections.as_dict() == {
            "added": {"new": "new"}, "changed": {"sink": "changed: repeat"},
            "removed": {"old": "not in the text any more"},
        }  # fmt: skip
        assert plan.applied
        assert world.channel("source") is source
        assert world.channel("sink") is not sink
        assert "old" not in world.daemon.runtime.health()
        assert (await world.put(order(1), "order")).ok
        await world.ended()
        assert sent(world) == ["send"]


async def test_a_connection_under_unfinished_runs_stays(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        await world.daemon.desk.pause("connection", "sink", "op")
        await world.put(order(1), "order")
        await world.until(lambda: len(world.runs(state="waiting")) == 1)
        text = (
            "connections:\n  source: {type: memory_in}\nroutes:\n  r:\n    receive: {from: source, operation: order}\n"
        )
        text += "    steps:\n      - {id: note, set: {values: {x: y}}}\n"
        write_site(tmp_path, text)
        plan = await world.daemon.desk.reload("op")
        assert [problem.code for problem in plan.problems] == ["WB-7205"]
        assert not plan.applied
        await world.daemon.desk.resume("connection", "sink", "op")
        await world.ended()
        assert (await world.daemon.desk.reload("op")).applied
        await world.put(order(2), "order")
        await world.ended(2)


async def test_a_fault_changes_nothing_while_traffic_goes_on(tmp_path: Path) -> None:
    async with engine(tmp_path, site("old")) as world:
        write_site(tmp_path, site("new").replace("to: sink", "to: nowhere"))
        plan = await world.daemon.desk.reload("op")
        assert [(p.place.line, p.code) for p in plan.problems] == [(11, "WB-6008")]
        assert not plan.applied
        await world.put(order(1), "order")
        await world.ended()
        assert sent(world) == ["old"]


async def test_a_source_that_does_not_start_takes_all_of_it_back(tmp_path: Path) -> None:
    listen = "  his: {type: soap_in, listen: '127.0.0.1:PORT', path: /his, namespace: 'urn:x', envelope: hip}\n"
    async with engine(tmp_path, site("old")) as world:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            text = site("new", listen.replace("PORT", str(other.getsockname()[1])))
            text = text.replace("repeat: same", "repeat: ask").replace("from: source", "from: [source, his]")
            write_site(tmp_path, text)
            plan = await world.daemon.desk.reload("op")
            (problem,) = plan.problems
            assert (problem.code, problem.place.line, plan.applied) == ("WB-7207", 6, False)
            assert "cannot listen" in problem.text
            await world.put(order(1), "order")
            await world.ended()
            assert sent(world) == ["old"]
            assert "his" not in world.daemon.channels
            assert len(await world.daemon.desk.revisions("r")) == 1
        assert (await world.daemon.desk.reload("op")).applied


async def test_back_to_a_revision_and_a_restart_stays_there(tmp_path: Path) -> None:
    async with engine(tmp_path, site("old")) as world:
        desk = world.daemon.desk
        before = world.daemon.site.routes["r"].revision
        write_site(tmp_path, site("new"))
        await desk.reload("op")
        began = time.monotonic()
        assert (await desk.reload("op", revision=before[:10])).applied
        took = time.monotonic() - began
        print(f"back in {took:.3f} s")
        assert took < 5
        await world.put(order(1), "order")
        await world.ended()
        with pytest.raises(Refused, match="WB-7208"):
            await desk.reload("op", revision="ffff")
    async with engine(tmp_path) as world:
        await world.put(order(2), "order")
        await world.ended(2)
        assert sent(world) == ["old"]
        assert (await world.daemon.desk.reload("op")).routes.changed == {"r": "step out changed"}
        await world.put(order(3), "order")
        await world.ended(3)
        assert sent(world) == ["old", "new"]


TWO = """connections:
  source: {type: memory_in}
  sink: {type: memory_out, repeat: same}
routes:
  a:
    receive: {from: source, operation: a}
    steps:
      - {id: out, call: {to: sink, operation: ONE}}
  b:
    receive: {from: source, operation: b}
    steps:
      - {id: out, call: {to: OTHER, operation: TWO}}
"""


def two(one: str, other: str, to: str = "sink") -> str:
    return TWO.replace("ONE", one).replace("TWO", other).replace("OTHER", to)


async def test_one_route_alone(tmp_path: Path) -> None:
    async with engine(tmp_path, two("one", "one")) as world:
        desk = world.daemon.desk
        more = two("two", "two", "more").replace("routes:", "  more: {type: memory_out, repeat: same}\nroutes:")
        write_site(tmp_path, more)
        plan = await desk.reload("op", route="b")
        assert [problem.code for problem in plan.problems] == ["WB-7206"]
        plan = await desk.reload("op", route="a")
        assert (plan.applied, plan.routes.names()) == (True, ["a"])
        await world.put(order(1), "a")
        await world.put(order(2), "b")
        await world.ended(2)
        assert sorted(sent(world)) == ["one", "two"]
        with pytest.raises(Refused, match="WB-7209"):
            await desk.reload("op", route="c")


async def test_only_the_sites_own_folder(tmp_path: Path) -> None:
    async with engine(tmp_path / "site", site("old")) as world:
        other = write_site(tmp_path / "other", site("new"))
        assert (await world.daemon.desk.plan(other)).routes.changed == {"r": "step out changed"}
        with pytest.raises(Refused, match="WB-7211"):
            await world.daemon.desk.reload("op", folder=other)


# ---- through the socket


async def test_commands_over_the_socket_with_progress_and_audit(tmp_path: Path) -> None:
    async with engine(tmp_path, site("old")) as world:
        state, told = tmp_path / "var", []
        write_site(tmp_path, site("new"))

        def ask() -> Any:
            return _office.desk_with_progress(state, "reload", lambda *line: told.append(line), by="os:op")

        plan = await deferToThread(ask)
        assert plan["applied"]
        assert plan["routes"]["changed"] == {"r": "step out changed"}
        assert [line[0] for line in told] == [0, 1, 2]
        assert rows(world, "SELECT user, act FROM audit") == [("os:op", "desk.reload")]
        with pytest.raises(Refused, match="WB-7209"):
            await deferToThread(lambda: _office.desk(state, "pause", kind="route", name="x", by="os:op"))
        with pytest.raises(Refused, match="WB-7401"):
            await deferToThread(lambda: _office.desk(state, "command"))


async def test_who_watches_is_told_and_may_go_away(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        runtime = world.daemon.runtime
        before = len(runtime._listeners)

        def first() -> Any:
            watching = _office.lines(tmp_path / "var", "watch", topics=["worklist"])
            line = next(watching)
            watching.close()
            return line

        seen = deferToThread(first)
        await world.until(lambda: len(runtime._listeners) == before + 1)
        await world.put(order(1), "order")
        assert "worklist" in (await seen)["topics"]
        await world.until(lambda: len(runtime._listeners) == before)


# ---- move


async def test_runs_move_to_the_new_revision(tmp_path: Path) -> None:
    async with engine(tmp_path, site("old")) as world:
        desk = world.daemon.desk
        await desk.pause("connection", "sink", "op")
        await world.put(order(1), "order")
        await world.until(lambda: len(world.runs(state="waiting")) == 1)
        write_site(tmp_path, site("new"))
        await desk.reload("op")
        (shown,) = await desk.move("op", route="r")
        assert (shown["from_step"], shown["to_step"], shown["problem"]) == ("out", "out", "")
        assert world.runs()[0]["revision"] == shown["from_revision"]
        (moved,) = await desk.move("op", route="r", preview=False, note="corrected")
        assert moved["problem"] == ""
        await desk.resume("connection", "sink", "op")
        await world.ended()
        assert sent(world) == ["new"]
        assert "moved" in events(world)
        assert await desk.move("op", route="r") == []
        with pytest.raises(Refused, match="WB-7209"):
            await desk.move("op")
