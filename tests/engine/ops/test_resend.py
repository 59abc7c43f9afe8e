"""From a step, as it is, and edited: what is made anew, what stays, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.ops import resend
from engine.store import schema
from engine.store.database import Store
from tests.engine.ops import seed
from tests.engine.ops.test_texts import deploy
from tests.engine.runtime.house import engine, one_route, order, rows


def row_of(store: Store, run_id: str) -> Any:
    return store.read_now(lambda conn: conn.execute(select(schema.run).where(schema.run.c.id == run_id)).one())


def values(store: Store, seq: int) -> list[str]:
    query = select(schema.value.c.name).where(schema.value.c.run == seq)
    return store.read_now(lambda conn: sorted(conn.execute(query).scalars()))


def make(store: Store, parent: int | None = None, **changes: Any) -> tuple[int, str]:
    """A dead run at `send`, with values of three steps."""

    def rows_(conn: Connection) -> tuple[int, str]:
        if conn.execute(select(schema.revision)).first() is None:
            deploy(conn)
        message = seed.message(conn)
        words = {"state": "dead", "step": "send", "code": "WB-3003", "reason": "no", **changes}
        number, run_id = seed.run(conn, seed.labels(), message_id=message, parent=parent, **words)
        for name in ("seen", "signed", "send"):
            seed.value(conn, number, name, "text", b"x")
        if parent is not None:
            seed.value(conn, number, "body", "xml", b"<part/>")
        seed.attention(conn, run=number)
        return number, run_id

    return store.write_now(rows_)


def test_from_a_step_drops_what_came_of_it_and_begins_a_generation(store: Store) -> None:
    number, run_id = make(store)
    store.write_now(lambda conn: resend.retry_from(conn, run_id, "signed", "lin", "the form was wrong"))
    row = row_of(store, run_id)
    assert (row.state, row.step, row.generation, row.attempts, row.code) == ("ready", "signed", 1, 0, "")
    assert values(store, number) == ["seen"]
    audit = store.read_now(lambda conn: conn.execute(select(schema.audit.c.act, schema.audit.c.subject)).all())
    assert audit == [("run.retry_from", "signed")]
    opened = select(schema.attention).where(schema.attention.c.closed_at.is_(None))
    assert store.read_now(lambda conn: conn.execute(opened).first()) is None


@pytest.mark.parametrize(
    ("changes", "step", "why"),
    [
        ({"state": "done"}, "signed", "is done"),
        ({"state": "running"}, "signed", "is running"),
        ({"step": "look"}, "send", "comes after look"),
        ({}, "none", "no step none"),
        ({"children": 2}, "each", "was split"),
        ({"parent": 1}, "each", "not a step of a part"),
        ({"revision": "gone"}, "signed", "is not kept"),
    ],
)
def test_from_a_step_is_refused(store: Store, changes: dict[str, Any], step: str, why: str) -> None:
    _, run_id = make(store, **changes)
    with pytest.raises(Refused, match=why):
        store.write_now(lambda conn: resend.retry_from(conn, run_id, step, "lin"))


def test_what_is_in_doubt_is_answered_first(store: Store) -> None:
    number, run_id = make(store, state="held")
    store.write_now(lambda conn: seed.effect(conn, number, state="doubt"))
    for act in (
        lambda conn: resend.retry_from(conn, run_id, "signed", "lin"),
        lambda conn: resend.as_is(conn, run_id, "lin"),
        lambda conn: resend.edited(conn, run_id, "lin", body="<x/>"),
    ):
        with pytest.raises(Refused, match="in doubt"):
            store.write_now(act)


def test_as_it_is_a_new_run_on_the_current_revision(store: Store) -> None:
    number, run_id = make(store)
    store.write_now(lambda conn: deploy(conn, "r2", 5, [{"id": "first", "status": "Pending", "set": {}}]))
    made = store.write_now(lambda conn: resend.as_is(conn, run_id, "lin", "please"))
    old, new = row_of(store, run_id), row_of(store, made)
    assert (new.origin, new.message_id, new.revision, new.step, new.state) == (
        number, old.message_id, "r2", "first", "ready",
    )  # fmt: skip
    assert (old.state, old.reason) == ("cancelled", "cancelled by lin")
    labels = select(schema.label.c.value, schema.label.c.phi).where(schema.label.c.run == new.seq)
    assert (seed.NAME, 1) in store.read_now(lambda conn: [tuple(row) for row in conn.execute(labels)])


def test_a_done_run_stays_done(store: Store) -> None:
    _, run_id = make(store, state="done", ended_at=seed.NOW)
    store.write_now(lambda conn: resend.as_is(conn, run_id, "lin"))
    assert row_of(store, run_id).state == "done"


def test_a_part_is_resent_with_its_own_body(store: Store) -> None:
    parent, _ = make(store, state="waiting", open_children=1, children=1)
    _, run_id = make(store, parent, state="done", ended_at=seed.NOW)
    new = row_of(store, store.write_now(lambda conn: resend.as_is(conn, run_id, "lin")))
    assert (new.parent, new.step, new.status) == (None, "look", "Pending")
    assert values(store, new.seq) == ["body"]
    again = row_of(store, store.write_now(lambda conn: _anew(conn, new)))
    assert (again.step, values(store, again.seq)) == ("look", ["body"])


def _anew(conn: Connection, row: Any) -> str:
    conn.exec_driver_sql("UPDATE run SET state = 'done', ended_at = 1 WHERE seq = ?", (row.seq,))
    return resend.as_is(conn, row.id, "lin")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"state": "waiting"}, "still goes on"),
        ({"state": "done", "children": 2}, "resend them"),
        ({"state": "dead", "open_children": 1}, "still go on"),
    ],
)
def test_as_it_is_is_refused(store: Store, changes: dict[str, Any], why: str) -> None:
    _, run_id = make(store, **changes)
    with pytest.raises(Refused, match=why):
        store.write_now(lambda conn: resend.as_is(conn, run_id, "lin"))


def test_a_pruned_body_is_not_resent(store: Store) -> None:
    _, run_id = make(store)
    store.write_now(lambda conn: conn.exec_driver_sql("UPDATE message SET body = NULL"))
    with pytest.raises(Refused, match="WB-7503"):
        store.write_now(lambda conn: resend.as_is(conn, run_id, "lin"))
    _, child = make(store, 1)
    store.write_now(lambda conn: conn.exec_driver_sql("DELETE FROM value WHERE name = 'body'"))
    store.write_now(lambda conn: conn.exec_driver_sql("UPDATE message SET body = x'00'"))
    with pytest.raises(Refused, match="WB-7503"):
        store.write_now(lambda conn: resend.as_is(conn, child, "lin"))


def test_edited_a_new_message_linked_to_the_old(store: Store) -> None:
    _, run_id = make(store)
    labels = {"order_id": ["176", False], "name": ["示例乙", True], "exam": ["", False]}
    made = store.write_now(lambda conn: resend.edited(conn, run_id, "lin", body="<Request/>", labels=labels))
    old, new = row_of(store, run_id), row_of(store, made["run"])
    query = select(schema.message).where(schema.message.c.id == made["message"])
    message = store.read_now(lambda conn: conn.execute(query).one())
    assert (message.origin, message.body, message.size, message.connection) == (
        old.message_id, b"<Request/>", 10, "his_in",
    )  # fmt: skip
    assert (new.message_id, new.step) == (made["message"], "each")
    names = select(schema.label.c.name, schema.label.c.value).where(schema.label.c.run == new.seq)
    assert dict(store.read_now(lambda conn: [tuple(row) for row in conn.execute(names)])) == {
        "order_id": "176", "name": "示例乙",
    }  # fmt: skip
    with pytest.raises(Refused, match="WB-7504"):
        store.write_now(lambda conn: resend.edited(conn, run_id, "lin"))


def test_an_edited_part_keeps_its_labels_and_its_place(store: Store) -> None:
    _, run_id = make(store, 1)
    made = store.write_now(lambda conn: resend.edited(conn, run_id, "lin", blob="ab" * 32, size=70_000, labels={}))
    new = row_of(store, made["run"])
    assert new.step == "look"
    body = select(schema.value.c.blob).where(schema.value.c.run == new.seq, schema.value.c.name == "body")
    assert store.read_now(lambda conn: conn.execute(body).scalar()) == "ab" * 32
    count = select(schema.label).where(schema.label.c.run == new.seq)
    assert len(store.read_now(lambda conn: conn.execute(count).all())) == 4


async def test_a_resent_message_is_sent_again_although_its_identity_is_known(tmp_path: Path) -> None:
    async with engine(
        tmp_path, one_route("      - {id: go, call: {to: sink, operation: op, body: $(body)}}\n")
    ) as world:
        await world.put(order(1), "order")
        (first,) = await world.ended(1)
        write = world.daemon.store.write_now
        write(lambda conn: resend.as_is(conn, first["id"], "lin"))
        world.daemon.runtime.dispatcher.poke()
        await world.ended(2)
        edited = write(lambda conn: resend.edited(conn, first["id"], "lin", body=order(1, "<more/>")))
        world.daemon.runtime.dispatcher.poke()
        await world.ended(3)
        assert rows(world, "SELECT count(*) FROM effect WHERE state = 'done'") == [(3,)]
        last = world.runs()[-1]
        assert (last["id"], last["origin"]) == (edited["run"], first["seq"])
        assert (await world.put(order(1), "order")).kind == "repeat"


def test_an_edited_part_is_of_the_kind_that_it_was(store: Store) -> None:
    _, run_id = make(store, 1)
    store.write_now(lambda conn: conn.exec_driver_sql("UPDATE value SET kind = 'json' WHERE name = 'body'"))
    with pytest.raises(Refused, match="WB-1016"):
        store.write_now(lambda conn: resend.edited(conn, run_id, "lin", body="<no/>"))
    made = store.write_now(lambda conn: resend.edited(conn, run_id, "lin", body='{"a": 2}'))
    seq = row_of(store, made["run"]).seq
    query = select(schema.value.c.kind, schema.value.c.data).where(schema.value.c.run == seq)
    assert store.read_now(lambda conn: tuple(conn.execute(query).one())) == ("json", b'{"a":2}')


ORDERED = one_route("      - {id: out, call: {to: sink, operation: send}}\n", "same").replace(
    "identity: [//id]}", "identity: [//id], order: {key: //key}}"
)


async def test_what_is_resent_stands_in_the_line_of_its_key(tmp_path: Path) -> None:
    """1 is dead, 2 and 3 wait behind it: resent, 1 comes after them, and never beside one of its key."""
    async with engine(tmp_path, ORDERED) as world:
        sink, write = world.channel("sink"), world.daemon.store.write_now

        def refuse(_: object) -> None:
            if len(sink.requests) == 1:
                raise Refused("WB-3003", "no")

        sink.answer = refuse
        for number in (1, 2, 3):
            await world.put(order(number, "<key>k</key>"), "order")
        (dead,) = await world.ended(state="dead")
        waiting = world.runs()[1]
        with pytest.raises(Refused, match="release that one"):
            write(lambda conn: resend.retry_from(conn, waiting["id"], "out", "lin"))
        labels = {"id": ["1", False], "~order": ["k", True]}
        first = write(lambda conn: resend.edited(conn, dead["id"], "lin", body=order(1, "<key>k</key>"), labels=labels))
        world.daemon.runtime.dispatcher.poke()
        runs = await world.ended(3)
        assert [row["state"] for row in world.runs()] == ["cancelled", "done", "done", "done"]
        assert [row["ended_at"] for row in runs[-3:]] == sorted(row["ended_at"] for row in runs[-3:])
        assert world.runs()[-1]["id"] == first["run"]
        assert rows(world, "SELECT count(*) FROM run WHERE order_held = 1") == [(0,)]
        assert rows(world, "SELECT count(DISTINCT order_key) FROM run") == [(1,)]
        again = write(lambda conn: resend.as_is(conn, first["run"], "lin"))
        world.daemon.runtime.dispatcher.poke()
        await world.ended(4)
        last = world.runs()[-1]
        assert (last["id"], last["state"], last["order_key"]) == (again, "done", dead["order_key"])
        assert "~order" not in {name for (name,) in rows(world, "SELECT name FROM label")}
