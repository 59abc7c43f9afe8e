"""Edits: each one, and any sequence of them and of undos against a plain model."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Row, select

from engine.message import Refused
from engine.store.schema_records import act, batch, draft, page
from records import acts, batches, edits, ledger
from records.desk import CANNOT, Wish
from tests.records import seed

AT = seed.NOW


class Desk:
    """A batch of so many pages and who works on it."""

    def __init__(self, conn: Connection, count: int) -> None:
        self.conn = conn
        self.ana = seed.user(conn, "ana")
        self.batch = seed.batch(conn)
        self.keys = seed.pages(conn, self.batch, count)
        self.ids = seed.public(conn, page, *self.keys)

    def do(self, act_: str, *places: int, **wish: Any) -> acts.Touched:
        pages = [self.ids[place] for place in places]
        for name in ("before", "page"):
            if isinstance(wish.get(name), int):
                wish[name] = self.ids[wish[name]]
        return edits.do(self.conn, self.batch, Wish(act_, pages, **wish), by=self.ana, at=AT)

    def undo(self, number: int | None = None) -> acts.Touched:
        return edits.undo(self.conn, self.batch, number, by=self.ana, at=AT)

    def refused(self, act_: str, *places: int, **wish: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.do(act_, *places, **wish)
        return refused.value.code

    def row(self, place: int) -> Row[Any]:
        return self.conn.execute(select(page).where(page.c.id == self.keys[place])).one()

    def file(self, *places: int) -> None:
        seed.draft(self.conn, self.batch, [self.keys[place] for place in places], state="filed")


@pytest.fixture(name="desk")
def fixture_desk(conn: Connection) -> Desk:
    return Desk(conn, 4)


def test_a_recipe_grows(desk: Desk) -> None:
    desk.do("rotate", 0, by=90)
    desk.do("crop", 0, box=[0.1, 0.2, 0.5, 0.6])
    desk.do("contrast", 0, level=40)
    desk.do("deskew", 0, angle=-1.5)
    assert desk.row(0).recipe == {"rotate": 90, "crop": [0.1, 0.2, 0.5, 0.6], "contrast": 40, "deskew": -1.5}
    # What was cropped stays what is seen: left becomes top.
    desk.do("rotate", 0, by=90)
    assert desk.row(0).recipe["crop"] == [0.2, 0.1, 0.6, 0.5]
    desk.do("rotate", 0, by=-90)
    assert desk.row(0).recipe["crop"] == [0.1, 0.2, 0.5, 0.6]
    desk.do("crop", 0)
    desk.do("contrast", 0)
    desk.do("rotate", 0, by=270)
    assert desk.row(0).recipe == {"deskew": -1.5}


def test_the_measured_skew_is_taken_out(desk: Desk) -> None:
    desk.conn.execute(page.update().where(page.c.id == desk.keys[1]).values(skew=2.25))
    desk.do("deskew", 0, 1)
    assert (desk.row(0).recipe, desk.row(1).recipe) == ({}, {"deskew": 2.25})


def test_states_and_their_reasons(desk: Desk) -> None:
    assert desk.refused("drop", 0) == CANNOT
    desk.do("drop", 0, reason="  torn ")
    desk.do("rescan", 1, reason="blurred")
    desk.do("blank", 2, reason="ignored")
    states = [(desk.row(place).state, desk.row(place).reason) for place in range(4)]
    assert states == [("dropped", "torn"), ("rescan", "blurred"), ("blank", ""), ("kept", "")]
    desk.do("keep", 0, 1, 2)
    assert all((desk.row(place).state, desk.row(place).reason) == ("kept", "") for place in range(4))


def test_a_persons_flag_is_one_among_others(desk: Desk) -> None:
    desk.conn.execute(page.update().values(flags=["dark"]))
    desk.do("flag", 0, 1)
    desk.do("flag", 0)
    assert desk.row(0).flags == ["dark", "flag"]
    desk.do("flag", 0, 1, on=False)
    assert desk.row(1).flags == ["dark"]


def test_a_better_copy_takes_the_place(desk: Desk) -> None:
    owner = seed.patient(desk.conn)
    group = seed.draft(desk.conn, desk.batch, desk.keys[:2])
    desk.conn.execute(page.update().where(page.c.id == desk.keys[0]).values(patient=owner, assigned_how="typed"))
    desk.do("rescan", 0)
    desk.do("replace", 0, page=3)
    old, new = desk.row(0), desk.row(3)
    assert (old.state, new.state, new.replaces, new.draft) == ("replaced", "kept", old.id, group)
    assert (new.patient, new.assigned_how) == (owner, "typed")
    assert old.position < new.position < desk.row(1).position
    found = ledger.of(desk.conn, desk.batch)
    assert (found.images, found.replaced, found.rescan) == (4, 1, 0)
    assert desk.refused("keep", 0) == CANNOT
    assert desk.refused("replace", 1, page=3) == CANNOT
    assert desk.refused("replace", 1, page=1) == CANNOT
    desk.undo()
    assert (desk.row(0).state, desk.row(3).replaces, desk.row(3).patient) == ("rescan", None, None)


def test_no_page_stands_for_another_patients(desk: Desk) -> None:
    one, other = seed.patient(desk.conn), seed.patient(desk.conn, "0009000002")
    for place, owner in ((0, one), (1, other)):
        desk.conn.execute(page.update().where(page.c.id == desk.keys[place]).values(patient=owner))
    assert desk.refused("replace", 0, page=1) == CANNOT


def test_pages_of_elsewhere_and_of_filed_documents(desk: Desk) -> None:
    elsewhere = seed.pages(desk.conn, seed.batch(desk.conn), 1)
    foreign = seed.public(desk.conn, page, *elsewhere)
    with pytest.raises(Refused, match="not of this batch"):
        edits.do(desk.conn, desk.batch, Wish("blank", foreign), by=desk.ana, at=AT)
    with pytest.raises(Refused, match="no page is chosen"):
        edits.do(desk.conn, desk.batch, Wish("blank"), by=desk.ana, at=AT)
    number = desk.do("flag", 0).act
    desk.file(0)
    assert desk.refused("rotate", 0) == CANNOT
    with pytest.raises(Refused, match="filed"):
        desk.undo(number)


def test_a_closed_batch_is_left_alone(desk: Desk) -> None:
    desk.do("flag", 0)
    batches.describe(desk.conn, desk.batch, {"sheets": 4}, by=desk.ana, at=AT)
    batches.close(desk.conn, desk.batch, by=desk.ana, at=AT)
    assert desk.refused("flag", 0) == batches.CLOSED
    with pytest.raises(Refused):
        desk.undo()


def test_what_was_said_of_a_draft_is_undone_in_a_closed_batch_too(desk: Desk) -> None:
    group = seed.draft(desk.conn, desk.batch, desk.keys)
    batches.describe(desk.conn, desk.batch, {"sheets": 4}, by=desk.ana, at=AT)
    batches.close(desk.conn, desk.batch, by=desk.ana, at=AT)
    said = {"draft": {group: {"kind": "letter"}}}
    acts.change(desk.conn, kind="classify", by=desk.ana, at=AT, batch=desk.batch, rows=said)
    number = acts.newest(desk.conn, desk.batch)
    desk.conn.execute(draft.update().values(state="filed"))
    with pytest.raises(Refused, match="filed"):
        desk.undo(number)
    desk.conn.execute(draft.update().values(state="open"))
    assert desk.undo().kind == "classify"
    assert desk.conn.execute(select(draft.c.kind)).scalar_one() == ""


def test_undo_goes_back_act_by_act(desk: Desk) -> None:
    desk.do("rotate", 0)
    batches.describe(desk.conn, desk.batch, {"sheets": 9}, by=desk.ana, at=AT)
    assert desk.undo().kind == "describe"
    assert desk.undo().rows == {"page": [desk.keys[0]]}
    assert desk.row(0).recipe == {}
    with pytest.raises(Refused, match="nothing to undo"):
        desk.undo()
    other = seed.batch(desk.conn)
    (key,) = seed.pages(desk.conn, other, 1)
    number = acts.change(desk.conn, kind="x", by=1, at=AT, batch=other, rows={"page": {key: {"reason": "x"}}})
    with pytest.raises(Refused, match="nothing to undo"):
        desk.undo(number)


# Any sequence.

PAGES = 6
places = st.lists(st.integers(0, PAGES - 1), min_size=1, max_size=3, unique=True)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["drop", "blank", "keep", "rescan", "flag", "rotate", "draft"]), places),
        st.tuples(st.sampled_from(["split", "join"]), st.integers(0, PAGES - 1).map(lambda place: [place])),
        st.tuples(st.just("move"), places, st.one_of(st.none(), st.integers(0, PAGES - 1))),
        st.tuples(st.just("replace"), st.integers(0, PAGES - 1).map(lambda place: [place]), st.integers(0, PAGES - 1)),
        st.tuples(st.just("interleave")),
        st.tuples(st.just("undo")),
    ),
    max_size=15,
)


class Model:
    """A list of pages; undo is the copy from before."""

    STATES = {"drop": "dropped", "blank": "blank", "keep": "kept", "rescan": "rescan"}  # noqa: RUF012

    def __init__(self, count: int) -> None:
        self.order = list(range(count))
        self.pages: list[dict[str, Any]] = [
            {"state": "kept", "turn": 0, "flag": False, "draft": 0} for _ in range(count)
        ]
        self.past: list[Any] = []
        self.drafts = 0

    @property
    def now(self) -> Any:
        return copy.deepcopy((self.order, self.pages))

    def step(self, kind: str, *wish: Any) -> bool:
        """Whether it can be done."""
        if kind == "undo":
            if self.past:
                self.order, self.pages = self.past.pop()
                return True
            return False
        was = self.now
        done: bool = getattr(self, f"_{kind}", self._become)(kind, *wish)
        if done and self.now != was:
            self.past.append(was)
        return done

    def _become(self, kind: str, chosen: list[int]) -> bool:
        if any(self.pages[one]["state"] == "replaced" for one in chosen):
            return False
        for one in chosen:
            self.pages[one]["state"] = self.STATES[kind]
        return True

    def _flag(self, _: str, chosen: list[int]) -> bool:
        for one in chosen:
            self.pages[one]["flag"] = True
        return True

    def _rotate(self, _: str, chosen: list[int]) -> bool:
        for one in chosen:
            self.pages[one]["turn"] = (self.pages[one]["turn"] + 90) % 360
        return True

    def _draft(self, _: str, chosen: list[int]) -> bool:
        self.drafts += 1
        for one in chosen:
            self.pages[one]["draft"] = self.drafts
        return True

    def _of_record(self, one: int) -> bool:
        return self.pages[one]["state"] in ("kept", "rescan")

    def _split(self, _: str, chosen: list[int]) -> bool:
        place, mine = self.order.index(chosen[0]), self.pages[chosen[0]]["draft"]
        same = [one for one in self.order[place:] if self.pages[one]["draft"] == mine]
        if not mine:
            same = self.order[place:]
            ends = [n for n, one in enumerate(same) if self.pages[one]["draft"]]
            same = same[: ends[0]] if ends else same
        elif not any(self.pages[one]["draft"] == mine and self._of_record(one) for one in self.order[:place]):
            return False
        return self._draft("", same)

    def _join(self, _: str, chosen: list[int]) -> bool:
        mine = self.pages[chosen[0]]["draft"]
        if not mine:
            return False
        first = next(n for n, one in enumerate(self.order) if self.pages[one]["draft"] == mine)
        earlier = [one for one in self.order[:first] if self.pages[one]["draft"] and self._of_record(one)]
        if not earlier:
            return False
        for one in self.order:
            if self.pages[one]["draft"] == mine:
                self.pages[one]["draft"] = self.pages[earlier[-1]]["draft"]
        return True

    def _move(self, _: str, chosen: list[int], before: int | None) -> bool:
        if before in chosen:
            return False
        others = [one for one in self.order if one not in chosen]
        place = len(others) if before is None else others.index(before)
        sides = [others[n] for n in (place - 1, place) if 0 <= n < len(others)]
        near = [self.pages[one]["draft"] for one in sides if self.pages[one]["draft"]]
        self.order = [*others[:place], *chosen, *others[place:]]
        for one in chosen:
            own = self.pages[one]["draft"]
            self.pages[one]["draft"] = own if own in near else near[0] if near else 0
        return True

    def _replace(self, _: str, chosen: list[int], other: int) -> bool:
        (old,) = chosen
        states = (self.pages[old]["state"], self.pages[other]["state"])
        if old == other or "replaced" in states or self.pages[other].get("replaces"):
            return False
        self.pages[old]["state"] = "replaced"
        self.pages[other] |= {"state": "kept", "replaces": True, "draft": self.pages[old]["draft"]}
        self.order.remove(other)
        self.order.insert(self.order.index(old) + 1, other)
        return True

    def _interleave(self, _: str) -> bool:
        rows = [one for one in self.order if self.pages[one]["state"] != "replaced"]
        half = len(rows) // 2
        if len(rows) % 2 or not rows:
            return False
        pairs = list(zip(rows[:half], rows[: half - 1 : -1], strict=True))
        for front, back in pairs:
            self.pages[back]["draft"] = self.pages[front]["draft"]
        laid = iter([one for pair in pairs for one in pair])
        self.order = [one if self.pages[one]["state"] == "replaced" else next(laid) for one in self.order]
        return True


@given(steps)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_sequence(sequence: list[Any]) -> None:
    with seed.fresh() as conn:
        desk, model = Desk(conn, PAGES), Model(PAGES)
        for kind, *wish in sequence:
            try:
                _do(desk, kind, *wish)
                done = True
            except Refused:
                done = False
            assert done == model.step(kind, *wish), kind
            assert _seen(desk) == _expected(model)
            found = ledger.of(conn, desk.batch)
            assert found.images == PAGES
            assert found.expected is None


def _do(desk: Desk, kind: str, *wish: Any) -> None:
    if kind == "undo":
        desk.undo()
    elif kind == "move":
        desk.do(kind, *wish[0], before=wish[1])
    elif kind == "replace":
        desk.do(kind, *wish[0], page=wish[1])
    else:
        desk.do(kind, *(wish[0] if wish else ()), reason="r" if kind == "drop" else "")


def _seen(desk: Desk) -> list[Any]:
    """In order; drafts by their first place, because what they are called does not matter."""
    rows = desk.conn.execute(select(page).order_by(page.c.position, page.c.id)).all()
    drafts = [row.draft for row in rows]
    return [
        (
            desk.keys.index(row.id),
            row.state,
            row.recipe.get("rotate", 0),
            "flag" in row.flags,
            row.replaces is not None,
            drafts.index(row.draft) if row.draft else None,
        )
        for row in rows
    ]


def _expected(model: Model) -> list[Any]:
    rows = [(one, model.pages[one]) for one in model.order]
    drafts = [row["draft"] for _, row in rows]
    return [
        (
            one,
            row["state"],
            row["turn"],
            row["flag"],
            row.get("replaces", False),
            drafts.index(row["draft"]) if row["draft"] else None,
        )
        for one, row in rows
    ]


def test_an_undone_draft_is_gone(desk: Desk) -> None:
    desk.do("draft", 1, 2)
    assert len(desk.conn.execute(select(draft)).all()) == 1
    desk.undo()
    assert desk.conn.execute(select(draft)).all() == []
    assert [row.undone_by for row in desk.conn.execute(select(act))] == [desk.ana]
    assert desk.conn.execute(select(batch.c.version)).scalar_one() == 3
