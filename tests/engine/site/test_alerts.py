"""`alerts:` as it is read, and what is wrong with one: line, column and advice."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from engine.registry import Registry
from engine.site.alerts import WORDS, Hours
from engine.site.load import load_site, read_site
from engine.site.nodes import Text
from engine.site.problems import Invalid
from engine.site.settings import Context
from engine.site.units import Duration, Percent
from tests.engine.runtime.house import one_route
from tests.engine.world import write_site

MORE = (
    "  mail: {type: smtp_out, host: mail.example, sender: waybill@example.org}\n"
    "  pager: {type: http_out, url: 'https://pager.example', tls: {}}\n"
)
OUT = "      - {id: out, call: {to: sink, operation: send}}\n"
FULL = """alerts:
  desk: {roles: [OP]}
  night:
    roles: [OP, AD]
    when:
      - {dead_letter: all}
      - {queue_older_than: 10m, connections: [sink], routes: [r]}
      - {disk_low: 10%}
      - {rate_below: 10/h, of: [source], over: 2h, between: '07:00-19:00'}
    for: 2m
    email: {through: mail, to: [it@example.org]}
    webhook: {through: pager, path: /alerts}
    language: zh
"""


def text_of(alerts: str) -> str:
    return one_route(OUT, "same", extra=MORE) + alerts


def test_a_whole_rule(tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path, text_of(FULL)), Registry())
    desk, night = site.alerts.values()
    assert (desk.when, desk.email, desk.for_) == ((), None, Duration(60))
    assert [one.word for one in night.when] == ["dead_letter", "queue_older_than", "disk_low", "rate_below"]
    assert (night.for_, night.language, night.webhook and night.webhook.path) == (Duration(120), "zh", "/alerts")
    assert night.when[1].settings.connections.names == ("sink",)
    assert isinstance(night.when[2].settings.disk_low, Percent)
    assert night.when[3].settings.between == Hours(420, 1140)


def one(when: str) -> str:
    return f"alerts:\n  x: {{roles: [OP], when: [{when}]}}\n"


def through(way: str) -> str:
    return f"alerts:\n  x: {{roles: [OP], {way}}}\n"


FAULTS = [
    (one("{dead_leter: all}"), "WB-6005", "did you mean `dead_letter`?"),
    (one("dead_letter"), "WB-6005", "write one of them"),
    (one("{dead_letter: all, held: all}"), "WB-6005", "write one of them"),
    (one("{dead_letter: [q]}"), "WB-6020", "known: r"),
    (one("{dead_letter: some}"), "WB-6005", "write `all`, or a list"),
    (one("{connection: down, of: [snk]}"), "WB-6008", "did you mean `sink`?"),
    (one("{connection: away}"), "WB-6005", "known: down, degraded"),
    (one("{queue_older_than: soon}"), "WB-6005", "write for example"),
    (one("{disk_low: 5}"), "WB-6005", "write for example"),
    (one("{certificate: 30d, of: [sink]}"), "WB-7802", "name connections with `tls`"),
    (one("{rate_below: 10/h}"), "WB-6004", "write `of: ...`"),
    (one("{rate_below: 10/h, of: all, between: 7-9}"), "WB-6005", "write `07:00-19:00`"),
    (one("{clock: 30s, of: all}"), "WB-6003", "known: clock"),
    (one("{store: full}"), "WB-6005", "known: refuses"),
    (through("email: {through: pager, to: [a@b]}"), "WB-7801", "write one of: mail"),
    (through("webhook: {through: mail}"), "WB-7801", "write one of: pager"),
    (through("email: {through: male, to: [a@b]}"), "WB-6008", "did you mean `mail`?"),
    (through("email: {through: mail, to: []}"), "WB-6005", "write `to: [name@host]`"),
    (through("email: {through: mail, to: [nobody]}"), "WB-6005", "write `name@host`"),
    (through("language: fr"), "WB-6005", "known: en, es, zh"),
    ("alerts:\n  x: {when: []}\n", "WB-6004", "write `roles: ...`"),
]


@pytest.mark.parametrize(("alerts", "code", "advice"), FAULTS)
def test_a_fault_has_a_place_and_advice(tmp_path: Path, alerts: str, code: str, advice: str) -> None:
    text = text_of(alerts)
    folder = write_site(tmp_path, text)
    _, problems = read_site(folder, Registry())
    (problem,) = problems
    lines = (folder / "routes.yaml").read_text().splitlines()
    assert (problem.code, lines[problem.place.line - 1].startswith("  x:")) == (code, True)
    assert problem.place.column > 3
    assert advice in problem.advice


@pytest.mark.parametrize(
    ("text", "inside", "outside"), [("07:00-19:00", (420, 1139), (419, 1140)), ("22:00-06:00", (1320, 0, 359), (360,))]
)
def test_hours(text: str, inside: tuple[int, ...], outside: tuple[int, ...]) -> None:
    hours = Hours.from_node(Text(text), Context(Path()))
    assert [hours.has(minute) for minute in inside] == [True] * len(inside)
    assert [hours.has(minute) for minute in outside] == [False] * len(outside)


@pytest.mark.parametrize("text", ["", "7:00-19:00", "07:00-24:00", "07:00-07:00"])
def test_no_hours(text: str) -> None:
    with pytest.raises(Invalid):
        Hours.from_node(Text(text), Context(Path()))


def test_the_schema_for_editors_takes_it() -> None:
    import json

    import yaml

    from engine.cli.lint import schema_text

    schema = json.loads(schema_text())
    alerts = {"$defs": schema["$defs"], **schema["properties"]["alerts"]}
    jsonschema.validate(yaml.safe_load(FULL)["alerts"], alerts)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"x": {"roles": ["OP"], "when": [{"dead_leter": "all"}]}}, alerts)


def test_every_condition_says_what_it_is() -> None:
    for word, cls in WORDS.items():
        assert (cls.__doc__ or "").strip(), word


def test_the_example_of_the_page_is_a_rule(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text("utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    more = MORE + "  his_in: {type: memory_in}\n  his_out: {type: memory_out, repeat: same}\n"
    site = load_site(write_site(tmp_path, one_route(OUT, "same", extra=more) + example), Registry())
    assert [len(rule.when) for rule in site.alerts.values()] == [4, 4]
