"""The model's own rules."""

from pathlib import Path

import pytest

from engine.site.model import Label, Policy, Receive, Route, Site, Step, Then
from engine.site.nodes import Text, parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, Percent, build


def policy(text):
    return build(Policy, parse_yaml(text, "f"), Context(Path()))


def test_a_policy():
    made = policy("{first: 200ms, factor: 3, max: 30s, jitter: 20%, give_up: 10m, then: go:repair}")
    assert made == Policy(Duration(0.2), 3.0, Duration(30), Percent(0.2), Duration(600), None, Then("go", "repair"))
    assert policy("{first: 1s}").then == Then("dead")
    assert policy("{first: 1s, times: 3, then: hold}").times == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("{}", "`first` is missing"),
        ("{first: 0s}", "more than 0"),
        ("{first: 2m, max: 1m}", "at most `max`"),
        ("{first: 1s, factor: 0.5}", "from 1 to 100"),
        ("{first: 1s, factor: nan}", "from 1 to 100"),
        ("{first: 1s, times: 0}", "1 or more"),
        ("{first: 1s, then: retry}", "go:STEP"),
        ("{first: 1s, then: 'go:'}", "go:STEP"),
        ("{first: 1s, then: [dead]}", "go:STEP"),
    ],
)
def test_faults_of_a_policy(text, part):
    with pytest.raises(Invalid) as caught:
        policy(text)
    assert part in str(caught.value)


def test_then():
    assert build(Then, Text("dead"), Context(Path())) == Then("dead")
    assert build(Then, Text("go:a_1"), Context(Path())) == Then("go", "a_1")


def test_finding_steps_and_routes():
    steps = (Step("a", "set", None, into="a"), Step("b", "set", None, into="b"))
    route = Route("r", "0", Receive(("x", "y"), "Op"), (Label("l"),), steps)
    site = Site(Path(), {}, {}, {"r": route}, {}, {})
    assert route.step("b") is steps[1]
    assert route.index("b") == 1
    with pytest.raises(KeyError):
        route.step("c")
    assert site.receiving("y") == {"Op": route}
    assert site.receiving("z") == {}


def test_several_routes_receive_the_same():
    first, second, other = (
        Route(name, "0", Receive(("x",), operation), (), ()) for name, operation in (("a", "A"), ("b", "A"), ("c", "C"))
    )
    site = Site(Path(), {}, {}, {"a": first, "b": second, "c": other}, {}, {})
    assert site.receivers("x") == {"A": (first, second), "C": (other,)}
    assert site.receiving("x") == {"A": first, "C": other}
    assert site.receivers("y") == {}
