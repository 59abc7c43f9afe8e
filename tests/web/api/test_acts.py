"""The acts are the engine's own: each reaches its writer function, which decides."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from engine.message import Refused, new_id
from tests.engine.ops import seed
from tests.web.api.world import World
from web.api.acts import Acts, EngineActs

ACTS: Acts = EngineActs()
NONE = new_id()


@pytest.mark.parametrize(
    "act",
    [
        lambda conn: ACTS.retry(conn, NONE, "demo", ""),
        lambda conn: ACTS.cancel(conn, NONE, "demo", ""),
        lambda conn: ACTS.answer_doubt(conn, NONE, "arrived", "demo", ""),
        lambda conn: ACTS.candidates(conn, 7),
        lambda conn: ACTS.choose(conn, 7, NONE, "demo"),
        lambda conn: ACTS.discard(conn, 7, "why", "demo"),
        lambda conn: ACTS.acknowledge(conn, 7, "demo", ""),
        lambda conn: ACTS.close(conn, 7, "ignore", "demo", ""),
        lambda conn: ACTS.sign(conn, NONE, 1),
        lambda conn: ACTS.refuse(conn, NONE, 1, "why"),
        lambda conn: ACTS.reread(conn, NONE, 1),
        lambda conn: ACTS.withdraw(conn, NONE, 1),
    ],
)
def test_what_is_not_there_is_refused(world: World, act: Callable[[Connection], object]) -> None:
    with pytest.raises(Refused):
        world.write(act)


def test_a_dead_run_is_retried_and_a_held_one_cancelled(world: World) -> None:
    def rows(conn: Connection) -> tuple[str, str]:
        return seed.run(conn, state="dead", code="WB-3001")[1], seed.run(conn, state="held")[1]

    dead, held = world.write(rows)
    world.write(lambda conn: ACTS.retry(conn, dead, "demo", "the peer is back"))
    world.write(lambda conn: ACTS.cancel(conn, held, "demo", "twice"))
    assert [row["state"] for row in world.rows("SELECT state FROM run ORDER BY seq")] == ["ready", "cancelled"]
    assert {row["user"] for row in world.rows("SELECT user FROM event")} == {"demo"}


def test_candidates_are_what_the_screen_shows(world: World) -> None:
    def rows(conn: Connection) -> None:
        number, _ = seed.run(conn, seed.labels(), state="waiting", step="report")
        seed.wait(conn, number, kind="file", connection="device_dir", folder="p/o")
        seed.file(conn)

    world.write(rows)
    world.bridge.acts = ACTS
    found = world.sign_in("OP").get("/api/v1/unmatched").json()["items"][0]["candidates"]
    assert [(one["label"], one["why"]) for one in found] == [("175||3125", "the same folder")]


def test_a_physician_signs_and_takes_back(world: World) -> None:
    def rows(conn: Connection) -> str:
        number, run_id = seed.run(conn, seed.labels(), state="waiting", step="signed")
        seed.user(conn, "doctor", ("PH",))
        seed.wait(conn, number, match={"document": "0" * 64, "provider": "ca", "by": {"role": "physician"}})
        return run_id

    run_id = str(world.write(rows))
    job = world.write(lambda conn: ACTS.sign(conn, run_id, 1))
    assert world.rows("SELECT id, state, owner FROM sign_job") == [{"id": job, "state": "prepared", "owner": 1}]
    world.write(lambda conn: ACTS.withdraw(conn, run_id, 1))
    assert world.rows("SELECT state FROM sign_job") == [{"state": "cancelled"}]
