"""Search: every filter against a plain scan, pages by key, rights, and plans that use an index."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, event

from engine.message import Refused
from engine.ops import search
from engine.ops.filters import read_filter
from engine.store.database import Store
from tests.engine.ops import seed

DAY = 86_400_000


@pytest.fixture(name="many", scope="module")
def fixture_many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Only read by its tests."""
    store = Store(tmp_path_factory.mktemp("many") / "waybill.sqlite", None, durable=False)
    store.open()
    fill(store)
    yield store
    store.close()


def fill(store: Store) -> None:
    """300 messages: most done, some dead or waiting, some refused without a run."""

    def rows(conn: Connection) -> None:
        for number in range(300):
            at = seed.NOW + number * DAY
            if number % 50 == 7:
                seed.message(conn, received_at=at, outcome="invalid", code="WB-1007", reason="breaks Rule 5%")
                continue
            message = seed.message(conn, received_at=at, connection="a" if number % 2 else "b")
            words: dict[str, Any] = {"state": "done", "ended_at": at}
            if number % 10 == 3:
                words = {"state": "dead", "code": "WB-3003", "reason": f"the peer refused {number}"}
            elif number % 10 == 4:
                words = {"state": "waiting", "waits_for": "a file"}
            labels = seed.labels(order=f"175||{number}", name=f"示例{number % 7}")
            seed.run(conn, labels, message_id=message, created_at=at, route=f"r{number % 3}", **words)

    store.write_now(rows)


def numbers(store: Store, given: dict[str, Any], *, names: bool = True, limit: int = 50) -> list[int]:
    """The order's number of every run that is found, page by page."""
    found, after = [], None
    while True:
        page = store.read_now(partial(search.runs, wanted=read_filter(given), after=after, limit=limit, names=names))
        assert len(page.items) <= limit
        for hit in page.items:
            label = next(one.value for one in hit.labels if one.name == "order_id")
            found.append(int(label.rpartition("|")[2]))
        after = page.next
        if after is None:
            return found


RUNS = [number for number in reversed(range(300)) if number % 50 != 7]


@pytest.mark.parametrize("limit", [1, 7, 1000])
@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ({}, lambda n: True),
        ({"labels": {"order_id": "175||5"}}, lambda n: n == 5),
        ({"labels": {"order_id": "175||5*"}}, lambda n: str(n).startswith("5")),
        ({"labels": {"name": "示例3"}}, lambda n: n % 7 == 3),
        ({"labels": {"name": "示例3", "order_id": "175||1*"}}, lambda n: n % 7 == 3 and str(n).startswith("1")),
        ({"state": "dead"}, lambda n: n % 10 == 3),
        ({"state": ["dead", "waiting"], "route": "r1"}, lambda n: n % 10 in (3, 4) and n % 3 == 1),
        ({"state": "done"}, lambda n: n % 10 not in (3, 4)),
        ({"code": "WB-3003", "route": ["r0", "r2"]}, lambda n: n % 10 == 3 and n % 3 != 1),
        ({"text": "peer refused 2"}, lambda n: n % 10 == 3 and str(n).startswith("2")),
        ({"text": "PEER"}, lambda n: n % 10 == 3),
        ({"text": "%"}, lambda n: False),
        ({"since": seed.NOW + 10 * DAY, "until": seed.NOW + 20 * DAY}, lambda n: 10 <= n < 20),
        ({"connection": "a", "operation": "AddRisAppBillRt"}, lambda n: n % 2 == 1),
        ({"connection": "c"}, lambda n: False),
        ({"outcome": "invalid"}, lambda n: False),
        ({"step": "patient", "labels": {"exam": "心理测试"}}, lambda n: True),
    ],
)
def test_the_runs_that_fit_newest_first(many: Store, given: dict[str, Any], fits: Any, limit: int) -> None:
    assert numbers(many, given, limit=limit) == [number for number in RUNS if fits(number)]


@pytest.mark.parametrize(("budget", "few"), [(10_000, 0), (13, 0), (13, 5_000), (10_000, 20)])
def test_however_the_candidates_are_found(many: Store, monkeypatch: pytest.MonkeyPatch, budget: int, few: int) -> None:
    """Dense or rare: the same runs. Small bounds force the other ways."""
    monkeypatch.setattr(search, "BUDGET", budget)
    monkeypatch.setattr(search, "FEW", few)
    for given, fits in (
        ({"labels": {"order_id": "175||5*"}}, lambda n: str(n).startswith("5")),
        ({"labels": {"exam": "心理测试"}, "state": "dead"}, lambda n: n % 10 == 3),
        ({"state": "dead"}, lambda n: n % 10 == 3),
        ({"since": seed.NOW + 10 * DAY, "state": "dead"}, lambda n: n % 10 == 3 and n >= 10),
        ({"text": "refused", "code": "WB-3003"}, lambda n: n % 10 == 3),
    ):
        assert numbers(many, given, limit=4) == [number for number in RUNS if fits(number)]


def test_chosen_runs_alone(many: Store) -> None:
    page = many.read_now(partial(search.runs, wanted=read_filter({"state": "dead"})))
    ids = [hit.id for hit in page.items[:3]]
    found = many.read_now(partial(search.runs, wanted=read_filter({"ids": ids})))
    assert ([hit.id for hit in found.items], found.next) == (ids, None)
    both = many.read_now(partial(search.runs, wanted=read_filter({"ids": ids, "state": "waiting"})))
    assert both.items == []


