"""Conditions: what holds, what is refused, and faults with a place."""

import pickle

import pytest

from engine.message import Blob, Refused, Value, Xml
from engine.site.conditions import Condition, holds
from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, build

VALUES: dict[str, Value] = {
    "body": Xml(b"<r><code>C</code><empty/><n>1</n><n>2</n><p><q/></p></r>"),
    "found": {"status": "Processing", "n": 3, "none": None, "list": []},
    "pdf": Blob("0" * 64, 1),
}


def condition(text, folder):
    return build(Condition, parse_yaml(f"when: {text}", "r.yaml")["when"], Context(folder))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{present: //code}", True),
        ("{present: //n}", True),
        ("{present: //p}", True),
        ("{present: //empty}", False),
        ("{present: //nope}", False),
        ("{absent: //nope}", True),
        ("{absent: //empty}", True),
        ("{absent: //code}", False),
        ("{present: $(pdf)}", True),
        ("{present: $(missing)}", False),
        ("{present: $(found/none)}", False),
        ("{present: $(found/list)}", False),
        ("{present: $(found/n)}", True),
        ("{path: //code, is: C}", True),
        ("{path: //code, is: c}", False),
        ("{path: //nope, is: ''}", False),
        ("{path: $(found/nope|default:x), is: x}", True),
        ("{path: $(found/status), in: [Pending, Processing]}", True),
        ("{path: $(found/n), is: 3}", True),
        ("{path: //code, matches: '[A-C]'}", True),
        ("{path: $(found/status), matches: Proc}", False),
        ("{xpath: \"//code = 'C'\"}", True),
        ("{xpath: count(//n) > 2}", False),
        ("{xpath: //nope}", False),
        ("{all: [{present: //code}, {present: //nope}]}", False),
        ("{any: [{present: //code}, {present: //nope}]}", True),
        ("{not: {present: //nope}}", True),
    ],
)
def test_what_holds(tmp_path, text, expected):
    made = condition(text, tmp_path)
    assert holds(made, VALUES, {}) is expected
    assert holds(pickle.loads(pickle.dumps(made)), VALUES, {}) is expected


def test_a_comparison_of_several_is_refused(tmp_path):
    with pytest.raises(Refused, match="finds 2"):
        holds(condition("{path: //n, is: 1}", tmp_path), VALUES, {})


def test_an_xpath_on_json_is_refused(tmp_path):
    with pytest.raises(Refused, match="not XML"):
        holds(condition("{xpath: //a}", tmp_path), {"body": {"a": 1}}, {})


def test_it_knows_the_paths_that_it_reads(tmp_path):
    text = "{all: [{present: $(a)}, {not: {path: $(b/c), is: x}}, {any: [{absent: //d}]}]}"
    assert [t.text for t in condition(text, tmp_path).templates()] == ["$(a)", "$(b/c)", "//d"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[]", "a condition is needed"),
        ("{}", "a condition is needed"),
        ("{presnt: //a}", "unknown condition `presnt`"),
        ("{present: //a, absent: //b}", "all: [..]"),
        ("{present: plain}", "one path is needed"),
        ("{present: '//a['}", "XPath 1.0"),
        ("{path: //a}", "needs one comparison"),
        ("{path: //a, is: x, in: [y]}", "needs one comparison"),
        ("{path: //a, in: x}", "write `in: [a, b]`"),
        ("{path: //a, is: [x]}", "write `is: TEXT`"),
        ("{path: //a, matches: '('}", "not a regular expression"),
        ("{all: {present: //a}}", "a list of conditions"),
        ("{all: []}", "a list of conditions"),
        ("{not: {nope: 1}}", "unknown condition `nope`"),
        ("{not: " * 14 + "{present: //a}" + "}" * 14, "deeper than"),
    ],
)
def test_faults_have_a_place_and_advice(tmp_path, text, part):
    with pytest.raises(Invalid) as caught:
        condition(text, tmp_path)
    assert part in str(caught.value)
    assert caught.value.problems[0].place.line == 1


def test_a_pattern_that_could_stop_the_engine_is_refused(tmp_path):
    with pytest.raises(Invalid, match="may never end"):
        condition("{path: $(body/a), matches: '(a+)+b'}", tmp_path)
