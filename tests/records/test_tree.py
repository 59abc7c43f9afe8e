"""A patient's documents in any order, with counts, in so many questions whatever there are."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, update

from engine.store.schema import audit, document
from engine.store.schema_records import act, batch, draft, page
from records import tree
from tests.records import seed
from tests.records.filed import routed, scanned


@pytest.fixture(name="owner")
def fixture_owner(conn: Connection) -> int:
    return seed.patient(conn)


def asked(conn: Connection, owner: int, *by: str, withdrawn: bool = False) -> dict[str, Any]:
    return tree.tree(conn, owner, by, user=7, login="ana", withdrawn=withdrawn)


def counts(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    return {node["key"]: counts(node["nodes"]) if node["nodes"] else node["count"] for node in nodes}


def test_any_order_of_the_levels(conn: Connection, owner: int) -> None:
    scanned(conn, owner, kind="consent", department="psy", date="2026-03-01")
    scanned(conn, owner, kind="blood", department="lab", date="2026-02-01")
    scanned(conn, owner, kind="blood", department="psy", date="2026-02-09")
    routed(conn, owner)
    assert counts(asked(conn, owner, "department", "kind")["nodes"]) == {
        "psy": {"consent": 1, "blood": 1}, "lab": {"blood": 1}, "": {"ANS report": 1},
    }  # fmt: skip
    found = asked(conn, owner, "kind", "date")
    assert counts(found["nodes"]) == {
        "consent": {"2026-03": 1}, "blood": {"2026-02": 2}, "ANS report": {"2026-09": 1},
    }  # fmt: skip
    assert found["total"] == 4
    blood = next(node for node in found["nodes"] if node["key"] == "blood")["nodes"][0]["documents"]
    assert [one["date"] for one in blood] == ["2026-02-09", "2026-02-01"]
    assert (blood[0]["origin"], blood[0]["pages"], blood[0]["unread"], blood[0]["pinned"]) == ("scan", 2, True, False)
    assert asked(conn, owner, "kind")["nodes"][0]["documents"] is not None
    assert asked(conn, seed.patient(conn, "2"), "kind")["nodes"] == []


def test_read_and_pinned_are_of_the_person(conn: Connection, owner: int) -> None:
    key = scanned(conn, owner, changed_at=50)
    public_id = str(conn.exec_driver_sql("SELECT public_id FROM document").scalar_one())
    assert tree.one(conn, public_id) is not None

    def look(at: int, user: str) -> dict[str, Any]:
        row = {"at": at, "user": user, "act": "document.reader", "patient": owner, "subject": public_id, "origin": ""}
        conn.execute(insert(audit).values(row))
        found: dict[str, Any] = asked(conn, owner, "kind")["nodes"][0]["documents"][0]
        return found

    conn.execute(update(document).values(created_at=5))
    assert look(60, "bea")["unread"]
    assert look(40, "ana")["unread"]
    assert not look(60, "ana")["unread"]
    for kind, by in (("document.pinned", 8), ("document.pinned", 7)):
        conn.execute(insert(act).values(kind=kind, document=key, before={}, after={}, by=by, at=1))
    assert look(61, "ana")["pinned"]
    conn.execute(insert(act).values(kind="document.unpinned", document=key, before={}, after={}, by=7, at=2))
    assert not look(62, "ana")["pinned"]


def test_withdrawn_documents_are_asked_for(conn: Connection, owner: int) -> None:
    scanned(conn, owner, state="withdrawn")
    assert asked(conn, owner, "kind")["total"] == 0
    (node,) = asked(conn, owner, "kind", withdrawn=True)["nodes"]
    assert node["documents"][0]["state"] == "withdrawn"


def test_pages_in_work(conn: Connection, owner: int) -> None:
    assert (asked(conn, owner, "kind")["in_work"], asked(conn, owner, "kind")["unchecked"]) == (None, [])
    open_, closed = seed.batch(conn), seed.batch(conn, state="closed")
    pages = seed.pages(conn, open_, 2, patient=owner)
    more = seed.pages(conn, closed, 3, patient=owner, created_at=9)
    seed.pages(conn, open_, 1, patient=owner, state="dropped")
    filed = seed.draft(conn, closed, more[:1], state="filed")
    conn.execute(update(draft).where(draft.c.id == filed).values(document=scanned(conn, owner, pages=more[:1])))
    found = asked(conn, owner, "kind")
    assert found["in_work"] == {"pages": 4, "since": 9}
    assert found["unchecked"] == [
        {"batch": seed.public(conn, batch, open_)[0], "pages": seed.public(conn, page, *pages)}
    ]


def test_a_merged_patient_leads_on(conn: Connection, owner: int) -> None:
    seed.patient(conn, "2", merged_into=owner)
    row = tree.owner(conn, "P2")
    assert row is not None
    assert row.id == owner
    assert tree.owner(conn, "NONE") is None


def many(conn: Connection, owner: int, count: int) -> None:
    rows = [
        {
            "public_id": f"DOC{n:013}", "patient": owner, "kind": f"kind-{n % 40}", "blob": seed.fake("x"),
            "created_at": seed.NOW + n, "changed_at": 5, "origin": "scan", "version": 1, "pages": 3,
            "department": f"dep-{n % 12}", "episode": f"E{n % 90}", "date": f"20{10 + n % 15}-{1 + n % 12:02}-01",
        }
        for n in range(count)
    ]  # fmt: skip
    conn.execute(insert(document), rows)


def test_five_thousand_documents_take_as_many_questions_as_one(conn: Connection, owner: int) -> None:
    other = seed.patient(conn, "2")
    many(conn, owner, 5000)
    scanned(conn, other)
    asks: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda *given: asks.append(given[2]))
    counted = []
    for one in (owner, other):
        asks.clear()
        asked(conn, one, "department", "kind", "date")
        counted.append(len(asks))
    assert counted[0] <= counted[1] <= 6
    times, found = [], asked(conn, owner, "kind")
    for _ in range(5):
        begun = time.perf_counter()
        found = asked(conn, owner, "department", "kind", "date", "episode")
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.2
    assert found["total"] == 5000
    assert found["nodes"][0]["nodes"][0]["nodes"][0]["nodes"][0]["documents"] is None


def test_a_branch_is_read_in_pieces(conn: Connection, owner: int) -> None:
    many(conn, owner, 1000)
    seen: list[str] = []
    dates: list[str] = []
    after = None
    for _ in range(5):
        found, after = tree.branch(
            conn, owner, ("department", "kind"), ("dep-3",), user=7, login="ana", withdrawn=False, after=after, limit=30
        )
        seen += [one["id"] for one in found]
        dates += [one["date"] for one in found]
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 84
    assert dates == sorted(dates, reverse=True)
