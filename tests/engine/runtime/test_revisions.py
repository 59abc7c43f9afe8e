"""A run stays on the revision that it entered, with its transforms."""

from __future__ import annotations

from pathlib import Path

from engine.runtime import revisions
from engine.site.problems import Invalid
from tests.engine.runtime.house import engine, one_route, order, rows
from tests.engine.world import write_site

OUT = "      - {id: out, call: {to: sink, operation: WORD}}\n"


def site(word: str) -> str:
    return one_route(OUT.replace("WORD", word), "same")


async def test_an_unfinished_run_goes_on_with_its_old_text(tmp_path: Path) -> None:
    async with engine(tmp_path, site("old")) as world:
        await world.put(order(1), "order")
        await world.ended()
        await world.daemon.store.write(
            lambda conn: conn.exec_driver_sql("UPDATE run SET state = 'ready', ended_at = NULL, attempts = 0")
        )
        await world.daemon.store.write(lambda conn: conn.exec_driver_sql("DELETE FROM effect"))
    write_site(tmp_path, site("new"))
    async with engine(tmp_path) as world:
        await world.ended()
        await world.put(order(2), "order")
        await world.ended(2)
        assert [request.operation for request in world.channel("sink").requests] == ["old", "new"]
        assert len(rows(world, "SELECT DISTINCT revision FROM revision")) == 2


async def test_one_that_cannot_be_loaded_holds_its_runs(tmp_path: Path) -> None:
    async with engine(tmp_path, site("old")) as world:
        await world.put(order(1), "order")
        await world.ended()
        revision = world.runs()[0]["revision"]
        await world.daemon.store.write(
            lambda conn: conn.exec_driver_sql("UPDATE run SET state = 'ready', ended_at = NULL")
        )
    (tmp_path / "var" / "revisions" / revision / "routes.yaml").write_text("broken: [")
    write_site(tmp_path, site("new"))
    async with engine(tmp_path) as world:
        (held,) = await world.ended(state="held")
        assert held["code"] == "WB-2010"
        assert revision[:12] in held["reason"]


def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    def broken(folder: Path) -> None:
        raise Invalid([])

    assert revisions.load([("r", "1")], tmp_path, broken) == {}  # type: ignore[arg-type]
