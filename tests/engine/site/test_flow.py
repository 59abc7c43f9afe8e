"""Ways through a route: jumps to nowhere, steps never reached, cases never taken, waits where nothing may wait."""

import pytest

from engine.registry import Registry
from engine.site.load import read_site
from tests.engine.site.fakes import write_site

HEAD = """\
connections: {s: {type: memory_in}, out: {type: memory_out, repeat: same}, box: {type: folder, path: box}}
policies: {default: {first: 1s}, back: {first: 1s, then: go:c}}
routes:
  other: {receive: {from: s, operation: o}, steps: [{id: x, signal: {route: r, labels: {}, do: wake, if_none: done}}]}
  r:
    receive: {from: s, operation: a%s}
    steps:
"""


def problems(tmp_path, steps, receive=""):
    (tmp_path / "box").mkdir(exist_ok=True)
    text = HEAD % receive + "".join(f"      - {step}\n" for step in steps)
    return [(p.code, p.place.line, p.line()) for p in read_site(write_site(tmp_path, text), Registry())[1]]


CHOOSE = "{id: a, choose: [{when: {present: //A}, go: b}, {else: c}]}"
SET = "{id: %s, set: {}}"
B, C, D = (SET % name for name in "bcd")


@pytest.mark.parametrize(
    "steps",
    [
        [CHOOSE, B, C],
        ["{id: a, when: {present: //A}, stop: {reason: x}}", B],
        ["{id: a, choose: [{when: {present: //A}, go: c}]}", B, C],
        ["{id: a, on_error: {refused: go:c}, set: {}}", "{id: b, stop: {reason: x}}", C],
        ["{id: a, policy: back, set: {}}", "{id: b, stop: {reason: x}}", C],
        [
            "{id: a, wait: {for: person, question: q, answers: [x], until: 1h, on_timeout: {go: c}}}",
            "{id: b, stop: {reason: x}}",
            C,
        ],
        ["{id: a, choose: [{when: {present: //A}, go: b}, {when: {present: //B}, go: c}, {else: d}]}", B, C, D],
    ],
)
def test_good_ways(tmp_path, steps):
    assert problems(tmp_path, steps) == []


@pytest.mark.parametrize(
    ("steps", "code", "line", "part"),
    [
        ([CHOOSE.replace("else: c", "else: z"), B], "WB-6010", 8, "there is no step `z`"),
        (["{id: a, stop: {reason: x}}", B], "WB-6103", 9, "`a` never goes on to it; take it out, or write `go: b`"),
        ([CHOOSE, "{id: b, stop: {reason: x}}", D, C], "WB-6103", 10, "the step `d` is never reached"),
        ([CHOOSE.replace("go: b", "go: c"), B, C], "WB-6103", 9, "the step `b`"),
        ([CHOOSE.replace("{else: c}", "{else: c}, {else: b}"), B, C], "WB-6104", 8, "never taken"),
        ([CHOOSE.replace("{else: c}", "{when: {present: //A}, go: c}"), B, C], "WB-6104", 8, "the one in line 8"),
        ([CHOOSE.replace("{else", "{when: {absent: //A}, go: b}, {else"), B, C], "WB-6104", 8, "this `else`"),
        ([CHOOSE.replace("{else", "{when: {not: {present: //A}}, go: b}, {else"), B, C], "WB-6104", 8, "this `else`"),
        (
            ["{id: a, split: {by: //A}}", "{id: b, on_error: {refused: go:a}, set: {}}"],
            "WB-6108",
            9,
            "the message was split at `a`",
        ),
    ],
)
def test_bad_ways(tmp_path, steps, code, line, part):
    found = problems(tmp_path, steps)
    assert [(c, at) for c, at, _ in found] == [(code, line)], found
    assert part in found[0][2]


WAIT = "{id: b, wait: {for: time, until: 1h}}"
PERSON = "{id: b, wait: {for: person, question: q, answers: [x]}}"


@pytest.mark.parametrize(
    ("order", "steps", "code", "part"),
    [
        ("{key: //P, until: a}", ["{id: a, set: {}}", WAIT], "", ""),
        ("{key: //P, until: b}", ["{id: a, set: {}}", WAIT], "WB-6105", "write `until: a`"),
        ("{key: //P, until: c}", ["{id: a, set: {}}", PERSON, C], "WB-6105", "held while `b` waits"),
        ("{key: //P}", ["{id: a, set: {}}", WAIT], "WB-6105", "write `until: a`"),
        ("{key: //P}", [WAIT], "WB-6105", "let another route wait"),
        ("{key: //P, until: z}", ["{id: a, set: {}}"], "WB-6010", "there is no step `z`"),
        (
            "{key: //P}",
            ["{id: b, signal: {route: other, labels: {}, do: cancel}}"],
            "WB-6105",
            "waits for a run that has not come yet",
        ),
        ("{key: //P}", ["{id: b, signal: {route: other, labels: {}, do: cancel, if_none: done}}"], "", ""),
    ],
)
def test_an_order_is_not_held_over_a_wait(tmp_path, order, steps, code, part):
    found = problems(tmp_path, steps, f", order: {order}")
    assert [c for c, _, _ in found] == ([code] if code else []), found
    assert all(at == 6 and part in line for _, at, line in found)


@pytest.mark.parametrize(
    ("steps", "fine"),
    [
        (["{id: a, call: {to: out, operation: x, body: y}}"], True),
        (["{id: a, wait: {for: poll, call: {to: out, operation: x, body: y}, every: 1s}}"], True),
        ([PERSON], False),
        ([WAIT], False),
        (["{id: a, wait: {for: file, in: box, path: x}}"], False),
    ],
)
def test_a_sender_does_not_wait_for_a_person(tmp_path, steps, fine):
    found = problems(tmp_path, steps, ", reply: {when: done}")
    assert [(c, at) for c, at, _ in found] == ([] if fine else [("WB-6107", 6)])
    assert fine or "write `when: stored`" in found[0][2]


@pytest.mark.parametrize(
    ("wait", "part"),
    [
        ("{for: signal}", ""),
        ("{for: signal, from: other}", ""),
        ("{for: signal, from: r}", "the route `r` sends no signal to `r`"),
        ("{for: signal, from: othr}", "did you mean `other`"),
    ],
)
def test_somebody_sends_the_signal(tmp_path, wait, part):
    found = problems(tmp_path, [f"{{id: a, wait: {wait}}}"])
    assert bool(found) is bool(part)
    assert not part or part in found[0][2]


def test_nobody_sends_the_signal(tmp_path):
    text = (HEAD % "").replace("do: wake", "do: cancel") + "      - {id: a, wait: {for: signal}}\n"
    (problem,) = read_site(write_site(tmp_path, text), Registry())[1]
    assert (problem.code, problem.place.line) == ("WB-6106", 8)
    assert "write `signal: {route: r, labels: {...}, do: wake}` in another route" in problem.advice
