"""A whole batch as the screens show it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select

from engine.store.schema import document, patient
from engine.store.schema_records import batch, draft, page, page_text, reading
from records import acts, locks, pages
from records.recipe import key as recipe_key
from tests.records import seed
from web.api.models_scan import Batch, BatchChanged

AT = seed.NOW


@pytest.fixture(name="ana")
def fixture_ana(conn: Connection) -> int:
    return seed.user(conn, "ana")


def whole(conn: Connection, one: int, me: int, at: int = AT) -> dict[str, Any]:
    found = pages.whole(conn, conn.execute(select(batch).where(batch.c.id == one)).one(), me=me, at=at)
    Batch.model_validate(found)
    return found


def test_a_page_with_everything(conn: Connection, ana: int) -> None:
    one = seed.batch(conn)
    owner = seed.patient(conn)
    source = seed.file(conn, one, name="front.tif", pages=1, taken=1)
    recipe = {"rotate": 90}
    (old,) = seed.pages(conn, one, 1, state="replaced")
    code = {"format": "QRCode", "text": "X-1", "box": [0, 0, 0.1, 0.1]}
    (key,) = seed.pages(
        conn, one, 1, file=source, patient=owner, assigned_how="typed", recipe=recipe, flags=["skewed"], codes=[code],
        skew=1.5, replaces=old, thumb="t" * 64,
    )  # fmt: skip
    seed.draft(conn, one, [key])
    found = whole(conn, one, ana)
    shown = found["pages"][1]
    assert shown["recipe"] == {"rotate": 90, "crop": None, "deskew": 0.0, "contrast": 0}
    assert shown["r"] == recipe_key(recipe)
    assert shown["codes"] == [code | {"kind": "other"}]
    assert (shown["file"], shown["number"], shown["skew"], shown["flags"]) == ("front.tif", 1, 1.5, ["skewed"])
    assert (shown["ready"], shown["replaces"]) == (True, found["pages"][0]["id"])
    public = conn.execute(select(patient.c.public_id)).scalar_one()
    brief = {"id": public, "number": "0009000001", "name": "示例甲", "birth_date": "1988-04-12", "sex": "F"}
    assert shown["patient"] == brief
    assert shown["draft"] == found["drafts"][0]["id"]
    # A draft is the patient's of whom all its pages are.
    assert found["drafts"][0]["patient"] == brief


def test_the_text_of_a_page(conn: Connection, ana: int) -> None:
    one = seed.batch(conn)
    none, queued, failed, done = seed.pages(conn, one, 4)
    for key, state in ((queued, "queued"), (failed, "failed")):
        conn.execute(insert(reading).values(page=key, state=state, due_at=AT))
    text = {"languages": "eng", "engine": "x", "recipe": "", "text": "", "words": b"", "confidence": 1.0, "ms": 1}
    conn.execute(insert(page_text).values(page=done, at=AT, **text))
    assert [row["text"] for row in whole(conn, one, ana)["pages"]] == ["none", "queued", "failed", "done"]
    assert none


def test_drafts_in_the_order_of_their_pages(conn: Connection, ana: int) -> None:
    one = seed.batch(conn)
    a, b, c, d = seed.pages(conn, one, 4)
    mine, other = seed.patient(conn), seed.patient(conn, "0009000002")
    said = {"kind": "letter", "date": "2026-01-31", "state": "filed", "patient": mine}
    filing = {"public_id": "DOC1", "patient": mine, "kind": "letter", "blob": "0" * 64, "created_at": AT}
    filed_as = conn.execute(insert(document).values(filing)).inserted_primary_key[0]  # type: ignore[index]
    later = seed.draft(conn, one, [c], patient=mine)
    first = seed.draft(conn, one, [a, b], document=filed_as, **said)
    seed.draft(conn, one, [d])
    seed.draft(conn, one)
    conn.execute(page.update().where(page.c.id == d).values(state="blank"))
    conn.execute(page.update().where(page.c.id == c).values(patient=other))
    shown = whole(conn, one, ana)["drafts"]
    assert [row["id"] for row in shown] == seed.public(conn, draft, first, later)
    assert shown[0]["pages"] == seed.public(conn, page, a, b)
    assert (shown[0]["document"], shown[0]["missing"]) == ("DOC1", [])
    assert shown[1]["missing"] == ["mixed", "kind", "date"]


def test_what_one_may_do(conn: Connection, ana: int) -> None:
    eva = seed.user(conn, "eva")
    one = seed.batch(conn, sheets=1, locked_by=eva, locked_at=AT)
    seed.pages(conn, one, 1)

    def can(me: int, at: int = AT, **changes: Any) -> set[str]:
        if changes:
            conn.execute(batch.update().values(changes))
        return {word for word, yes in whole(conn, one, me, at)["can"].items() if yes}

    assert can(ana) == {"take_over"}
    assert can(eva) == {"edit", "close"}
    assert can(ana, AT + locks.LIFE) == {"edit", "close", "claim"}
    assert can(eva, sheets=2) == {"edit"}
    assert can(eva, state="closed") == {"reopen", "file"}
    assert can(eva, state="filed") == {"reopen"}
    assert can(eva, state="cancelled", locked_by=None) == set()


def test_files_and_acts(conn: Connection, ana: int) -> None:
    one = seed.batch(conn)
    (key,) = seed.pages(conn, one, 1)
    seed.file(
        conn, one, name="broken.pdf", state="failed", code="WB-8021", reason="it ends too early", pages=3, taken=1
    )
    first = acts.change(conn, kind="flag", by=ana, at=AT, batch=one, rows={"page": {key: {"flags": ["flag"]}}})
    second = acts.change(conn, kind="flag", by=None, at=AT, batch=one, rows={"page": {key: {"flags": []}}})
    acts.undo(conn, second, by=ana, at=AT)
    found = whole(conn, one, ana)
    assert found["files"][1] | {"id": 0} == {
        "id": 0, "name": "broken.pdf", "state": "failed", "code": "WB-8021", "reason": "it ends too early",
        "pages": 3, "taken": 1, "at": AT,
    }  # fmt: skip
    assert [(row["id"], row["by"] and row["by"]["me"], row["undone"], row["can_undo"]) for row in found["acts"]] == [
        (second, None, True, False),
        (first, True, False, True),
    ]


def test_what_an_act_changed(conn: Connection, ana: int) -> None:
    one = seed.batch(conn)
    keys = seed.pages(conn, one, 600)
    rows = {"page": {key: {"reason": "x"} for key in keys}}
    number = acts.change(conn, kind="x", by=ana, at=AT, batch=one, rows=rows)
    some = pages.change(conn, one, keys[3:5], number, me=ana)
    BatchChanged.model_validate(some)
    assert [row["id"] for row in some["pages"]] == seed.public(conn, page, *keys[3:5])
    assert (some["version"], some["act"]["id"], some["act"]["can_undo"]) == (2, number, True)
    assert len(pages.change(conn, one, keys[:550], number, me=ana)["pages"]) == 550
    assert pages.drafts(conn, one) == []


def test_however_many_pages_the_questions_stay_the_same(conn: Connection, ana: int) -> None:
    counts = []
    for count in (2, 1500):
        one = seed.batch(conn)
        keys = seed.pages(conn, one, count)
        for place in range(0, count, 50):
            seed.draft(conn, one, keys[place : place + 50])
        asked: list[str] = []
        listener = lambda *call, asked=asked: asked.append(call[2])  # noqa: E731
        event.listen(conn, "before_cursor_execute", listener)
        assert len(whole(conn, one, ana)["pages"]) == count
        event.remove(conn, "before_cursor_execute", listener)
        counts.append(len(asked))
    assert 5 < counts[0] == counts[1] < 25
