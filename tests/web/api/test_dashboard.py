"""The dashboard's rows."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy import Connection

from tests.engine.ops import seed
from tests.web.api.world import World
from web.api.dashboard import dashboard, named_in, users_of_connections


def test_rows_of_connections_and_routes(world: World) -> None:
    def rows(conn: Connection) -> None:
        seed.run(conn, state="dead", step="send_back", since=seed.NOW - 5000)
        seed.run(conn, state="ready", step="send_back", since=seed.NOW - 9000)
        seed.run(conn, state="done", step=None)

    world.write(rows)
    answer = world.sign_in().get("/api/v1/dashboard").json()
    row = next(row for row in answer["connections"] if row["name"] == "his_out")
    assert (row["state"], row["reason"], row["in"], row["out"]) == ("down", "connection refused", 3, 2)
    assert (row["waiting"], row["dead"], row["oldest"]) == (1, 1, "2026-09-21T14:13:11.000Z")
    assert row["spark"] == [0] * 27 + [1, 2, 3]
    assert row["since"] == "2026-09-21T14:13:20.000Z"
    route = answer["routes"][0]
    assert (route["ready"], route["dead"], route["waiting"], route["revision"]) == (1, 1, 0, "r1")
    assert answer["engine"]["queue"] == 6
    assert answer["engine"]["pss_mb"] > 0


def test_it_is_made_once_a_second_for_everybody(world: World) -> None:
    first = dashboard(world.bridge)
    world.write(lambda conn: seed.run(conn, state="dead"))
    assert dashboard(world.bridge) is first
    world.time += 1
    assert dashboard(world.bridge).routes[0].dead == 1


def test_without_a_site_it_is_empty(world: World) -> None:
    world.bridge.site = None
    made = dashboard(world.bridge)
    assert (made.connections, made.routes) == ([], [])


def test_which_steps_use_a_connection(world: World) -> None:
    users = users_of_connections(world.bridge.site)
    assert users["his_out"] == {("exam_report", "send_back")}
    assert users["ca"] == {("exam_report", "signed")}
    assert users["device_dir"] == {("exam_report", "report")}
    assert users["records"] == {("exam_report", "patient")}
    assert named_in(SimpleNamespace()) == set()
