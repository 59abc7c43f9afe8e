"""Wrong-patient repair: whole documents move, split ones become two, pages of none go along; and back again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from engine.message import Blob, Refused
from engine.store.schema import audit, document
from engine.store.schema_records import act, document_page, draft, making, outbox, page
from records import filing, locks, repair
from records import outbox as telling
from records.assign import Who
from records.repair import Made, Plan
from tests.records import seed

AT = seed.NOW + 5
WORDS = ("rest", "gone")


class Scene:
    """Two patients; a filed document of four pages and two loose pages of the first."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.ana, self.eva = seed.patient(conn, "1000001", "Ana"), seed.patient(conn, "1000002", "Eva")
        self.who = Who(seed.user(conn, "clerk", ("CL",)), "clerk")
        self.batch = seed.batch(conn)
        keys = seed.pages(conn, self.batch, 6, patient=self.ana)
        self.keys, self.loose = keys[:4], keys[4:]
        self.doc = self.file("DOC1", self.keys)

    def file(self, name: str, keys: list[int], **changes: Any) -> int:
        values = {"public_id": name, "patient": self.ana, "kind": "lab", "title": "Blood", "date": "2020-01-02"}
        values |= {
            "blob": seed.fake(name),
            "origin": "scan",
            "pages": len(keys),
            "created_at": AT - 3,
            "batch": self.batch,
        }
        made = self.conn.execute(insert(document).values(values | changes)).inserted_primary_key
        assert made is not None
        key = int(made[0])
        if keys:
            pdf = Blob(seed.fake(name), 10, "application/pdf", "x.pdf")
            filing.version(self.conn, key, 1, pdf=pdf, keys=keys, by=None, at=AT - 3)
            seed.draft(self.conn, self.batch, keys, patient=self.ana, state="filed", document=key)
            telling.put(self.conn, operation=telling.FILED, document_id=key, at=AT - 3)
        return key

    def ids(self, *keys: int) -> list[str]:
        return seed.public(self.conn, page, *keys)

    def plan(self, documents: tuple[str, ...] = (), pages: tuple[int, ...] = (), to: str = "P1000002") -> Plan:
        return repair.plan(self.conn, documents=documents, pages=self.ids(*pages), to=to, me=self.who.id, at=AT)

    def apply(self, made: Plan) -> repair.Done:
        pdfs = {}
        for part in made.parts:
            if not part.is_whole:
                name = part.row.public_id
                rest, gone = (Blob(seed.fake(f"{word} {name}"), 10, "application/pdf", "x.pdf") for word in WORDS)
                pdfs[name] = Made(rest, gone, repair.wanted(self.conn, part)[2])
        return repair.apply(self.conn, made, pdfs, who=self.who, at=AT, note="wrong label")

    def told(self) -> list[tuple[str, str, str]]:
        """Operation, document and patient's number of what is in the outbox beyond the first."""
        rows = self.conn.execute(select(outbox).order_by(outbox.c.id)).all()[1:]
        between = [row.body.split("<number>")[1].split("</number>")[0] for row in rows]
        names = {row.id: row.public_id for row in self.conn.execute(select(document))}
        return [(row.operation, names[row.document], number) for row, number in zip(rows, between, strict=True)]

    def owners(self, keys: list[int]) -> set[Any]:
        return set(self.conn.execute(select(page.c.patient).where(page.c.id.in_(keys))).scalars())


@pytest.fixture(name="scene")
def fixture_scene(conn: Connection) -> Scene:
    return Scene(conn)


def test_a_whole_document_moves_and_is_told(scene: Scene) -> None:
    made = scene.plan(("DOC1",))
    assert (made.parts[0].is_whole, made.parts[0].sent, made.pages, made.losers) == (
        True,
        True,
        scene.keys,
        {scene.ana},
    )
    assert made.conflicts == []
    done = scene.apply(made)
    assert (done.moved, done.made, done.pages) == (["DOC1"], [], 4)
    row = scene.conn.execute(select(document)).one()
    assert (row.public_id, row.patient, row.version) == ("DOC1", scene.eva, 1)
    assert scene.owners(scene.keys) == {scene.eva}
    assert scene.conn.execute(select(draft.c.patient)).scalars().all() == [scene.eva]
    assert scene.told() == [("document_withdrawn", "DOC1", "1000001"), ("document_filed", "DOC1", "1000002")]
    looked = scene.conn.execute(select(audit.c.user, audit.c.act, audit.c.patient)).all()
    assert looked == [("clerk", "repair", scene.ana), ("clerk", "repair", scene.eva)]
    how = scene.conn.execute(select(page.c.assigned_how).where(page.c.id == scene.keys[0])).scalar_one()
    assert how == "repair"


def test_and_back_again(scene: Scene) -> None:
    scene.apply(scene.plan(("DOC1",)))
    scene.apply(scene.plan(("DOC1",), to="P1000001"))
    assert scene.owners(scene.keys) == {scene.ana}
    assert [operation for operation, _, _ in scene.told()] == ["document_withdrawn", "document_filed"] * 2


