"""Thirty different faults of a route file, each refused at its line and column, with what to write instead.

The site is good as it stands; each row replaces one text by another. The real channels and verbs judge it.
"""

import pytest

from engine.registry import Registry
from engine.site.lint import lint
from engine.site.load import load_site
from engine.site.problems import Invalid
from engine.transform import mapping
from tests.engine.site.fakes import write_site

SITE = """\
connections:
  his: {type: soap_in, listen: 127.0.0.1:8081, path: /his, namespace: 'urn:his', envelope: operation}
  peer: {type: soap_out, url: 'http://127.0.0.1:1/', envelope: hip, rate: 50/s, breaker: {after: 5}}
  box: {type: folder, path: var/box}
alerts:
  desk: {roles: [OP], help: look}
policies:
  default: {first: 1s, max: 30s, give_up: 10m, then: dead}
steps:
  send:
    - {id: made, transform: {xslt: t/out.xsl}}
    - {id: sent, call: {to: peer, operation: Register, body: t/out.xsl, in_doubt: person}}
routes:
  report:
    receive:
      from: his
      operation: Order
      identity: [//Id]
      check: {xsd: t/order.xsd}
      reply: {when: stored, ok: t/out.xsl}
      order: {key: //Patient, until: row, on_failure: pass}
    labels: {id: {path: //Id}, name: {path: //Name, phi: true, optional: true}}
    steps:
      - {id: row, status: Pending, transform: {xslt: t/out.xsl}}
      - {id: kind, choose: [{when: {path: //Kind, is: CT}, go: ct}, {else: other}]}
      - {id: ct, when: {present: //Ward}, set: {labels: {name: $(body//Name)}}}
      - {id: other, call: {to: box, make: '$(body//Id|filename)'}}
      - {id: file, wait: {for: file, in: box, path: $(other/path), until: 72h, on_timeout: {alert: desk, go: ask}}}
      - {id: ask, wait: {for: person, question: Send it, answers: ['yes', 'no'], until: 1h}}
      - {id: told, wait: {for: signal, from: update, until: 1h}}
      - {use: send, as: his}
  update:
    receive: {from: his, operation: Update}
    labels: {id: {path: //Id}}
    steps:
      - {id: tell, signal: {route: report, labels: {id: $(body//Id)}, do: wake, if_none: done}}
"""

STYLESHEET = '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>'
FILES = {
    "t/order.xsd": '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="Order"/></xs:schema>',
    "t/out.xsl": STYLESHEET,
}

