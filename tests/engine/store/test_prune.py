"""Pruning: what goes, what stays, in pieces, and that the space comes back."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, String, insert

from engine.message import Blob
from engine.runtime.values import encode
from engine.store import migrate, prune
from engine.store.database import Store
from engine.store.prune import Rule
from engine.store.schema_records import document_version, metadata, model
from tests.engine.ops import seed
from tests.records import seed as scan

OLD, NEW = seed.NOW, seed.NOW + 1000
RULE = Rule(before=NEW)


@pytest.fixture(name="store")
def fixture_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "waybill.sqlite", None, durable=False)
    store.open()
    yield store
    store.close()


def add(
    conn: Connection, state: str = "done", at: int = OLD, outcome: str = "accepted", runs: int = 1, **more: Any
) -> str:
    """A message with all that may belong to it."""
    message = seed.message(conn, received_at=at, outcome=outcome)
    for _ in range(runs):
        ended = at if state in prune.FINAL else None
        words = {"state": state, "created_at": at, "ended_at": ended, **more}
        number, _run = seed.run(conn, seed.labels(), message_id=message, **words)
        seed.value(conn, number, "order", "xml", b"<x/>")
        seed.effect(conn, number)
        seed.event(conn, run=number)
        seed.attention(conn, run=number, closed_at=at)
        seed.owner(conn, number, f"p/{number}")
        seed.file(conn, run=number, state="taken", moved=1)
        for applied in (None, 5):
            conn.exec_driver_sql(
                "INSERT INTO signal (run, source, verb, data, at, applied_at) VALUES (?, 0, 'set', '{}', 1, ?)",
                (number, applied),
            )
    conn.exec_driver_sql("INSERT INTO identity VALUES ('s', ?, 'c', ?, x'', ?)", (message, message, at))
    return message


def everything(store: Store, rule: Rule = RULE, **pieces: Any) -> tuple[int, int, int]:
    span = store.read_now(lambda conn: prune.span(conn, rule))
    after: int | None = None if span is None else span.first - 1
    total = [0, 0, 0]
    while span is not None and after is not None:
        made = store.write_now(partial(prune.piece, rule=rule, after=after, last=span.last, **pieces))
        total = [total[0] + made.messages, total[1] + made.runs, total[2] + 1]
        after = made.next
    return total[0], total[1], total[2]


def left(store: Store) -> dict[str, int]:
    tables = ("message", "run", "label", "value", "effect", "event", "signal", "attention", "folder_owner",
              "file", "identity")  # fmt: skip
    return store.read_now(
        lambda conn: {name: conn.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one() for name in tables}
    )


def newest(conn: Connection, _message: str = "") -> None:
    """The newest rows stay whatever the rule."""
    seed.event(conn, run=seed.run(conn, message_id=seed.message(conn, received_at=NEW), created_at=NEW)[0])


def test_all_that_belongs_to_a_message_goes_and_its_identity_stays(store: Store) -> None:
    store.write_now(lambda conn: newest(conn, add(conn, runs=2)))
    assert everything(store) == (1, 2, 1)
    assert {name: count for name, count in left(store).items() if count} == {
        "message": 1, "run": 1, "event": 1, "identity": 1,
    }  # fmt: skip


def test_only_the_body_goes(store: Store) -> None:
    store.write_now(lambda conn: newest(conn, add(conn)))
    rule = Rule(before=NEW, bodies_only=True)
    assert everything(store, rule) == (1, 1, 1)
    assert everything(store, rule) == (0, 0, 1)
    found = left(store)
    assert (found["value"], found["label"], found["event"], found["effect"]) == (0, 4, 2, 1)
    assert store.read_now(lambda conn: conn.exec_driver_sql("SELECT body FROM message ORDER BY seq").scalar()) is None


@pytest.mark.parametrize(
    ("changes", "rule", "goes"),
    [
        ({}, RULE, True),
        ({"at": NEW}, RULE, False),
        ({"state": "waiting"}, RULE, False),
        ({"state": "dead"}, RULE, False),
        ({"state": "held"}, RULE, False),
        ({"ended_at": NEW}, RULE, False),
        ({"state": "cancelled"}, RULE, True),
        ({"state": "cancelled"}, Rule(NEW, states=("done", "filtered")), False),
        ({"route": "r1"}, Rule(NEW, routes=("r1", "r2")), True),
        ({"route": "r3"}, Rule(NEW, routes=("r1", "r2")), False),
        ({"runs": 0, "outcome": "invalid"}, RULE, True),
        ({"runs": 0, "outcome": "invalid"}, Rule(NEW, outcomes=("conflict",)), False),
        ({"runs": 0, "outcome": "invalid"}, Rule(NEW, outcomes=("invalid",)), True),
        ({"runs": 0, "outcome": "invalid"}, Rule(NEW, states=("done",)), False),
        ({"runs": 0, "outcome": "invalid"}, Rule(NEW, routes=("exam_report",)), True),
        ({"runs": 0, "outcome": "invalid"}, Rule(NEW, routes=("other",)), False),
    ],
)
def test_what_goes_by_rule(store: Store, changes: dict[str, Any], rule: Rule, goes: bool) -> None:
    store.write_now(lambda conn: newest(conn, add(conn, **changes)))
    span = store.read_now(lambda conn: prune.span(conn, rule))
    if span is not None:
        counted = store.read_now(lambda conn: prune.count(conn, rule, 0, span.last))
        assert counted.messages == goes
    assert everything(store, rule)[0] == goes


def test_a_message_stays_while_one_of_its_runs_goes_on_or_waits_for_a_person(store: Store) -> None:
    def rows(conn: Connection) -> None:
        half = add(conn)
        seed.run(conn, message_id=half, state="waiting")
        asked = add(conn)
        seed.attention(conn, kind="conflict", message_id=asked)
        number, _ = seed.run(conn, message_id=add(conn), state="done", ended_at=OLD)
        seed.attention(conn, kind="late", run=number)
        newest(conn)

    store.write_now(rows)
    assert everything(store)[0] == 0


def test_the_newest_numbers_are_never_given_twice(store: Store) -> None:
    def rows(conn: Connection) -> None:
        add(conn)
        again = add(conn)  # its run is the newest, the message of the next one is newer
        add(conn, runs=0)
        seed.run(conn, message_id=again, state="done", ended_at=OLD)

    store.write_now(rows)
    assert everything(store)[0] == 1
    newer = store.write_now(
        lambda conn: (seed.run(conn)[0], conn.exec_driver_sql("SELECT max(seq) FROM message").scalar())
    )
    assert newer == (4, 3)


@pytest.mark.parametrize("pieces", [{"most": 7, "step": 3}, {"most": 200, "step": 1, "budget": 0.0}, {}])
def test_pieces_of_any_size_remove_the_same(store: Store, pieces: dict[str, Any]) -> None:
    def rows(conn: Connection) -> None:
        for number in range(50):
            add(conn, state="dead" if number % 5 == 0 else "done")
        newest(conn)

    store.write_now(rows)
    messages, runs, count = everything(store, **pieces)
    assert (messages, runs) == (40, 40)
    assert count >= (50 // 7 if pieces else 1)
    assert left(store)["message"] == 11


def test_identities_are_forgotten_by_age(store: Store) -> None:
    def rows(conn: Connection) -> None:
        for number in range(450):
            at = OLD if number % 2 else NEW
            conn.exec_driver_sql("INSERT INTO identity VALUES ('s', ?, 'c', 'm', x'', ?)", (str(number), at))

    store.write_now(rows)
    total = 0
    after: tuple[str, str] | None = ("", "")
    pieces: list[int] = []
    while after is not None:
        gone, after = store.write_now(partial(prune.identities, before=NEW, after=after, most=100))
        total += gone
        pieces.append(gone)
    assert (total, left(store)["identity"]) == (225, 225)
    assert len(pieces) == 5


def test_space_is_given_back_piece_by_piece(store: Store) -> None:
    def rows(conn: Connection) -> None:
        for _ in range(400):
            seed.message(conn, received_at=OLD, body=b"x" * 8000)
        newest(conn)

    store.write_now(rows)
    store.checkpoint()
    before = store.path.stat().st_size
    everything(store)
    assert store.read_now(prune.gives_back)
    pieces = 0
    while store.write_now(lambda conn: prune.free(conn, 100)):
        pieces += 1
    store.checkpoint()
    assert pieces > 5
    assert store.path.stat().st_size < before / 5


def test_a_store_of_before_is_rewritten_once(tmp_path: Path) -> None:
    path = tmp_path / "waybill.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE of_before (a)")  # from here on the file does not give pages back by itself
        db.execute("CREATE TABLE alembic_version (version_num)")
        db.execute("INSERT INTO alembic_version VALUES (?)", (migrate.HEAD,))
        db.commit()
    store = Store(path, None, durable=False)
    store.open()
    assert not store.read_now(prune.gives_back)
    assert store.write_now(prune.free) == 0
    store.close()
    store = Store(path, None, durable=False)
    store.open()
    store.rewrite()
    assert store.read_now(prune.gives_back)
    store.close()


def test_every_blob_that_is_named_is_found(store: Store) -> None:
    names = [f"{number:064x}" for number in range(14)]

    def rows(conn: Connection) -> None:
        number, _ = seed.run(conn)
        seed.message(conn, body=None, blob=names[0])
        conn.exec_driver_sql("INSERT INTO value VALUES (?, 'large', 'xml', NULL, ?, 1)", (number, names[1]))
        seed.value(conn, number, "report", "blob", Blob(names[2], 5))
        kind, data = encode({"pages": [{"image": Blob(names[3], 5)}]})
        seed.value(conn, number, "pages", kind, data)
        seed.file(conn, blob=names[4])
        seed.document(conn, seed.patient(conn), names[5])
        seed.job(conn, number, seed.user(conn), names[6], returned=names[7])
        batch = scan.batch(conn)
        pictures = {"master": names[9], "thumb": names[10], "view": names[11]}
        scan.pages(conn, batch, 1, file=scan.file(conn, batch, blob=names[8]), **pictures)
        version = {"version": 1, "form": "pictures", "checks": [], "pages": 1, "attributes": {}, "at": 1}
        conn.execute(insert(document_version).values(document=1, blob=names[12], **version))
        conn.execute(insert(model).values(state="active", blob=names[13], report={}, at=1))

    store.write_now(rows)
    found: set[str] = set()
    for table in prune.NAMING:
        after: int | None = 0
        while after is not None:
            more, after = store.read_now(partial(prune.named_in, table=table, after=after, most=1))
            found |= more
    assert found == set(names)


NO_BLOBS = {
    ("blob", "sha256"), ("document", "effect"), ("effect", "key"), ("identity", "content"), ("identity", "key"),
    ("one_time", "token"), ("revision", "revision"), ("run", "child_digest"), ("run", "order_key"), ("run", "revision"),
    ("scan_file", "key"), ("session", "csrf"), ("session", "token"), ("sign_job", "key"), ("token", "hash"),
    ("upload", "sha256"),
}  # fmt: skip
"""Columns of 64 characters that name no blob."""


def test_no_column_that_names_blobs_is_forgotten() -> None:
    """Pruning would remove what a forgotten column names."""
    long = {(table.name, column.name) for table in metadata.tables.values() for column in table.columns
            if isinstance(column.type, String) and column.type.length == 64}  # fmt: skip
    named = {(table, column) for table, columns in prune.NAMING.items() for column in columns}
    assert long - named == NO_BLOBS
