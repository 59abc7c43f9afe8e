"""Pages given to patients: all, a range, the rest; contradictions stop; two people override."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from engine.message import Refused
from engine.store.schema import audit
from engine.store.schema_records import act, batch, draft, page, page_text
from records import acts, codes, edits, patients
from records.assign import Mismatch, Wanted, Who, assign, chosen, confirm, contradictions
from records.merge import merge
from tests.records import seed

AT = seed.NOW + 5


class Scene:
    """A batch of five pages, two patients, two people."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.ana = patients.upsert(conn, "1000001", {"name": "Ana Ejemplo", "birth_date": "1980-01-02"}, 1)
        self.eva = patients.upsert(conn, "1000002", {"name": "Eva Otra"}, 1)
        self.one = Who(seed.user(conn, "one", ("SC",)), "one")
        self.two = Who(seed.user(conn, "two", ("CL",)), "two")
        self.batch = seed.batch(conn)
        self.keys = seed.pages(conn, self.batch, 5)
        self.ids = seed.public(conn, page, *self.keys)

    def wish(self, pages: Any, patient: Any = None, **changes: Any) -> Wanted:
        return Wanted(pages, (patient or self.ana)["public_id"], **changes)

    def assign(self, wanted: Wanted, who: Who | None = None, at: int = AT) -> acts.Touched:
        found = contradictions(self.conn, self.batch, wanted)
        return assign(self.conn, self.batch, wanted, found, who=who or self.one, at=at)

    def owners(self) -> list[Any]:
        return list(
            self.conn.execute(select(page.c.patient).where(page.c.batch == self.batch).order_by(page.c.id)).scalars()
        )

    def label(self, key: int, number: str) -> None:
        found = [{"format": "QR", "text": codes.label(number), "box": [0, 0, 1, 1]}]
        self.conn.execute(update(page).where(page.c.id == key).values(codes=found))


@pytest.fixture(name="scene")
def fixture_scene(conn: Connection) -> Scene:
    return Scene(conn)


def test_a_range_then_the_rest_then_all(scene: Scene) -> None:
    ana, eva = scene.ana["id"], scene.eva["id"]
    done = scene.assign(scene.wish(scene.ids[1:3], how="scanned"))
    assert (done.kind, done.rows) == ("assign", {"page": scene.keys[1:3]})
    assert scene.owners() == [None, ana, ana, None, None]
    scene.assign(scene.wish("rest", scene.eva))
    assert scene.owners() == [eva, ana, ana, eva, eva]
    scene.assign(scene.wish("all"))
    assert scene.owners() == [ana] * 5
    row = scene.conn.execute(select(page).where(page.c.id == scene.keys[1])).one()
    assert (row.assigned_by, row.assigned_at, row.assigned_how) == (scene.one.id, AT, "typed")
    looked = scene.conn.execute(select(audit.c.user, audit.c.act, audit.c.patient)).all()
    assert looked == [("one", "page.assign", key) for key in (ana, eva, ana, eva)]


def test_to_nobody_again_and_undone(scene: Scene) -> None:
    scene.assign(scene.wish("all"))
    scene.assign(Wanted(scene.ids[:1], None))
    assert scene.owners() == [None] + [scene.ana["id"]] * 4
    edits.undo(scene.conn, scene.batch, None, by=scene.one.id, at=AT)
    edits.undo(scene.conn, scene.batch, None, by=scene.one.id, at=AT)
    assert scene.owners() == [None] * 5


def test_only_pages_of_the_record_that_are_not_filed(scene: Scene) -> None:
    conn = scene.conn
    seed.draft(conn, scene.batch, scene.keys[:1], state="filed")
    conn.execute(update(page).where(page.c.id == scene.keys[1]).values(state="separator"))
    conn.execute(update(page).where(page.c.id == scene.keys[2]).values(state="rescan"))
    assert [row.id for row in chosen(conn, scene.batch, "all")] == scene.keys[2:]
    assert [row.id for row in chosen(conn, scene.batch, scene.ids[1:3])] == scene.keys[2:3]
    for pages in (scene.ids[:1], scene.ids[1:2], ["NOPAGE"], []):
        with pytest.raises(Refused, match="WB-8107"):
            scene.assign(scene.wish(pages))


def test_drafts_that_name_a_patient_go_along(scene: Scene) -> None:
    conn = scene.conn
    whole = seed.draft(conn, scene.batch, scene.keys[:2], patient=scene.eva["id"])
    part = seed.draft(conn, scene.batch, scene.keys[2:4], patient=scene.eva["id"])
    free = seed.draft(conn, scene.batch, scene.keys[4:])
    scene.assign(scene.wish([*scene.ids[:3], scene.ids[4]]))
    owners = dict(conn.execute(select(draft.c.id, draft.c.patient)).all())
    assert owners == {whole: scene.ana["id"], part: scene.eva["id"], free: None}


