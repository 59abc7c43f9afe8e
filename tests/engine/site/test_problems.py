"""Problems in one line each, in reading order."""

from engine.site.nodes import Place, Text
from engine.site.problems import Invalid, Problem, invalid


def test_a_problem_is_one_line_that_editors_understand():
    assert Problem(Place("r.yaml", 3, 7), "WB-6003", "unknown key `a`", "write `b`").line() == (
        "r.yaml:3:7: WB-6003 unknown key `a`; write `b`"
    )
    assert Problem(Place("r.yaml", 3, 7), "WB-6003", "x").line() == "r.yaml:3:7: WB-6003 x"


def test_problems_come_in_reading_order():
    places = [Place("b", 1, 1), Place("a", 2, 1), Place("a", 1, 9), Place("a", 1, 2)]
    found = [problem.place for problem in Invalid(Problem(place, "c", "t") for place in places).problems]
    assert found == [Place("a", 1, 2), Place("a", 1, 9), Place("a", 2, 1), Place("b", 1, 1)]


def test_invalid_takes_a_node_or_a_place():
    place = Place("f", 1, 2)
    assert invalid(Text("x", place), "c", "t").problems == invalid(place, "c", "t").problems
