"""Revisions, and where runs stand."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from engine.ops import read_routes
from engine.store.database import Store
from engine.store.schema import revision
from tests.engine.ops import seed


def deploy(conn: Connection, name: str, at: int, by: str = "") -> None:
    text = '{"steps": [{"id": "a", "set": {}}]}'
    conn.execute(insert(revision).values(route="exam_report", revision=name, deployed_at=at, by=by, text=text))


def test_revisions_newest_first_with_the_runs_that_are_on_them(store: Store) -> None:
    def rows(conn: Connection) -> None:
        deploy(conn, "r1", 10)
        deploy(conn, "r2", 20, "analyst")
        seed.run(conn, revision="r1", step="report")
        seed.run(conn, revision="r1", state="done", step=None, ended_at=30)

    store.write_now(rows)
    found = store.read_now(lambda conn: read_routes.revisions(conn, "exam_report"))
    assert [(one.revision, one.by, one.open) for one in found] == [("r2", "analyst", 0), ("r1", "", 1)]
    assert store.read_now(read_routes.deployments)["exam_report", "r2"] == (20, "analyst")
    assert store.read_now(lambda conn: read_routes.revisions(conn, "other")) == []


def test_where_unfinished_runs_stand(store: Store) -> None:
    def rows(conn: Connection) -> None:
        seed.run(conn, step="report", since=seed.NOW - 10)
        seed.run(conn, step="report", since=seed.NOW)
        seed.run(conn, step="send_back", state="dead")
        seed.run(conn, step=None, state="done", ended_at=seed.NOW)

    store.write_now(rows)
    places = store.read_now(lambda conn: read_routes.places(conn, "exam_report"))
    found = {(one.step, one.state): (one.count, one.oldest) for one in places}
    assert found == {("report", "waiting"): (2, seed.NOW - 10), ("send_back", "dead"): (1, seed.NOW)}


def test_the_text_of_a_revision(store: Store) -> None:
    store.write_now(lambda conn: deploy(conn, "r1", 10))
    kept = store.read_now(lambda conn: read_routes.kept(conn, "exam_report", "r1"))
    assert kept is not None
    assert (kept.deployed_at, kept.source) == (10, {"steps": [{"id": "a", "set": {}}]})
    assert store.read_now(lambda conn: read_routes.kept(conn, "exam_report", "r9")) is None
