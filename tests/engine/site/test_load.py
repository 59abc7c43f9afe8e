"""A whole site from its folder."""

import dataclasses
import pickle

import pytest

from engine.site.load import load_site, read_site
from engine.site.model import Alert, Breaker
from engine.site.nodes import Place
from engine.site.problems import Invalid
from engine.site.settings import Duration
from tests.engine.site.fakes import FILES, SITE, FakeRegistry, write_site


def test_the_parts_of_a_site(tmp_path):
    site = load_site(write_site(tmp_path), FakeRegistry())
    assert list(site.connections) == ["his_in", "his_op", "his_out", "folder", "db"]
    assert site.connections["his_op"].help == "ask the HIS desk"
    assert site.connections["folder"].settings.path == tmp_path / "var/out"
    assert list(site.policies) == ["default", "remote"]
    assert site.alerts == {"ward_desk": Alert("ward_desk", ("OP",))}
    assert site.namespaces == {"p": "urn:p"}
    assert site.secrets == {"his_key": Place("routes.yaml", 5, 71)}
    assert list(site.receiving("his_op")) == ["Order"]


def test_the_settings_of_steps_travel_to_workers(tmp_path):
    site = load_site(write_site(tmp_path), FakeRegistry())
    for step in site.routes["report"].steps:
        assert pickle.loads(pickle.dumps(step.settings)) == step.settings


def test_the_model_is_frozen(tmp_path):
    site = load_site(write_site(tmp_path), FakeRegistry())
    with pytest.raises(dataclasses.FrozenInstanceError):
        site.routes["report"].revision = "x"  # type: ignore[misc]


def test_included_files(tmp_path):
    head, routes = SITE.split("routes:\n")
    write_site(tmp_path, head + "include: [more/routes.yaml]\n")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/routes.yaml").write_text("routes:\n" + routes)
    site = load_site(tmp_path, FakeRegistry())
    assert site.routes["report"].step("send").place.file == "more/routes.yaml"
    assert site.routes["report"].receive.check == tmp_path / "t/order.xsd"


@pytest.mark.parametrize(
    ("include", "content", "part"),
    [
        ("[more.yaml]", "routes: {report: {}}", "`report` stands already in routes.yaml:"),
        ("[more.yaml]", "include: [x.yaml]", "includes no further ones"),
        ("[more.yaml]", "x: 1", "unknown key `x`"),
        ("[more.yaml]", "a: [", "more.yaml:2:1"),
        ("[none.yaml]", "", "there is no file `none.yaml`"),
        ("[../more.yaml]", "", "no file of the site"),
        ("[../HERE/more.yaml]", "", "no file of the site"),
        ("[ROOT/more.yaml]", "", "no file of the site"),
        ("[more.txt]", "", "no file of the site"),
        ("more.yaml", "", "a list of files"),
    ],
)
def test_faults_of_included_files(tmp_path, include, content, part):
    include = include.replace("HERE", tmp_path.name).replace("ROOT", str(tmp_path))
    write_site(tmp_path, f"include: {include}\n" + SITE)
    (tmp_path / "more.yaml").write_text(content)
    with pytest.raises(Invalid) as caught:
        load_site(tmp_path, FakeRegistry())
    assert part in str(caught.value)


def test_what_can_be_read_is_read_beside_faults(tmp_path):
    text = SITE.replace("type: access", "type: acces").replace("first: 5s", "first: 5")
    site, problems = read_site(write_site(tmp_path, text), FakeRegistry())
    assert "db" not in site.connections
    assert "remote" not in site.policies
    assert "his_in" in site.connections
    assert [problem.code for problem in problems] == ["WB-6007", "WB-6005"]  # a call to `db` is not blamed as well
    assert "report" not in site.routes


def test_an_empty_folder_is_one_clear_fault(tmp_path):
    with pytest.raises(Invalid, match=r"routes\.yaml:1:1: WB-6001 cannot be read"):
        load_site(tmp_path, FakeRegistry())


LIMITS = ", max_in_flight: 3, rate: 600/m, breaker: {after: 5, pause: 1m}}"


def test_limits_of_a_connection_that_is_called(tmp_path):
    text = SITE.replace("{type: folder, path: var/out}", "{type: folder, path: var/out" + LIMITS)
    made = load_site(write_site(tmp_path, text), FakeRegistry()).connections
    assert (made["folder"].max_in_flight, made["folder"].rate) == (3, 10.0)
    assert made["folder"].breaker == Breaker(5, Duration(60))
    assert (made["db"].max_in_flight, made["db"].rate, made["db"].breaker) == (None, None, None)


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("path: /his}", "path: /his, rate: 5/s}", "unknown key `rate`"),
        ("path: var/out}", "path: var/out, rate: 0/s}", "50/s, 600/m or 1000/h"),
        ("path: var/out}", "path: var/out, max_in_flight: 0}", "must be 1 or more"),
        ("path: var/out}", "path: var/out, breaker: {after: 0}}", "`after` must be 1 or more"),
        ("path: var/out}", "path: var/out, breaker: {aftr: 1}}", "did you mean `after`"),
    ],
)
def test_faults_of_limits(tmp_path, old, new, part):
    with pytest.raises(Invalid) as caught:
        load_site(write_site(tmp_path, SITE.replace(old, new, 1)), FakeRegistry())
    assert part in str(caught.value)


def test_included_files_have_all_sections(tmp_path):
    more = """\
connections: {more: {type: folder, path: var/more}}
alerts: {night: {roles: [AN]}}
policies: {slow: {first: 1m}}
steps: {place: [{id: kept, policy: slow, call: {to: more, make: x}}]}
routes: {extra: {receive: {from: his_op, operation: E}, steps: [{use: place}]}}
"""
    write_site(tmp_path, "include: [parts/more.yaml]\n" + SITE, {**FILES, "parts/more.yaml": more})
    site = load_site(tmp_path, FakeRegistry())
    assert {"more"} < set(site.connections)
    assert "night" in site.alerts
    assert "slow" in site.policies
    assert site.routes["extra"].steps[0].place == Place("parts/more.yaml", 4, 17)
    assert set(site.text) == {"connections", "alerts", "policies", "steps", "routes"}
