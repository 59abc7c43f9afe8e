"""Acts over many runs: what they would do, and doing it in pieces that may be cut off."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from engine.message import Refused
from engine.ops import bulk
from engine.store import schema
from engine.store.database import Store
from tests.engine.ops import seed
from tests.engine.ops.test_texts import deploy

DEAD = {"state": "dead"}


@pytest.fixture(name="many")
def fixture_many(store: Store) -> Store:
    """30 dead runs that had sent something at two steps, 10 done, 1 in doubt."""

    def rows(conn: Connection) -> None:
        deploy(conn)
        for number in range(41):
            state = "dead" if number < 30 else "done"
            words: dict[str, Any] = {"state": state if number < 40 else "held", "step": "send", "code": "WB-3007"}
            run, _ = seed.run(conn, seed.labels(f"175||{number}"), message_id=seed.message(conn), **words)
            seed.effect(conn, run, step="look", connection="records", operation="find")
            seed.effect(conn, run, **({"state": "doubt", "step": "send"} if number == 40 else {}))

    store.write_now(rows)
    return store


def count(store: Store, **columns: Any) -> int:
    query = select(func.count()).select_from(schema.run)
    for name, wanted in columns.items():
        query = query.where(schema.run.c[name] == wanted)
    return store.read_now(lambda conn: conn.execute(query).scalar_one())


def test_a_preview_counts_and_says_what_is_sent_again(many: Store) -> None:
    def look(act: str, where: dict[str, Any], step: str = "") -> dict[str, Any]:
        return many.read_now(partial(bulk.preview, act=act, where=where, step=step))

    again = look("resend", DEAD)
    assert (again["runs"], again["able"], again["all_seen"]) == (30, 30, True)
    assert again["groups"] == [{"route": "exam_report", "state": "dead", "able": True, "count": 30}]
    assert [(one["step"], one["connection"], one["count"]) for one in again["again"]] == [
        ("look", "records", 30),
        ("send_back", "his_out", 30),
    ]
    assert len(again["examples"]) == 5
    assert [one["step"] for one in look("retry_from", DEAD, "look")["again"]] == ["look"]
    assert look("retry", DEAD)["again"] == []
    assert (look("retry", {"route": "exam_report"})["able"], look("cancel", {"route": "exam_report"})["able"]) == (
        30,
        31,
    )
    assert count(many, state="dead") == 30


def everything(store: Store, act: str, where: dict[str, Any], limit: int = 7, **more: Any) -> dict[str, int]:
    began = store.write_now(lambda conn: bulk.begun(conn, act, where, "lin", more.get("step", "")))
    below: int | None = store.read_now(partial(bulk.preview, act=act, where=where, step=more.get("step", "")))["top"]
    total = {"done": 0, "refused": 0, "pieces": 0}
    while below is not None:
        call = partial(bulk.piece, act=act, where=where, below=below, began=began, user="lin", limit=limit, **more)
        made = store.write_now(call)
        total["done"] += made["done"]
        total["refused"] += len(made["refused"])
        total["pieces"] += 1
        below = made["next"]
    return total


def test_pieces_do_all_and_are_written_down(many: Store) -> None:
    assert everything(many, "retry", DEAD)["done"] == 30
    assert count(many, state="ready") == 30
    acts = select(schema.audit.c.act, func.count()).group_by(schema.audit.c.act)
    found = many.read_now(lambda conn: dict(tuple(row) for row in conn.execute(acts)))
    assert found == {"run.retry": 30, "runs.retry": 1}


def test_what_cannot_be_done_is_told_and_the_rest_goes_on(many: Store) -> None:
    made = everything(many, "retry", {"route": "exam_report"})
    assert (made["done"], made["refused"]) == (30, 11)
    assert everything(many, "cancel", {"state": "ready"})["done"] == 30
    assert everything(many, "retry_from", {"state": "dead"}, step="look") == {"done": 0, "refused": 0, "pieces": 1}


def test_resending_does_not_reach_what_it_made(many: Store) -> None:
    made = everything(many, "resend", {"route": "exam_report"})
    assert (made["done"], made["refused"]) == (40, 1)
    assert count(many, state="ready") == 40
    assert count(many, state="cancelled") == 30


def test_a_piece_that_is_repeated_resends_nothing_twice(many: Store) -> None:
    began = many.write_now(lambda conn: bulk.begun(conn, "resend", {"state": "done"}, "lin"))
    again = partial(bulk.piece, act="resend", where={"state": "done"}, below=1000, began=began, user="lin")
    assert many.write_now(again)["done"] == 10
    assert many.write_now(again)["done"] == 0
    assert count(many, state="ready") == 10


@pytest.mark.parametrize(
    ("act", "where", "step"),
    [
        ("explode", DEAD, ""),
        ("retry", {}, ""),
        ("retry_from", DEAD, ""),
        ("cancel", DEAD, "look"),
        ("retry", {"x": 1}, ""),
    ],
)
def test_wrong_use(many: Store, act: str, where: dict[str, Any], step: str) -> None:
    with pytest.raises(Refused, match="WB-7501"):
        many.read_now(partial(bulk.preview, act=act, where=where, step=step))