def test_somebody_elses_batch_and_a_filed_one(scene: Scene) -> None:
    scene.assign(scene.wish("all"))
    with pytest.raises(Refused, match="WB-8102"):
        scene.assign(scene.wish("all"), scene.two)
    scene.conn.execute(update(batch).values(state="filed"))
    with pytest.raises(Refused, match="WB-8104"):
        scene.assign(scene.wish("all"))


def test_an_unknown_patient(scene: Scene) -> None:
    wanted = Wanted("all", "NOBODY")
    with pytest.raises(Refused, match="WB-8204"):
        contradictions(scene.conn, scene.batch, wanted)


def test_a_contradiction_stops(scene: Scene) -> None:
    scene.label(scene.keys[3], "1000002")
    text = {"page": scene.keys[4], "languages": "eng", "engine": "t", "recipe": "", "words": b"", "confidence": 90.0}
    scene.conn.execute(insert(page_text).values(text | {"text": "DOB: 1999-01-02", "ms": 1, "at": 1}))
    with pytest.raises(Mismatch) as stopped:
        scene.assign(scene.wish("all"))
    assert (stopped.value.code, stopped.value.fields) == ("WB-8201", ["number", "birth_date"])
    assert stopped.value.pages == scene.ids[3:]
    for value in ("1999", "1000002", "Ana"):
        assert value not in str(stopped.value)
    assert scene.owners() == [None] * 5
    scene.assign(scene.wish(scene.ids[3:4], scene.eva))
    assert scene.owners()[3] == scene.eva["id"]


def test_a_label_that_came_since_the_question_stops_too(scene: Scene) -> None:
    wanted = scene.wish("all")
    found = contradictions(scene.conn, scene.batch, wanted)
    scene.label(scene.keys[0], "1000002")
    with pytest.raises(Mismatch):
        assign(scene.conn, scene.batch, wanted, found, who=scene.one, at=AT)


def proposed(scene: Scene) -> int:
    scene.label(scene.keys[0], "1000002")
    done = scene.assign(scene.wish(scene.ids[:2], note="the label is an old one"))
    assert (done.kind, done.rows, scene.owners()) == ("assign.proposed", {"page": []}, [None] * 5)
    return done.act


def test_a_second_person_confirms(scene: Scene) -> None:
    number = proposed(scene)
    with pytest.raises(Refused, match="WB-8202"):
        confirm(scene.conn, scene.batch, number, who=scene.one, at=AT + 1)
    done = confirm(scene.conn, scene.batch, number, who=scene.two, at=AT + 1)
    assert scene.owners() == [scene.ana["id"]] * 2 + [None] * 3
    rows = {row.id: row for row in scene.conn.execute(select(act))}
    assert (rows[number].kind, rows[done.act].kind, rows[done.act].by) == ("assign.accepted", "assign", scene.two.id)
    assert rows[done.act].note == "the label is an old one"
    how = scene.conn.execute(select(page.c.assigned_how).where(page.c.id == scene.keys[0])).scalar_one()
    assert how == "confirmed"
    with pytest.raises(Refused, match="WB-8202"):
        confirm(scene.conn, scene.batch, number, who=scene.two, at=AT + 2)
    edits.undo(scene.conn, scene.batch, None, by=scene.one.id, at=AT + 3)
    assert scene.owners() == [None] * 5


def test_a_proposal_changes_nothing_and_is_no_undo(scene: Scene) -> None:
    scene.assign(scene.wish(scene.ids[4:]))
    scene.label(scene.keys[0], "1000002")
    number = scene.assign(scene.wish(scene.ids[:1], note="an old label")).act
    edits.undo(scene.conn, scene.batch, None, by=scene.one.id, at=AT + 1)
    assert scene.owners() == [None] * 5
    assert scene.conn.execute(select(act.c.undone_at).where(act.c.id == number)).scalar_one() is None


def test_a_page_that_was_given_to_somebody_since_is_not_confirmed(scene: Scene) -> None:
    number = proposed(scene)
    scene.assign(scene.wish(scene.ids[1:2], scene.eva), at=AT + 1)
    with pytest.raises(Refused, match="WB-8202"):
        confirm(scene.conn, scene.batch, number, who=scene.two, at=AT + 2)


def test_a_patient_who_was_merged_since_is_confirmed_as_the_survivor(scene: Scene) -> None:
    number = proposed(scene)
    merge(scene.conn, survivor="1000002", retired="1000001", at=AT)
    confirm(scene.conn, scene.batch, number, who=scene.two, at=AT + 1)
    assert scene.owners()[:2] == [scene.eva["id"]] * 2


def test_what_cannot_be_confirmed(scene: Scene) -> None:
    done = scene.assign(scene.wish("all"))
    for number in (done.act, 999):
        with pytest.raises(Refused, match="WB-8202"):
            confirm(scene.conn, scene.batch, number, who=scene.two, at=AT)
    scene.label(scene.keys[0], "1000002")
    number = scene.assign(scene.wish(scene.ids[:1], note="an old label")).act
    scene.conn.execute(update(batch).values(state="filed"))
    with pytest.raises(Refused, match="WB-8104"):
        confirm(scene.conn, scene.batch, number, who=scene.two, at=AT)
