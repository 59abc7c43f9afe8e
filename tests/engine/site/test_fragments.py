"""Named step lists: what a use stands for, names inside, and places that point into the list."""

import pytest

from engine.site.fragments import MOST_STEPS
from engine.site.load import load_site, read_site
from engine.site.model import Then
from engine.site.problems import Invalid
from tests.engine.site.fakes import SITE, FakeRegistry, write_site

LISTS = """\
steps:
  filed:
    - {id: order, transform: {xslt: t/order.xsl}}
    - {id: more, when: {present: $(order/id)}, set: {values: {kept: '$(order/id) $$(order) $(body/id)'}}}
    - {id: told, on_error: {refused: go:order}, set: {labels: {name: '$(kept)'}}}
"""
ROUTE = "  twice: {receive: {from: his_op, operation: X}, labels: {name: {optional: true}}, steps: [%s]}\n"


def load(tmp_path, uses, lists=LISTS):
    return load_site(write_site(tmp_path, lists + SITE + ROUTE % uses), FakeRegistry())


def test_a_use_stands_for_the_steps(tmp_path):
    route = load(tmp_path, "{use: filed}, {id: last, set: {labels: {name: $(kept)}}}").routes["twice"]
    assert [step.id for step in route.steps] == ["order", "more", "told", "last"]
    assert route.steps[0].place.line == 3


def test_with_a_prefix_a_list_may_be_used_twice(tmp_path):
    route = load(tmp_path, "{use: filed, as: a}, {use: filed, as: b}").routes["twice"]
    assert [step.id for step in route.steps] == ["a_order", "a_more", "a_told", "b_order", "b_more", "b_told"]
    more, told = route.step("b_more"), route.step("b_told")
    assert more.into == "b_more"
    assert {name: t.text for name, t in more.settings.values.items()} == {
        "b_kept": "$(b_order/id) $$(order) $(body/id)"
    }
    assert next(iter(more.when.templates())).text == "$(b_order/id)"
    assert told.on_error.refused == Then("go", "b_order")
    assert told.settings.labels["name"].text == "$(b_kept)"


def test_the_list_is_a_part_of_the_revision(tmp_path):
    first = load(tmp_path, "{use: filed}").routes["twice"].revision
    assert load(tmp_path, "{use: filed}", LISTS.replace("$(kept)", "$(kept)!")).routes["twice"].revision != first
    assert load(tmp_path, "{use: filed}", "# a remark\n" + LISTS).routes["twice"].revision == first


def test_a_list_in_an_included_file_shows_its_faults_there(tmp_path):
    folder = write_site(tmp_path, "include: [lists.yaml]\n" + SITE + ROUTE % "{use: filed, as: a}, {use: filed, as: b}")
    (folder / "lists.yaml").write_text(LISTS.replace("transform: {xslt: ", "transform: {xlst: "), "utf-8")
    _, problems = read_site(folder, FakeRegistry())
    assert {problem.place.file for problem in problems} == {"lists.yaml"}
    assert {problem.place.line for problem in problems} == {3}
    assert any("did you mean `xslt`" in problem.line() for problem in problems)


def test_lists_use_lists(tmp_path):
    inner = LISTS + "  outer: [{use: filed, as: in}, {id: end, set: {labels: {name: $(in_kept)}}}]\n"
    route = load(tmp_path, "{use: outer, as: x}", inner).routes["twice"]
    assert [step.id for step in route.steps] == ["x_in_order", "x_in_more", "x_in_told", "x_end"]
    assert route.step("x_end").settings.labels["name"].text == "$(x_in_kept)"


CHOICE = """\
steps:
  pick:
    - {id: hold, choose: [{when: {present: //A}, go: a}, {else: b}]}
    - {id: a, set: {}}
    - {id: b, on_error: {refused: hold}, set: {}}
    - {id: w, wait: {for: time, until: 1h}}
"""


def test_ways_inside_a_list_lead_to_its_own_steps(tmp_path):
    from engine.registry import Registry

    text = f"connections: {{s: {{type: memory_in}}}}\npolicies: {{default: {{first: 1s}}}}\n{CHOICE}routes:\n"
    text += "  r: {receive: {from: s}, steps: [{use: pick, as: p}]}\n"
    route = load_site(write_site(tmp_path, text), Registry()).routes["r"]
    assert [(case.go, case.else_) for case in route.step("p_hold").settings.cases] == [("p_a", ""), ("", "p_b")]
    assert route.step("p_b").on_error.refused == Then("hold")
    assert route.step("p_w").settings.until == 3600


@pytest.mark.parametrize(
    ("lists", "use", "code", "part"),
    [
        (LISTS, "{use: fled}", "WB-6101", "did you mean `filed`"),
        (LISTS, "{use: [filed]}", "WB-6101", "there is no list of steps this"),
        (LISTS, "{use: filed, as: A-1}", "WB-6005", "no prefix"),
        (LISTS, "{use: filed, id: x}", "WB-6005", "write only `{use: NAME, as: PREFIX}`"),
        (LISTS, "{use: filed}, {use: filed}", "WB-6012", "already the name"),
        (LISTS + "  a: [{use: b}]\n  b: [{use: a}]\n", "{use: a}", "WB-6102", "a -> b -> a"),
        (LISTS + "  a: []\n", "{use: filed}", "WB-6005", "empty or no list"),
        (LISTS + "  a: x\n", "{use: filed}", "WB-6005", "empty or no list"),
    ],
)
def test_faults(tmp_path, lists, use, code, part):
    with pytest.raises(Invalid) as caught:
        load(tmp_path, use, lists)
    assert any(problem.code == code and part in problem.line() for problem in caught.value.problems), caught.value


def test_lists_that_use_each_other_are_bounded(tmp_path):
    lists = ["steps:", "  l0: [" + ", ".join(f"{{id: s{n}, set: {{}}}}" for n in range(10)) + "]"]
    for level in range(1, 8):
        uses = ", ".join(f"{{use: l{level - 1}, as: u{n}}}" for n in range(10))
        lists.append(f"  l{level}: [{uses}]")
    with pytest.raises(Invalid, match=f"more than {MOST_STEPS} steps"):
        load(tmp_path, "{use: l7}", "\n".join(lists) + "\n")


def test_lists_that_use_each_other_very_deep_are_refused(tmp_path):
    lists = LISTS + "".join(f"  l{n}: [{{use: {f'l{n - 1}' if n else 'filed'}}}]\n" for n in range(3000))
    with pytest.raises(Invalid, match="deep"):
        load(tmp_path, "{use: l2999}", lists)
    assert len(load(tmp_path, "{use: l10}", lists).routes["twice"].steps) == 3
