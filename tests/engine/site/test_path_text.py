"""Templates taken apart; `test_paths` says what they find."""

from __future__ import annotations

import pytest

from engine.site.path_text import PathError, Reference, Segment, parts


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", ["plain"]),
        ("", [""]),
        ("$$(x)", ["$(x)"]),
        ("a $(b) c", ["a ", Reference("b"), " c"]),
        ("$(b[2]//c[1]/@d)", [Reference("b", (Segment(True, "c", 1), Segment(False, "@d")), 2)]),
        ("$(b|trim|default:x)", [Reference("b", filters=(("trim", None), ("default", "x")))]),
        ("$(body/PID-3[2].1)", [Reference("body", (Segment(False, "PID-3[2].1"),))]),
        ("$(body/OBX[2]-5)", [Reference("body", (Segment(False, "OBX[2]-5"),))]),
    ],
)
def test_parts(text: str, found: list[str | Reference]) -> None:
    assert list(parts(text)) == found


@pytest.mark.parametrize(
    ("text", "place"),
    [("$(a", 1), ("x$()", 4), ("$(a/)", 4), ("$(a/@b/c)", 7), ("$(a[0])", 4), ("$(a|unheard)", 5)],
)
def test_a_fault_has_its_place(text: str, place: int) -> None:
    with pytest.raises(PathError) as caught:
        list(parts(text))
    assert caught.value.position == place


def test_references_say_what_they_are() -> None:
    plain, deep = Reference("a"), Reference("a", (Segment(False, "b"),))
    assert (plain.plain, deep.plain, plain.has_default) == (True, False, False)
    assert (str(deep), str(Reference("a", index=2))) == ("a/b", "a[2]")
