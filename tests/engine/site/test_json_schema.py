"""The schema that editors use: current, taken by the demonstration, and strict where the loader is."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from engine.cli.lint import schema_text
from engine.site.json_schema import URL, schema

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "routes.schema.json"
DEMO = (ROOT / "routes.yaml").read_text("utf-8")


@pytest.fixture(name="validator", scope="module")
def fixture_validator():
    made = json.loads(schema_text())
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made)


def test_it_is_current():
    assert PAGE.read_text("utf-8") == schema_text(), "run tools/reference.py"


def test_without_channels_and_verbs_it_is_a_schema_still():
    made = schema({}, {})
    Draft202012Validator.check_schema(made)
    assert made["$schema"] == URL


@pytest.mark.parametrize("loader", [yaml.BaseLoader, yaml.SafeLoader])
def test_the_demonstration_is_good(validator, loader):
    assert list(validator.iter_errors(yaml.load(DEMO, loader))) == []


GOOD = """\
connections: {s: {type: memory_in}, out: {type: memory_out, repeat: same, max_in_flight: 2, rate: 50/s,
  breaker: {after: 3, pause: 10s}, help: ask}}
policies: {default: {first: 1s}}
steps: {end: [{id: last, set: {labels: {x: y}}}]}
routes:
  r:
    receive: {from: [s], operation: a, order: {key: PID-3.1, until: a, on_failure: pass}}
    labels: {x: {optional: true}}
    steps:
      - {id: a, choose: [{when: {all: [{present: //A}, {not: {path: //B, in: [1, 2]}}]}, go: b}, {else: d}]}
      - {id: b, wait: {for: person, question: 'Is it so?', answers: ['yes', 'no'], until: 1h, on_timeout: {go: d}}}
      - {id: c, stop: {reason: no}}
      - {id: d, wait: {for: time, at: '08:00'}}
      - {id: e, call: {to: out, operation: send, body: $(body), timeout: 5s}}
      - {use: end, as: z}
"""


def errors(validator, text):
    return list(validator.iter_errors(yaml.load(text, yaml.BaseLoader)))


def test_all_of_the_grammar(validator):
    assert errors(validator, GOOD) == []


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("connections:", "conections:"),
        ("type: memory_in", "type: memory_inn"),
        ("type: memory_in", "path: x"),
        ("rate: 50/s", "rate: 50"),
        ("after: 3, ", ""),
        ("type: memory_in}", "type: memory_in, rate: 50/s}"),
        ("first: 1s", "first: 1"),
        ("until: a, on_failure: pass", "until: a, on_failure: stop"),
        ("{optional: true}", "{optional: maybe}"),
        ("{present: //A}", "{presnt: //A}"),
        ("go: b}", "to: b}"),
        ("answers: ['yes', 'no']", "answers: yes"),
        ("stop: {reason: no}", "stop: {}"),
        ("stop: {reason: no}", "stop: {reason: no}, set: {}"),
        ("stop: {reason: no}", "status: x"),
        ("stop: {reason: no}", "halt: {}"),
        ("for: time", "for: rain"),
        ("{to: out, operation: send, body: $(body), timeout: 5s}", "{operation: send, body: $(body)}"),
        ("timeout: 5s", "timeuot: 5s"),
        ("{use: end, as: z}", "{use: end, with: z}"),
        ("receive: {from: [s], ", "receive: {"),
    ],
)
def test_faults(validator, text, written):
    assert text in GOOD
    assert errors(validator, GOOD.replace(text, written, 1))
