"""Two sides of a message."""

from __future__ import annotations

from engine.message import Xml
from engine.rehearsal.context import Sent
from engine.rehearsal.differences import Difference, differences
from engine.rehearsal.sides import Side
from engine.rehearsal.walk import Walked

PAIR = [("r", "r")]


def sent(step: str, body: str = "<a/>", origin: str | None = "", **more: object) -> Sent:
    given = {"kind": "call", "connection": "peer", "operation": "send", **more}
    return Sent(step, arguments={"body": Xml(body.encode())}, origin=step if origin == "" else origin, **given)  # type: ignore[arg-type]


def side(*things: Sent, **more: object) -> Side:
    return Side("accepted", runs={"r": Walked("r", sent=list(things), **more)})  # type: ignore[arg-type]


def found(before: Side, after: Side) -> list[tuple[str, str, str, str]]:
    return [(one.step, one.what, one.field, one.kind) for one in differences(before, after, PAIR)]


def test_equal_sides():
    assert found(side(sent("out"), labels={"a": "1"}), side(sent("out"), labels={"a": "1"})) == []


def test_a_field_that_came_went_and_changed():
    before, after = side(sent("out", "<a><b>1</b><c>2</c></a>")), side(sent("out", "<a><b>3</b><d>4</d></a>"))
    assert found(before, after) == [
        ("out", "call", "body/a/b", "changed"), ("out", "call", "body/a/c", "removed"),
        ("out", "call", "body/a/d", "added"),
    ]  # fmt: skip


def test_the_order_of_elements_alone():
    before, after = side(sent("out", "<a><b/><c/></a>")), side(sent("out", "<a><c/><b/></a>"))
    assert found(before, after) == [("out", "call", "form()", "changed")]


def test_an_effect_that_came_does_not_move_the_others():
    before, after = side(sent("one"), sent("two")), side(sent("new", origin=None), sent("one"), sent("two"))
    assert found(before, after) == [("new", "call", "(all)", "added")]


def test_two_effects_that_change_places():
    before, after = side(sent("one"), sent("two")), side(sent("two"), sent("one"))
    assert found(before, after) == [("", "order", "order", "changed")]


def test_another_connection():
    before, after = side(sent("out")), side(sent("out", connection="other"))
    assert found(before, after) == [("out", "call", "to", "changed")]


def test_ends_status_and_labels():
    before = side(step="x", status="A", labels={"n": "1", "gone": "2"})
    after = side(step="x", status="B", state="dead", code="WB-2001", labels={"n": "1"})
    assert found(before, after) == [
        ("x", "end", "state", "changed"), ("x", "status", "status", "changed"), ("", "label", "gone", "removed"),
    ]  # fmt: skip


def test_the_reply():
    before = Side("accepted", reply=b"<r><c>0</c></r>", identity=("1",))
    after = Side("invalid", "WB-1007", reply=b"<r><c>-1</c></r>")
    assert found(before, after) == [("receive", "reply", "kind", "changed"), ("receive", "reply", "r/c", "changed")]
    assert found(before, Side("accepted", reply=b"<r><c>0</c></r>", identity=("2",))) == [
        ("receive", "identity", "identity", "changed")
    ]


def test_a_route_that_came():
    after = Side("accepted", runs={"r": Walked("r"), "s": Walked("s", sent=[sent("out")])})
    shown = differences(Side("accepted", runs={"r": Walked("r")}), after, [("r", "r"), ("", "s")])
    assert [(one.route, one.what, one.kind) for one in shown] == [("s", "route", "added"), ("s", "call", "added")]


def test_parts_keep_their_number():
    parts = [Walked("r", key="a", sent=[sent("out")]), Walked("r", key="b", sent=[sent("out", "<a>1</a>")])]
    now = [Walked("r", key="b", sent=[sent("out", "<a>2</a>")]), Walked("r", key="a", sent=[sent("out")])]
    (one,) = differences(side(parts=parts), side(parts=now), PAIR)
    assert (one.field, one.part, one.before, one.after) == ("body/a", 1, "1", "2")


def test_a_difference_shows_no_value_in_its_repr():
    assert "secret" not in repr(Difference("r", "s", "call", "peer send", "body/a", "secret", None))
