"""What waits for a second person: shown with whom and what it means, refused or taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, select

from engine.message import Refused
from engine.store.schema import audit
from engine.store.schema_records import act, batch, page
from records import acts, batch_list, codes, pages, patients
from records.assign import Wanted, Who, assign, confirm, contradictions
from records.merge import merge
from records.proposals import refuse, shown, waiting
from tests.records import seed

AT = 1_790_000_000_000
Propose = Callable[..., int]


@pytest.fixture
def one(conn: Connection) -> Who:
    return Who(seed.user(conn, "one", ("SC",)), "one")


@pytest.fixture
def two(conn: Connection) -> Who:
    return Who(seed.user(conn, "two", ("CL",)), "two")


@pytest.fixture
def ana(conn: Connection) -> dict[str, Any]:
    return patients.upsert(conn, "1000001", {"name": "Ana", "birth_date": "1980-01-02", "sex": "F"}, 1)


@pytest.fixture
def desk(conn: Connection) -> int:
    patients.upsert(conn, "1000002", {"name": "Eva"}, 1)
    return seed.batch(conn)


@pytest.fixture
def propose(conn: Connection, one: Who, ana: dict[str, Any], desk: int) -> Propose:
    def do(at: int = AT) -> int:
        label = {"format": "QR", "text": codes.label("1000002"), "box": [0.1, 0.2, 0.3, 0.1]}
        keys = seed.pages(conn, desk, 2, codes=[label])
        wanted = Wanted(list(reversed(seed.public(conn, page, *keys))), ana["public_id"], note="an old label")
        return assign(conn, desk, wanted, contradictions(conn, desk, wanted), who=one, at=at).act

    return do


def test_it_is_shown_with_the_patient_and_its_pages_in_order(
    conn: Connection, one: Who, two: Who, desk: int, ana: dict[str, Any], propose: Propose
) -> None:
    number = propose()
    (found,) = shown(conn, waiting(conn, desk), two.id)
    assert found == {
        "id": number, "by": {"login": "one", "name": found["by"]["name"], "me": False}, "at": AT,
        "note": "an old label", "patient": ana["id"],
        "pages": list(conn.execute(select(page.c.public_id).order_by(page.c.position)).scalars()),
    }  # fmt: skip
    assert shown(conn, waiting(conn, desk), one.id)[0]["by"]["me"]


def test_it_is_shown_however_much_was_done_since(conn: Connection, one: Who, desk: int, propose: Propose) -> None:
    number = propose()
    (key,) = seed.pages(conn, desk, 1)
    for n in range(40):
        rows = {"page": {key: {"flags": ["flag"] if n % 2 == 0 else []}}}
        acts.change(conn, kind="flag", by=one.id, at=AT + n, batch=desk, rows=rows)
    row = conn.execute(select(batch).where(batch.c.id == desk)).one()
    whole = pages.whole(conn, row, me=one.id, at=AT)
    assert number not in [found["id"] for found in whole["acts"]]
    assert [(found["id"], found["patient"]["name"]) for found in whole["proposals"]] == [(number, "Ana")]


def test_the_list_of_batches_says_how_many_wait(
    conn: Connection, one: Who, two: Who, desk: int, propose: Propose
) -> None:
    def listed() -> list[int]:
        return [row["to_confirm"] for row in batch_list.search(conn, me=two.id, at=AT)[0]]

    assert listed() == [0]
    first, _ = propose(), propose()
    assert listed() == [2]
    refuse(conn, desk, first, who=one, at=AT)
    assert listed() == [1]


def test_of_a_merged_patient_it_shows_who_survives(conn: Connection, desk: int, propose: Propose) -> None:
    propose()
    merge(conn, survivor="1000002", retired="1000001", at=AT)
    ((_, who),) = waiting(conn, desk)
    assert who["name"] == "Eva"


@pytest.mark.parametrize("by", ["one", "two"])
def test_it_is_refused_or_taken_back(
    request: pytest.FixtureRequest,
    conn: Connection,
    two: Who,
    desk: int,
    ana: dict[str, Any],
    by: str,
    propose: Propose,
) -> None:
    number, version = propose(), conn.execute(select(batch.c.version)).scalar_one()
    done = refuse(conn, desk, number, who=request.getfixturevalue(by), at=AT + 1)
    assert (done.act, done.rows, waiting(conn, desk)) == (number, {"page": []}, [])
    assert conn.execute(select(page.c.patient).distinct()).scalars().all() == [None]
    assert conn.execute(select(batch.c.version)).scalar_one() == version + 1
    row = conn.execute(select(act).where(act.c.id == number)).one()
    assert (row.undone_at, row.undone_by) == (AT + 1, request.getfixturevalue(by).id)
    kept = conn.execute(select(audit).where(audit.c.act == "assign.refused")).one()
    assert kept.subject.endswith(", 2 pages")
    for again in (refuse, confirm):
        with pytest.raises(Refused, match="WB-8202"):
            again(conn, desk, number, who=two, at=AT + 2)


def test_what_cannot_be_refused(conn: Connection, two: Who, desk: int, propose: Propose) -> None:
    number, other = propose(), seed.batch(conn)
    confirm(conn, desk, propose(AT + 1), who=two, at=AT + 2)
    for of, which in ((other, number), (desk, 999), (desk, number + 1)):
        with pytest.raises(Refused, match="WB-8202"):
            refuse(conn, of, which, who=two, at=AT + 3)
    assert len(waiting(conn, desk)) == 1