def test_labels_of_patients_need_the_right(many: Store) -> None:
    assert numbers(many, {"labels": {"name": "示例3"}}, names=False) == []
    assert numbers(many, {"labels": {"name": "示*"}}, names=False) == []
    page = many.read_now(lambda conn: search.runs(conn, read_filter({"state": "dead"})))
    assert {label.value for hit in page.items for label in hit.labels if label.phi} == {"示**"}
    assert "示例" not in repr(many.read_now(lambda conn: search.runs(conn, read_filter({}), names=True)))


def test_messages_also_those_that_no_run_came_from(many: Store) -> None:
    def find(given: dict[str, Any], limit: int = 1000) -> list[search.MessageHit]:
        found: list[search.MessageHit] = []
        page: search.Found[search.MessageHit] | None = None
        while page is None or page.next is not None:
            ask = partial(
                search.messages, wanted=read_filter(given), after=page.next if page else None, limit=limit, names=True
            )
            page = many.read_now(ask)
            found += page.items
        return found

    assert [hit.received_at for hit in find({}, 7)] == [seed.NOW + number * DAY for number in reversed(range(300))]
    assert len(find({"outcome": "invalid"}, 2)) == 6
    assert len(find({"text": "rule 5%"})) == 6
    assert len(find({"code": "WB-1007", "until": seed.NOW + 100 * DAY})) == 2
    assert len(find({"outcome": "accepted", "connection": "a", "state": "done"}, 9)) == len(
        [number for number in RUNS if number % 2 and number % 10 not in (3, 4)]
    )
    assert [len(hit.runs) for hit in find({"labels": {"order_id": "175||5"}})] == [1]
    assert len(find({"labels": {"name": "示例3"}, "state": "dead", "step": "patient"})) == len(
        [number for number in RUNS if number % 7 == 3 and number % 10 == 3]
    )


def test_pages_are_stable_while_more_comes(store: Store) -> None:
    fill(store)
    wanted = read_filter({"state": "dead"})
    first = store.read_now(lambda conn: search.runs(conn, wanted, None, 5))
    store.write_now(lambda conn: seed.run(conn, seed.labels(), state="dead"))
    second = store.read_now(lambda conn: search.runs(conn, wanted, first.next, 5))
    seqs = [hit.seq for hit in (*first.items, *second.items)]
    assert len(set(seqs)) == 10
    assert seqs == sorted(seqs, reverse=True)


def test_counting_stops_at_a_bound(many: Store) -> None:
    def count(given: dict[str, Any], most: int) -> tuple[int, bool]:
        return many.read_now(lambda conn: search.count(conn, read_filter(given), names=True, most=most))

    assert count({"state": "dead"}, 1000) == (30, True)
    assert count({}, 1000) == (294, True)
    assert count({}, 100) == (100, False)


def test_a_wrong_place_to_go_on_from(many: Store) -> None:
    with pytest.raises(Refused, match="WB-7501"):
        many.read_now(lambda conn: search.runs(conn, read_filter({}), "!"))


INSIDE = ("SCAN CONSTANT", "SCAN (subquery")
"""An empty list in `IN`."""

HOT = [
    {"labels": {"order_id": "175||5"}},
    {"labels": {"order_id": "175||5*"}},
    {"labels": {"order_id": "175||5"}, "state": "dead", "connection": "a"},
    {"state": "dead"},
    {"state": ["dead", "held", "waiting"], "route": "r1"},
    {"code": "WB-3003"},
    {"text": "refused"},
    {"since": seed.NOW, "until": seed.NOW + DAY},
    {"route": "r1", "connection": "a"},
    {},
]


@pytest.mark.parametrize("given", HOT, ids=str)
@pytest.mark.parametrize("what", ["runs", "messages"])
@pytest.mark.parametrize("few", [0, 5000])
def test_no_question_scans_a_table(
    many: Store, given: dict[str, Any], what: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", few)
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        asked.append((statement, parameters))

    def query(conn: Connection) -> list[str]:
        event.listen(conn, "before_cursor_execute", note)
        getattr(search, what)(conn, read_filter(given), names=True)
        event.remove(conn, "before_cursor_execute", note)
        return [row[3] for sql, values in asked for row in conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]

    plans = many.read_now(query)
    assert len(plans) >= 3
    scans = [line for line in plans if line.startswith("SCAN ") and "USING" not in line and not line.startswith(INSIDE)]
    assert scans == [], "\n".join(plans)


def test_a_chance_of_filters_finds_what_a_scan_finds(many: Store) -> None:
    chance = random.Random(5)
    parts: list[tuple[dict[str, Any], Any]] = [
        ({"state": "dead"}, lambda n: n % 10 == 3), ({"route": "r1"}, lambda n: n % 3 == 1),
        ({"connection": "b"}, lambda n: n % 2 == 0), ({"since": seed.NOW + 50 * DAY}, lambda n: n >= 50),
        ({"until": seed.NOW + 200 * DAY}, lambda n: n < 200), ({"labels": {"name": "示例2"}}, lambda n: n % 7 == 2),
        ({"code": "WB-3003"}, lambda n: n % 10 == 3),
        ({"text": "refused 1"}, lambda n: n % 10 == 3 and str(n)[0] == "1"),
    ]  # fmt: skip
    for _ in range(40):
        chosen = chance.sample(parts, chance.randint(1, 4))
        given: dict[str, Any] = {}
        for part, _fits in chosen:
            given |= part
        expected = [number for number in RUNS if all(fits(number) for _, fits in chosen)]
        assert numbers(many, given, limit=chance.choice([3, 50])) == expected, given
