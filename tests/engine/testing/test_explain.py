"""A failed test shows where its runs stand, with what the step was given."""

from __future__ import annotations

from pathlib import Path

from engine.message import Blob, Hl7, Xml
from engine.testing.explain import MOST, pretty
from tests.engine.testing.bench import GIVEN, played


def test_values_for_a_person():
    assert pretty(Xml(b"<a><b>1</b></a>")) == "<a>\n  <b>1</b>\n</a>"
    assert pretty(Hl7(b"MSH|1\rPID|2\r")) == "MSH|1\nPID|2"
    assert pretty({"a": [1]}) == '{\n  "a": [\n    1\n  ]\n}'
    assert pretty(b"ab") == "<2 bytes>"
    assert "application/pdf 5 bytes" in pretty(Blob("f" * 64, 5, "application/pdf"))
    assert len(pretty("x" * 10_000)) < MOST + 40


async def test_the_step_its_input_and_the_engines_own_error(tmp_path: Path):
    text = (
        f"  - {{test: t, mocks: {{peer: [{{answer: {{value: {{other: x}}}}}}]}}, {GIVEN}, expect: {{state: done}}}}\n"
    )
    (found,) = (await played(tmp_path, text)).explained
    assert (found.run, found.state) == ("r run 1", "dead")
    assert found.step.startswith("kept (set, routes.yaml:")
    assert found.error == "WB-2001 the path $(out/said) finds nothing"
    assert '"other": "x"' in found.reads["out"]
    assert "<id>1</id>" in found.sent[0]
    assert "answer:" in found.sent[0]


async def test_a_message_that_was_refused(tmp_path: Path):
    text = "  - {test: t, given: {connection: source, operation: order, body: <a>}, expect: {state: done}}\n"
    (found,) = (await played(tmp_path, text)).explained
    assert (found.run, found.state) == ("message of source", "invalid")
    assert found.error.startswith("WB-1001")
