"""What may be written in a test, and what is refused with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.nodes import parse_yaml
from engine.site.problems import Invalid
from engine.site.settings import Context, Duration, build
from engine.testing.model import Arguments, Case, Matcher

TOP = "test: t\nroute: r\n"
GIVEN = "given: {connection: c, body: <a/>}"


def case(text: str) -> Case:
    return build(Case, parse_yaml(text, "t.yaml"), Context(Path.cwd()))


def faults(text: str) -> list[str]:
    with pytest.raises(Invalid) as error:
        case(text)
    return [problem.line() for problem in error.value.problems]


def test_a_test_with_everything():
    made = case(
        f"test: t\nroute: r\n{GIVEN}\n"
        "mocks: {p: [{operation: o, when: {present: //a}, answer: {value: [x]}, times: 2}, {fail: refused}]}\n"
        "then:\n  - advance: 2h\n  - sign: refused\n  - expect: {state: waiting, status: {matches: 'P.*'}}\n"
        "  - answer: {do: again}\n  - restart: kill\n"
        "expect: {reply: {kind: accepted}, sent: {p: [{operation: o, body: {//x: '1'}, key: {contains: k}}]}}\n"
    )
    assert made.given[0].at.line == 3
    assert made.mocks["p"][0].times == 2
    assert made.mocks["p"][1].fail == "refused"
    assert made.then[0].advance == Duration(7200)
    assert made.then[1].sign is not None
    assert made.then[1].sign.answer == "refused"
    assert made.expect is not None
    (sent,) = made.expect.sent["p"]
    assert isinstance(sent, Arguments)
    assert sent.arguments["key"] == Matcher("k", "contains", sent.arguments["key"].at)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"{TOP}{GIVEN}\nexpct: {{}}\n", "t.yaml:4:1: WB-6003 unknown key `expct`; did you mean `expect`"),
        (f"{TOP}{GIVEN}\nexpect: {{stat: done}}", "t.yaml:4:10: WB-6003 unknown key `stat`"),
        (f"{TOP}{GIVEN}", "t.yaml:1:1: WB-6004 the key `expect` is missing"),
        (f"{TOP}given: {{connection: c}}\nexpect: {{}}", "t.yaml:3:8: WB-6004 a message has one of"),
        (f"{TOP}given: {{connection: c, file: no.xml}}\nexpect: {{}}", "t.yaml:3:30: WB-7315 there is no file"),
        (f"{TOP}{GIVEN}\nthen: [{{advance: 2h, sign: refused}}]\nexpect: {{}}", "t.yaml:4:8: WB-6005"),
        (f"{TOP}{GIVEN}\nthen: [{{sign: maybe}}]\nexpect: {{}}", "t.yaml:4:15: WB-6005 `maybe`"),
        (f"{TOP}{GIVEN}\nmocks: {{p: [{{fail: refused, answer: {{text: x}}}}]}}\nexpect: {{}}", "t.yaml:4:13"),
        (f"{TOP}{GIVEN}\nmocks: {{p: [{{answer: {{}}}}]}}\nexpect: {{}}", "t.yaml:4:22: WB-6004 an answer"),
        (f"{TOP}{GIVEN}\nexpect: {{state: {{like: x}}}}", "t.yaml:4:18: WB-6003 unknown comparison `like`"),
    ],
)  # fmt: skip
def test_faults_have_their_place(text: str, fault: str):
    assert any(line.startswith(fault) for line in faults(text)), faults(text)
