"""The desk when two people use it at once, when it is stopped meanwhile, and when its folder was damaged."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.threads import deferToThread

from engine.cli import _office
from engine.message import Refused, Unavailable
from tests.engine.desk.test_desk import sent, site
from tests.engine.runtime.house import engine, order, rows
from tests.engine.world import World, write_site


async def _all(*acts: Any) -> list[tuple[bool, Any]]:
    return await DeferredList([Deferred.fromCoroutine(act) for act in acts], consumeErrors=True)


async def test_two_reloads_at_once_leave_one_whole_configuration(tmp_path: Path) -> None:
    async with engine(tmp_path, site("one")) as world:
        desk = world.daemon.desk
        write_site(tmp_path, site("three"))
        acts = (desk.reload("op"), desk.reload("other"), desk.pause("connection", "sink", "op"), desk.reload("third"))
        outcomes = await _all(*acts)
        assert all(ok for ok, _ in outcomes)
        assert [outcomes[at][1].applied for at in (0, 1, 3)] == [True] * 3
        assert [outcomes[at][1].routes.names() for at in (0, 1, 3)] == [["r"], [], []]
        await desk.resume("connection", "sink", "op")
        await world.put(order(1), "order")
        await world.ended()
        assert sent(world) == ["three"]
        assert world.daemon.site.routes["r"].revision == world.daemon.runtime.site.routes["r"].revision


async def test_a_stop_during_a_reload_ends_and_the_next_start_is_whole(tmp_path: Path) -> None:
    write_site(tmp_path, site("one"))
    world = await World(tmp_path).start()
    write_site(tmp_path, site("two"))
    going = Deferred.fromCoroutine(world.daemon.desk.reload("op"))
    _ = going.addBoth(lambda _: None)  # done or cut off: whichever came first
    await world.stop()
    async with engine(tmp_path) as world:
        await world.put(order(2), "order")
        await world.ended()
        assert sent(world) == ["two"]


async def test_a_reload_while_a_run_waits_for_its_next_attempt(tmp_path: Path) -> None:
    async with engine(tmp_path, site("one")) as world:

        def away(_: object) -> None:
            raise Unavailable("WB-3001", "away")

        sink = world.channel("sink")
        sink.answer = away
        await world.put(order(1), "order")
        await world.until(lambda: world.runs()[0]["attempts"] > 1)
        write_site(tmp_path, site("two"))
        assert (await world.daemon.desk.reload("op")).applied
        sink.answer = lambda _: None
        await world.ended()
        assert {request.operation for request in sink.requests} == {"one"}, "it stays on its revision"


@pytest.mark.parametrize(
    "pins", ["", "{", "[1]", '{"r": 5}', '{"r": "../../../etc"}', '{"r": "' + "a" * 5000 + '"}', "\x00"]
)
async def test_pins_that_are_none_do_not_stop_a_start(tmp_path: Path, pins: str) -> None:
    async with engine(tmp_path, site("one")):
        pass
    (tmp_path / "var" / "revisions" / "pins.json").write_text(pins)
    async with engine(tmp_path) as world:
        await world.put(order(1), "order")
        await world.ended()
        assert sent(world) == ["one"]
        assert (await world.daemon.desk.reload("op")).problems == []


@pytest.mark.parametrize("harm", ["gone", "text", "transform", "file"])
async def test_a_start_with_damaged_revisions(tmp_path: Path, harm: str) -> None:
    """What runs now is written again from the site; a revision that cannot be read is refused, and nothing else."""
    async with engine(tmp_path, site("one")) as world:
        old = world.daemon.site.routes["r"].revision
        write_site(tmp_path, site("two"))
        await world.daemon.desk.reload("op")
    kept = tmp_path / "var" / "revisions"
    if harm == "gone":
        shutil.rmtree(kept)
    elif harm == "file":
        shutil.rmtree(kept)
        kept.mkdir()
        (kept / old).write_text("no folder")
    else:
        for copy in kept.glob("site-*"):
            (copy / "routes.yaml").write_text("{" if harm == "text" else "routes: {}\n")
    async with engine(tmp_path) as world:
        await world.put(order(1), "order")
        await world.ended()
        assert sent(world) == ["two"]
        with pytest.raises(Refused, match="WB-7208"):
            await world.daemon.desk.reload("op", revision=old)
        await world.put(order(2), "order")
        await world.ended(2)


async def test_who_does_something_is_said(tmp_path: Path) -> None:
    async with engine(tmp_path, site()) as world:
        state = tmp_path / "var"
        for act, more in (("pause", {"kind": "route", "name": "r"}), ("reload", {}), ("move", {"preview": False})):
            with pytest.raises(Refused, match="WB-7213"):
                await deferToThread(lambda act=act, more=more: _office.desk(state, act, by=" ", **more))  # type: ignore[misc]
        assert rows(world, "SELECT count(*) FROM audit") == [(0,)]
        assert rows(world, "SELECT count(*) FROM pause") == [(0,)]


async def test_a_note_is_for_people_and_in_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with engine(tmp_path, site()) as world:
        desk = world.daemon.desk
        for act in (desk.pause, desk.stop):
            await act("connection", "sink", "op", "because of 示例甲")
            assert "示例甲" in (await desk.states())["connections"]["sink"]["reason"]
        await desk.stop("route", "r", "op", "because of 示例甲")
        await desk.start("connection", "sink", "op")
        assert "connection sink is paused by op" in caplog.text
        assert "示例甲" not in caplog.text
