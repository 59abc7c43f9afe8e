"""Names that lead nowhere, found on a site that is otherwise readable (the table of faults is in test_lint)."""

from engine.registry import Registry
from engine.site import references
from engine.site.load import read_site
from engine.site.settings import Context
from tests.engine.site.fakes import SITE, FakeRegistry, write_site

UPDATE = """\
  update:
    receive: {from: his_in, operation: Update}
    labels: {order_id: {path: //Id}}
    steps:
      - {id: told, signal: {route: report, labels: {order_id: $(body//Id)}, do: set, set_labels: {name: x}}}
"""


def problems(tmp_path, text):
    return [problem.line() for problem in read_site(write_site(tmp_path, text), FakeRegistry())[1]]


def test_a_good_site_has_none(tmp_path):
    site, found = read_site(write_site(tmp_path, SITE + UPDATE), FakeRegistry())
    assert found == []
    assert references.check(site, Context(tmp_path)) != []  # without the names, nothing can be found


def test_labels_of_a_signal_are_those_of_the_other_route(tmp_path):
    (line,) = problems(tmp_path, SITE + UPDATE.replace("set_labels: {name", "set_labels: {nme"))
    assert "the route `report` declares no label `nme`" in line
    assert "did you mean `name`" in line


def test_values_of_a_signal_are_those_of_the_other_route(tmp_path):
    assert problems(tmp_path, SITE + UPDATE.replace("do: set", "do: set, values: {order/id: x}")) == []
    (line,) = problems(tmp_path, SITE + UPDATE.replace("do: set", "do: set, values: {oder/id: x}"))
    assert "the route `report` makes no value `oder`" in line
    assert "did you mean `order`" in line


def test_a_signal_to_a_route_with_faults_is_not_judged(tmp_path):
    found = problems(tmp_path, SITE.replace("{id: order, ", "{id: order, x: 1, ") + UPDATE)
    assert len(found) == 1


def test_a_value_is_known_only_after_its_step(tmp_path):
    text = SITE.replace("{id: each, status: Pending, ", "{id: each, when: {present: $(order/id)}, status: Pending, ")
    (line,) = problems(tmp_path, text)
    assert "only made by a later step" in line


def test_a_policy_that_goes_to_a_step_needs_it_in_each_route(tmp_path):
    text = SITE.replace("then: hold}", "then: go:file}")
    assert problems(tmp_path, text) == []
    for old, new in (("id: file, ", "id: pdf, "), ("$(file)", "$(pdf)"), ("refused: file", "refused: pdf")):
        text = text.replace(old, new)
    (line,) = problems(tmp_path, text.replace("{refused: go:file", "{refused: go:pdf"))
    assert "the policy `remote` goes on at `file`" in line


def test_a_list_of_who_may_connect_opens_a_listener(tmp_path):
    text = SITE.replace("127.0.0.1:8081, path: /his}", "0.0.0.0:8081, path: /his, allow: [10.0.0.0/8]}")
    assert problems(tmp_path, text) == []


def test_some_verbs_make_no_value(tmp_path):
    (line,) = problems(tmp_path, SITE.replace("{name: $(order/name)}", "{name: $(each)}"))
    assert "the value `each` is made by no step" in line


DROP = """connections:
  drop: {type: folder, path: scans}
  far: {type: folder, agent: {url: 'https://pc.example:8443', secret: {secret: agent}}}
  sink: {type: memory_out}
routes:
  pages:
    receive: {from: FROM, operation: file}
    steps:
      - {id: put, call: {to: sink, operation: put, body: $(body), in_doubt: repeat}}
"""
WAITING = "      - {id: paper, wait: {for: file, in: drop, path: x, name: '*.pdf', until: 1h}}\n"


def test_a_folder_is_a_source_or_a_place_where_runs_wait(tmp_path):
    def found(text):
        lines = [problem.line() for problem in read_site(write_site(tmp_path, text), Registry())[1]]
        return [line for line in lines if "WB-6024" in line]

    assert found(DROP.replace("FROM", "drop")) == []
    (line,) = found(DROP.replace("FROM", "far"))
    assert "behind an agent" in line
    (line,) = found(DROP.replace("FROM", "drop") + WAITING)
    assert "use two folders" in line
