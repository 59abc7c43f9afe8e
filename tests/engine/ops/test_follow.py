"""What passes, in order, once each; masked."""

from __future__ import annotations

from functools import partial

from sqlalchemy import Connection

from engine.ops import follow
from engine.ops.filters import LabelFilter
from engine.store.database import Store
from tests.engine.ops import seed


def rows(conn: Connection) -> None:
    run, _ = seed.run(conn, seed.labels(), message_id=seed.message(conn))
    seed.event(conn, run=run, kind="created", step="order")
    seed.effect(conn, run)
    seed.event(conn, run=run, kind="done", step="send_back")
    seed.event(conn, run=run, kind="dead", step="file", code="WB-3003", text="the peer refused")
    seed.message(conn, outcome="invalid", code="WB-1007", reason="breaks a rule")


def follow_on(store: Store, place: follow.Place, only: follow.Only, names: bool = False) -> list[follow.Line]:
    told, after = store.read_now(partial(follow.lines, place=place, only=only, names=names))
    again, still = store.read_now(partial(follow.lines, place=after, only=only, names=names))
    assert (again, still) == ([], after)
    return told


def what(store: Store, only: follow.Only, names: bool = False) -> list[str]:
    return [line.what for line in follow_on(store, follow.Place(), only, names)]


def test_each_once_in_order_and_masked(store: Store) -> None:
    store.write_now(rows)
    told = follow_on(store, follow.Place(), follow.Only())
    assert [line.what for line in told] == ["invalid", "accepted", "effect", "step", "error"]
    effect = told[2]
    assert (effect.connection, effect.text) == ("his_out", "RegisterDocumentRt done, attempt 1")
    assert told[-1].code == "WB-3003"
    assert {line.labels.get("name") for line in told[1:]} == {"示**"}
    assert seed.NAME not in repr(follow_on(store, follow.Place(), follow.Only(), names=True))


def test_it_begins_with_what_comes_next(store: Store) -> None:
    store.write_now(rows)
    place = store.read_now(follow.newest)
    assert follow_on(store, place, follow.Only()) == []
    store.write_now(rows)
    assert len(follow_on(store, place, follow.Only())) == 5


def test_only_some(store: Store) -> None:
    store.write_now(rows)
    assert what(store, follow.Only(routes=("other",))) == []
    assert what(store, follow.Only(connections=("his_out",))) == ["effect", "step"]
    assert what(store, follow.Only(connections=("his_in",))) == ["invalid", "accepted", "effect", "step", "error"]
    assert len(what(store, follow.Only(labels=(LabelFilter("order_id", "175", True),)))) == 4
    name = follow.Only(labels=(LabelFilter("name", seed.NAME),))
    assert (what(store, name), len(what(store, name, names=True))) == ([], 4)