FAULTS = [
    # what stands there, what is written instead, code, line, column, advice
    ("routes:\n", "rutes:\n", "WB-6003", 13, 1, "did you mean `routes`?"),
    ("  his: {type", "  his: &a {type", "WB-6001", 2, 8, "write the value out"),
    ("path: /his,", "path: /his, path: /x,", "WB-6002", 2, 60, "keep one of them"),
    ("  box: {type", "  box: type", "WB-6001", 4, 12, "check indentation"),
    ("type: folder", "type: foldr", "WB-6007", 4, 15, "did you mean `folder`?"),
    ("127.0.0.1:8081", "0.0.0.0:8081", "WB-6005", 2, 8, "needs `allow: [network, ...]`"),
    ("http://127.0.0.1:1/", "http://li:hunter2@127.0.0.1:1/", "WB-6017", 3, 31, "write `{secret: NAME}`"),
    ("help: look", "password: hunter2", "WB-6017", 6, 33, "change it: it was readable"),
    ("50/s", "50", "WB-6005", 3, 75, "write for example `50/s, 600/m or 1000/h`"),
    ("{after: 5}", "{pause: 5s}", "WB-6004", 3, 90, "write `after: ...`"),
    ("  default: {", "  remote: {", "WB-6009", 7, 1, "write `policies: {default: {first: 200ms"),
    ("first: 1s, max", "first: 1, max", "WB-6005", 8, 20, "write for example `200ms, 5s, 1m, 72h or 30d`"),
    ("from: his\n", "from: hs\n", "WB-6008", 16, 13, "did you mean `his`?"),
    ("[//Id]", "[//x:Id]", "WB-6006", 18, 18, "write `namespaces: {x: 'http://...'}`"),
    ("t/order.xsd", "t/odrer.xsd", "WB-6016", 19, 20, "did you mean `order.xsd`?"),
    ("when: stored", "when: done", "WB-6107", 20, 15, "write `when: stored`"),
    ("until: row", "until: rwo", "WB-6010", 21, 38, "did you mean `row`?"),
    ("until: row", "until: file", "WB-6105", 21, 38, "write `until: other`"),
    ("id: row, status: Pending, transform", "id: row, status: Pending, tranform", "WB-6013", 24, 36, "`transform`?"),
    ("{id: ct, when", "{id: row, when", "WB-6012", 26, 14, "that no other step or value has"),
    ("go: ct}", "go: ctt}", "WB-6010", 25, 64, "did you mean `ct`?"),
    ("{else: other}", "{else: other}, {when: {present: //A}, go: ct}", "WB-6104", 25, 84, "put it before the other"),
    ("{when: {path: //Kind, is: CT}, go: ct}, ", "", "WB-6103", 26, 10, "write `go: ct` where it is to be done"),
    ("labels: {name: $(body", "labels: {nme: $(body", "WB-6023", 26, 58, "did you mean `name`?"),
    ("{present: //Ward}", "{present: //Ward, absent: //X}", "WB-6003", 26, 42, "join conditions by all: [..]"),
    ("|filename)", "|filenam)", "WB-6006", 27, 43, "write for example `$(name/path)`"),
    ("$(other/path)", "$(othr/path)", "WB-6011", 28, 53, "did you mean `other`?"),
    ("alert: desk", "alert: dsk", "WB-6019", 28, 100, "did you mean `desk`?"),
    ("for: person, question", "for: person, name: x, question", "WB-6005", 29, 39, "its keys are: question, answers"),
    ("do: wake", "do: cancel", "WB-6106", 30, 40, "write `signal: {route: report, labels: {...}, do: wake}`"),
    ("{use: send", "{use: sned", "WB-6101", 31, 15, "did you mean `send`?"),
    (", in_doubt: person", "", "WB-6014", 12, 24, "write `in_doubt: person`"),
    ("operation: Register", "operaton: Register", "WB-6021", 12, 35, "did you mean `operation`?"),
    ("route: report, ", "route: reprt, ", "WB-6020", 36, 36, "did you mean `report`?"),
    ("operation: Update}", "operation: Order, keep: 1d}", "WB-6022", 33, 44, "write `keep` in `report` only"),
]


def written(tmp_path, text, instead):
    assert SITE.count(text) >= 1
    return write_site(tmp_path, SITE.replace(text, instead, 1), FILES)


def test_the_site_is_good(tmp_path):
    assert lint(write_site(tmp_path, SITE, FILES), Registry(), mapping.load) == []
    assert set(load_site(tmp_path, Registry()).routes) == {"report", "update"}


def test_there_are_thirty_different_ones():
    assert len({(text, instead) for text, instead, *_ in FAULTS}) >= 30


@pytest.mark.parametrize(("text", "instead", "code", "line", "column", "advice"), FAULTS)
def test_each_is_refused_with_its_place_and_advice(tmp_path, text, instead, code, line, column, advice):
    problems = lint(written(tmp_path, text, instead), Registry(), mapping.load)
    found = [problem for problem in problems if problem.code == code]
    assert found, [problem.line() for problem in problems]
    first = found[0]
    assert (first.place.file, first.place.line, first.place.column) == ("routes.yaml", line, column), first.line()
    assert first.advice
    assert advice in first.line()
    assert "hunter2" not in "".join(problem.line() for problem in problems)


BY_LINT_ALONE = {"WB-6017"}
"""What hides a secret starts, so that a running site is not stopped by an older fault; lint shows it."""


@pytest.mark.parametrize(("text", "instead", "code"), [row[:3] for row in FAULTS if row[2] not in BY_LINT_ALONE])
def test_none_of_them_starts(tmp_path, text, instead, code):
    with pytest.raises(Invalid) as caught:
        load_site(written(tmp_path, text, instead), Registry())
    assert code in {problem.code for problem in caught.value.problems}
