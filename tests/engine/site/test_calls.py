"""`call:` in its two spellings."""

from pathlib import Path

import pytest

from engine.site.calls import build_call
from engine.site.conditions import Test
from engine.site.nodes import parse_yaml
from engine.site.paths import Template, XPath
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, Known
from tests.engine.site.fakes import CHANNELS, Find, Insert, Send, write_site

CONNECTIONS = {name: Known(name, CHANNELS[name]) for name in CHANNELS}


def call(text, folder=Path()):
    return build_call(parse_yaml(f"call: {text}", "f")["call"], Context(folder, connections=CONNECTIONS))


def test_the_word_as_a_key():
    made = call("{to: access, insert: Clients, key: [ClientID], values: {ClientID: $(order/id)}}")
    assert (made.to, made.operation) == ("access", "insert")
    assert made.arguments == Insert("Clients", ("ClientID",), {"ClientID": Template("$(order/id)")})
    assert made.in_doubt is None


def test_the_word_as_operation():
    made = call("{to: records, operation: find_patient, number: $(body//N)}")
    assert made.operation == "find_patient"
    assert made.arguments == Find(Template("$(body//N)"))


def test_any_word_and_the_common_keys(tmp_path):
    write_site(tmp_path)
    made = call(
        "{to: soap_out, operation: Register, body: t/order.xsl, expect: {xpath: //a}, in_doubt: person, "
        "not_expected: refuse, timeout: 9s}",
        tmp_path,
    )
    assert made.operation == "Register"
    assert isinstance(made.arguments, Send)
    assert (made.in_doubt, made.not_expected, made.timeout) == ("person", "refuse", Duration(9))
    assert made.expect == Test(XPath("//a"))


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("x", "WB-6005", "a mapping is needed"),
        ("{insert: C}", "WB-6004", "to: CONNECTION"),
        ("{to: acces, insert: C}", "WB-6008", "did you mean `access`"),
        ("{to: soap_in, operation: X}", "WB-6021", "cannot be called"),
        ("{to: records, operation: find_patint, number: x}", "WB-6021", "did you mean `find_patient`"),
        ("{to: access, inset: C}", "WB-6021", "did you mean `insert`"),
        ("{to: soap_out, body: x.xsl}", "WB-6021", "operation: WORD"),
        ("{to: records, operation: find_patient, numer: x}", "WB-6003", "did you mean `number`"),
        ("{to: records, operation: find_patient}", "WB-6004", "`number` is missing"),
        ("{to: records, operation: find_patient, number: x, in_doubt: never}", "WB-6005", "known: repeat, person"),
        ("{to: records, operation: find_patient, number: x, timeout: 5}", "WB-6005", "not a duration"),
    ],
)
def test_faults(text, code, part):
    with pytest.raises(Invalid) as caught:
        call(text)
    assert code in [problem.code for problem in caught.value.problems]
    assert part in str(caught.value)


def test_two_operations_in_one_call():
    both = {"access": Known("access", type("Both", (), {"CALLS": {"insert": Insert, "update": Insert}}))}
    node = parse_yaml("{to: access, insert: A, update: B}", "f")
    with pytest.raises(Invalid, match="write two steps"):
        build_call(node, Context(Path(), connections=both))
