"""Search: words, filters, order, cursors, versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, text, update

from engine.store.schema import document
from engine.store.schema_records import document_page, page
from records import matching, search, texts
from records.search import Asked
from tests.records import filed, seed
from tests.records.reads import answer
from tests.records.seed import NOW


def file(conn: Connection, patient: int, *lines: str, **changes: Any) -> int:
    """A document with one page a line, each read."""
    pages = seed.pages(conn, seed.batch(conn, state="filed"), len(lines), patient=patient)
    key = filed.scanned(conn, patient, pages, **changes)
    for number, line in zip(pages, lines, strict=True):
        texts.put(conn, number, {}, answer(line), NOW)
    return key


def keys(conn: Connection, question: str = "", after: int | None = None, limit: int = 50, **changes: Any) -> list[int]:
    return [hit.key for hit in search.search(conn, Asked(question, **changes), after, limit).items]


def all_pages(conn: Connection, question: str, limit: int, **changes: Any) -> list[list[int]]:
    """Every answer until there is no cursor."""
    found, after = [], None
    while True:
        got = search.search(conn, Asked(question, **changes), after, limit)
        found.append([hit.key for hit in got.items])
        after = got.next
        if after is None:
            return found


def flat(found: list[list[int]]) -> list[int]:
    return [key for one in found for key in one]


@pytest.fixture(name="who")
def fixture_who(conn: Connection) -> int:
    seed.desk(conn)
    return seed.patient(conn)


def test_a_document_is_found_by_the_words_of_one_page(conn: Connection, who: int) -> None:
    key = file(conn, who, "nothing here", "acute Neumonía of the lung", "neumonia again")
    file(conn, who, "another document about the lung")
    (hit,) = search.search(conn, Asked("neumonia lung"), None, 10).items
    assert (hit.key, hit.hits, hit.page, hit.pages) == (key, 1, 2, 3)
    assert [part for part in hit.snippet if part["hit"]] == [
        {"text": "Neumonía", "hit": True},
        {"text": "lung", "hit": True},
    ]
    assert hit.patient["number"] == "0009000001"
    assert keys(conn, "neumonia") == [key]
    assert keys(conn, "nothing neumonia") == []  # on two pages
    assert keys(conn, "?!") == []


def test_one_and_two_chinese_characters(conn: Connection, who: int) -> None:
    key = file(conn, who, "患者于今日出院，血压平稳", "出")
    assert keys(conn, "院") == keys(conn, "出院") == keys(conn, "血压平稳") == keys(conn, "院 压") == [key]
    assert keys(conn, "院出") == keys(conn, "入院") == []
    (hit,) = search.search(conn, Asked("出"), None, 10).items
    assert (hit.hits, hit.page) == (2, 1)


def test_filters(conn: Connection, who: int) -> None:
    other = seed.patient(conn, "0009000002", "示例乙")
    one = file(conn, who, "common", kind="ecg", department="cardiology", date="2020-05-01", author="Dr Mary Okafor")
    two = file(conn, other, "common", kind="consent", department="surgery", date="2021-05-01")
    gone = file(conn, who, "common", state="withdrawn", date="2022-01-01")
    for question in ("common", ""):
        assert keys(conn, question) == [two, one]
        assert keys(conn, question, patient=who) == [one]
        assert keys(conn, question, kinds=("ecg", "other")) == [one]
        assert keys(conn, question, departments=("surgery",)) == [two]
        assert keys(conn, question, since="2021-05-01") == [two]
        assert keys(conn, question, until="2020-12-31") == [one]
        assert keys(conn, question, author="mary") == [one]
        assert keys(conn, question, states=("withdrawn",)) == [gone]
        assert keys(conn, question, states=("current", "withdrawn"), patient=who) == [gone, one]
        assert keys(conn, question, kinds=("ecg",), patient=other) == []
        assert keys(conn, question, order="oldest") == [one, two]
        assert keys(conn, question, patient=seed.patient(conn, question or "none")) == []
        assert keys(conn, question, author="x' OR 1=1 --") == []


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("limit", [1, 2, 3, 50])
@pytest.mark.parametrize("question", ["common", "rare", ""])
def test_the_cursor_leads_through_all_once(conn: Connection, who: int, order: str, limit: int, question: str) -> None:
    made = [file(conn, who, "common", "common rare" if n % 3 else "x", "common") for n in range(7)]
    wanted = [key for n, key in enumerate(made) if question != "rare" or n % 3]
    wanted = wanted if order == "oldest" else wanted[::-1]
    for patient in (None, who):
        found = all_pages(conn, question, limit, order=order, patient=patient)
        assert flat(found) == wanted
        assert all(len(one) == limit for one in found[:-1])


@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("many", [0, 1, 4, 100])
@pytest.mark.parametrize("question", ["pneumo*", "pneumonia"])
def test_few_and_many_pages_give_the_same(
    conn: Connection, who: int, monkeypatch: pytest.MonkeyPatch, order: str, many: int, question: str
) -> None:
    for module in (search, matching):
        monkeypatch.setattr(module, "MANY", many)
    wanted = []
    for n in range(5):
        wanted.append(file(conn, who, "pneumonia", "x", "pneumothorax", "pneumonia pneumothorax"))
        file(conn, who, "pne", "umo", f"lung {n}")
    wanted = wanted if order == "oldest" else wanted[::-1]
    for patient in (None, who):
        asked = Asked(question, patient=patient, order="oldest" if order == "oldest" else "newest")
        items = search.search(conn, asked, None, 50).items
        pages = 3 if "*" in question else 2
        assert [(hit.key, hit.hits, hit.page) for hit in items] == [(key, pages, 1) for key in wanted]
        assert flat(all_pages(conn, question, 2, order=order, patient=patient)) == wanted
        assert keys(conn, f"{question} pneumonia", limit=1, patient=patient, order=order) == wanted[:1]


@pytest.mark.parametrize("many", [0, 100])
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_the_order_is_that_of_the_documents_day_then_of_filing(
    conn: Connection, who: int, monkeypatch: pytest.MonkeyPatch, many: int, limit: int
) -> None:
    for module in (search, matching):
        monkeypatch.setattr(module, "MANY", many)
    days = ["2021-05-01", "2024-02-03", "2021-05-01", "", "1999-12-31", "2024-02-02", "2021-05-01"]
    made = [file(conn, who, "common", date=day) for day in days]
    filed_on = datetime.fromtimestamp(NOW / 1000, UTC).strftime("%Y-%m-%d")
    assert filed_on > "2024"
    oldest = [made[place] for place in (4, 0, 2, 6, 5, 1, 3)]
    for question in ("common", "common*", ""):
        for patient in (None, who):
            assert flat(all_pages(conn, question, limit, order="oldest", patient=patient)) == oldest
            assert flat(all_pages(conn, question, limit, patient=patient)) == oldest[::-1]
            between = {"since": "2021-05-01", "until": "2024-02-02", "patient": patient}
            assert flat(all_pages(conn, question, limit, **between)) == oldest[4:0:-1]
            assert keys(conn, question, until="1990-01-01") == keys(conn, question, since="2100-01-01") == []
    (newest, *_) = search.search(conn, Asked("common"), None, 1).items
    assert newest.date == filed_on


def test_a_page_in_many_documents_finds_each(conn: Connection, who: int) -> None:
    made = [file(conn, who, "common") for _ in range(4)]
    shared = conn.execute(text("SELECT max(id) FROM page")).scalar_one()
    for key in made[:3]:
        conn.execute(insert(document_page).values(document=key, version=1, position=2, page=shared))
    assert flat(all_pages(conn, "common", 1)) == made[::-1]


def test_only_the_current_version_is_found(conn: Connection, who: int) -> None:
    key = file(conn, who, "first draft", "kept")
    pages = conn.execute(text("SELECT page FROM document_page ORDER BY position")).scalars().all()
    conn.execute(insert(document_page).values(document=key, version=2, position=1, page=pages[1]))
    conn.execute(update(document).values(version=2, pages=1))
    assert keys(conn, "draft") == []
    (hit,) = search.search(conn, Asked("kept"), None, 10).items
    assert (hit.key, hit.page) == (key, 1)
    assert search.boxes(conn, key, "draft") == []


def test_pages_without_a_document_and_documents_without_pages(conn: Connection, who: int) -> None:
    (loose,) = seed.pages(conn, seed.batch(conn), 1)
    texts.put(conn, loose, {}, answer("common"), NOW)
    routed = filed.routed(conn, who)
    assert keys(conn, "common") == []
    assert keys(conn) == keys(conn, patient=who) == [routed]
    assert search.boxes(conn, routed, "common") == []


@pytest.mark.parametrize("many", [0, 100])
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("question", ["common", ""])
def test_when_time_runs_out_the_cursor_leads_on(
    conn: Connection, who: int, monkeypatch: pytest.MonkeyPatch, many: int, order: str, question: str
) -> None:
    wanted = [file(conn, who, "common", kind="ecg", date=day) for day in ("2019-02-01", "2021-07-01", "2021-07-09")]
    for month in range(1, 6):
        file(conn, who, "common", "common", date=f"2020-{month:02}-01")
    monkeypatch.setattr(search, "BUDGET", -1.0)
    for module in (search, matching):
        monkeypatch.setattr(module, "MANY", many)
    found = all_pages(conn, question, 50, kinds=("ecg",), order=order)
    assert len(found) > 3
    assert [] in found
    assert flat(found) == (wanted if order == "oldest" else wanted[::-1])


def test_boxes_of_the_hits(conn: Connection, who: int) -> None:
    key = file(conn, who, "one two three four", "none", "TWO 出院记录")
    assert search.boxes(conn, key, "two") == [
        {"n": 1, "boxes": [[0.25, 0.1, 0.225, 0.02]]},
        {"n": 3, "boxes": [[0.0, 0.1, 0.45, 0.02]]},
    ]
    assert search.boxes(conn, key, "院记") == [{"n": 3, "boxes": [[0.6125, 0.1, 0.225, 0.02]]}]
    assert search.boxes(conn, key, "") == []


def test_pages_of_a_document_far_apart(conn: Connection, who: int) -> None:
    key = file(conn, who, "common first")
    for _ in range(8):
        file(conn, who, "common")
    (far,) = seed.pages(conn, 1, 1, patient=who)
    texts.put(conn, far, {}, answer("common last"), NOW)
    conn.execute(insert(document_page).values(document=key, version=1, position=2, page=far))
    (*_, hit) = search.search(conn, Asked("common"), None, 50).items
    assert (hit.key, hit.hits, hit.page) == (key, 2, 1)
    assert keys(conn, "common").count(key) == 1


def test_a_page_that_is_not_of_the_record_any_more_is_not_found(conn: Connection, who: int) -> None:
    key = file(conn, who, "common")
    conn.execute(update(document).where(document.c.id == key).values(state="withdrawn"))
    conn.execute(update(page).values(state="dropped"))
    assert keys(conn, "common") == []