def test_some_pages_of_a_document_become_another(scene: Scene) -> None:
    made = scene.plan(pages=tuple(scene.keys[1:3]))
    (part,) = made.parts
    assert (part.leaving, part.staying) == (scene.keys[1:3], [scene.keys[0], scene.keys[3]])
    done = scene.apply(made)
    rows = {row.public_id: row for row in scene.conn.execute(select(document))}
    old, new = rows["DOC1"], rows[done.made[0]]
    assert (old.patient, old.version, old.pages, old.blob) == (scene.ana, 2, 2, seed.fake("rest DOC1"))
    assert (new.patient, new.version, new.pages, new.blob) == (scene.eva, 1, 2, seed.fake("gone DOC1"))
    assert (new.kind, new.title, new.date, new.origin, new.batch) == ("lab", "Blood", "2020-01-02", "scan", scene.batch)
    assert filing.pages_of(scene.conn, old.id, 2) == part.staying
    assert filing.pages_of(scene.conn, new.id, 1) == part.leaving
    assert filing.pages_of(scene.conn, old.id, 1) == scene.keys
    assert scene.owners(part.leaving) == {scene.eva}
    assert scene.owners(part.staying) == {scene.ana}
    assert scene.told() == [("document_replaced", "DOC1", "1000001"), ("document_filed", new.public_id, "1000002")]
    assert set(scene.conn.execute(select(making.c.document)).scalars()) == {old.id, new.id}


def test_all_pages_of_a_document_are_the_document(scene: Scene) -> None:
    made = scene.plan(pages=tuple(scene.keys))
    assert [part.is_whole for part in made.parts] == [True]
    assert made.loose == []


def test_loose_pages_leave_a_draft_that_others_stay_in(scene: Scene) -> None:
    more = seed.pages(scene.conn, scene.batch, 1, patient=scene.ana)
    mixed = seed.draft(scene.conn, scene.batch, [scene.loose[0], *more], patient=scene.ana)
    whole = seed.draft(scene.conn, scene.batch, [scene.loose[1]], patient=scene.ana)
    done = scene.apply(scene.plan(pages=tuple(scene.loose)))
    assert (done.moved, done.made, done.pages, len(done.batches)) == ([], [], 2, 1)
    drafts = {row.id: row.patient for row in scene.conn.execute(select(draft))}
    assert (drafts[mixed], drafts[whole]) == (scene.ana, scene.eva)
    placed = [scene.conn.execute(select(page.c.draft).where(page.c.id == key)).scalar_one() for key in scene.loose]
    assert placed == [None, whole]
    assert scene.told() == []


def test_pages_and_documents_in_one_act(scene: Scene) -> None:
    scene.file("DOC2", scene.loose[:1])
    done = scene.apply(scene.plan(("DOC2",), (scene.keys[0], scene.loose[1])))
    assert (done.moved, len(done.made), done.pages) == (["DOC2"], 1, 3)
    (row,) = scene.conn.execute(select(act)).all()
    assert (row.kind, row.note, set(row.before)) == ("repair", "wrong label", {"page", "draft", "document"})


def test_a_document_of_a_route_moves_and_nobody_is_told(scene: Scene) -> None:
    scene.file("ROUTE", [], origin="route")
    made = scene.plan(("ROUTE",))
    assert (made.parts[0].sent, made.pages) == (False, [])
    assert scene.apply(made).moved == ["ROUTE"]
    assert scene.told() == []


def test_who_saw_it(scene: Scene) -> None:
    for user, name, subject, when in (
        ("one", "document.open", "DOC1", AT),
        ("one", "document.open", "DOC1", AT + 9),
        ("two", "record.whole", "", AT),
        ("three", "record.whole", "", AT - 99),
        ("six", "record.loose", "", AT + 1),
        ("seven", "record.loose", "", AT - 99),
        ("four", "document.open", "OTHER", AT),
        ("five", "document.file", "DOC1", AT),
    ):
        values = {"at": when, "user": user, "act": name, "patient": scene.ana, "subject": subject}
        scene.conn.execute(insert(audit).values(values))
    assert repair.readers(scene.conn, scene.plan(("DOC1",))) == [("one", AT + 9), ("six", AT + 1), ("two", AT)]


def test_conflicts(scene: Scene) -> None:
    assert scene.plan(("DOC1",), to="P1000001").conflicts == ["same"]
    other = seed.user(scene.conn, "other", ("SC",))
    locks.claim(scene.conn, scene.batch, by=other, at=AT)
    assert scene.plan(pages=tuple(scene.loose)).conflicts == ["locked"]
    assert scene.plan(("DOC1",)).conflicts == []
    scene.conn.execute(update(document).values(state="withdrawn"))
    made = scene.plan(("DOC1",))
    assert made.conflicts == ["withdrawn"]
    with pytest.raises(Refused, match=r"WB-8220.*withdrawn"):
        scene.apply(made)


def test_what_is_not_there(scene: Scene) -> None:
    for documents, to in (((), "P1000002"), (("NO",), "P1000002"), (("DOC1",), "NOBODY")):
        with pytest.raises(Refused, match="WB-8220"):
            scene.plan(documents, to=to)


def test_pages_that_changed_since_their_pdf(scene: Scene) -> None:
    made = scene.plan(pages=tuple(scene.keys[:1]))
    (part,) = made.parts
    pdf = Blob(seed.fake("x"), 10, "application/pdf", "x.pdf")
    pdfs = {"DOC1": Made(pdf, pdf, repair.wanted(scene.conn, part)[2])}
    scene.conn.execute(update(page).where(page.c.id == scene.keys[3]).values(recipe={"rotate": 90}))
    for given in (pdfs, {}):
        with pytest.raises(Refused, match=filing.CHANGED):
            repair.apply(scene.conn, made, given, who=scene.who, at=AT, note="x")
    assert scene.conn.execute(select(document_page.c.document)).scalars().all() == [scene.doc] * 4
