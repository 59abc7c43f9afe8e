"""Events of a test do what peers, people and folders do."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.message import Refused
from engine.site.nodes import Text
from engine.testing.happen import incoming
from engine.testing.model import Given
from tests.engine.testing.bench import played, said

ORDER = "given: {connection: source, operation: order, body: <order><id>1</id></order>}"
WAITS = """
connections:
  source: {type: memory_in}
  peer: {type: memory_out}
  share: {type: folder, path: share}
routes:
  r:
    receive: {from: source, operation: order, identity: [//id]}
    labels: {id: {path: //id}}
    steps:
      - {id: made, call: {to: share, make: '$(body/id)'}}
      - {id: note, wait: {for: file, in: share, path: $(made/path), name: '*.txt', complete: any, until: 2h}}
      - {id: out, call: {to: peer, operation: send, body: $(note), in_doubt: person}}
"""


def test_a_message_as_its_channel_would_hand_it_over(tmp_path: Path):
    given = Given("c", "o", body=Text("<a><b>1</b></a>"), set={"//b": "2"}, meta={"from": "x"}, identity=("k",))
    made = incoming(given)
    assert (made.body, made.content_type, made.identity) == (b"<a><b>2</b></a>", "application/xml", ("k",))
    file = tmp_path / "m.hl7"
    file.write_text("MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5\nPID|1||1\n")
    hl7 = incoming(Given("c", file=file, set={"PID-3": "2"}))  # type: ignore[arg-type]
    assert b"\rPID|1||2" in hl7.body
    assert hl7.content_type == "application/hl7-v2"
    with pytest.raises(Refused, match="finds nothing"):
        incoming(Given("c", body=Text("<a/>"), set={"//b": "2"}))


def test_elements_attributes_and_texts_are_set():
    given = Given("c", body=Text('<a k="1"><b>1</b><c>1</c></a>'), set={"/a/@k": "2", "//b": "3", "//c/text()": "4"})
    assert incoming(given).body == b'<a k="2"><b>3</b><c>4</c></a>'
    with pytest.raises(Refused, match="neither an element nor an attribute"):
        incoming(Given("c", body=Text("<a><!-- c --></a>"), set={"//comment()/..//@*|//a/namespace::*": "2"}))


async def test_a_file_comes_where_the_run_waits(tmp_path: Path):
    (tmp_path / "note.txt").write_text("text")
    text = f"""
      - test: t
        {ORDER}
        then:
          - expect: {{state: waiting, waits_for: a file}}
          - file: {{connection: share, file: note.txt, complete: false}}
          - expect: {{state: waiting}}
          - file: {{connection: share, file: note.txt}}
        expect: {{state: done, sent: {{share: [{{make: '1'}}], peer: [{{body: {{contains: note.txt}}}}]}}}}
        kill: each
    """
    outcome = await played(tmp_path, text, site=WAITS)
    assert outcome.good, (outcome.error, said(outcome))


async def test_a_file_that_nobody_waits_for_is_listed(tmp_path: Path):
    (tmp_path / "note.txt").write_text("text")
    text = f"""
      - test: t
        {ORDER}
        then: [{{file: {{connection: share, file: note.txt, path: other/note.txt}}}}]
        expect: {{state: waiting, attention: [unmatched]}}
    """
    assert (await played(tmp_path, text, site=WAITS)).good


async def test_operators_and_signals(tmp_path: Path):
    text = f"""
      - test: t
        {ORDER}
        then:
          - signal: {{route: r, labels: {{id: '1'}}, do: set, set_labels: {{id: 1b}}}}
          - expect: {{labels: {{id: 1b}}}}
          - advance: 3h
          - expect: {{attention: [overdue]}}
          - answer: {{do: cancel}}
        expect: {{state: cancelled, attention: []}}
    """
    outcome = await played(tmp_path, text, site=WAITS)
    assert outcome.good, (outcome.error, said(outcome))


async def test_what_a_person_cannot_do_is_an_error(tmp_path: Path):
    text = f"  - {{test: t, {ORDER}, then: [{{answer: {{do: arrived}}}}], expect: {{}}}}\n"
    outcome = await played(tmp_path, text, site=WAITS)
    assert outcome.error == "WB-7317 `do: arrived` fits 0 runs; name one by `run: {LABEL: TEXT}`"


async def test_a_peer_changes_its_mind(tmp_path: Path):
    text = f"""
      - test: t
        mocks: {{peer: [{{fail: refused}}]}}
        {ORDER}
        then:
          - expect: {{state: dead, code: WB-3003}}
          - mocks: {{peer: [{{answer: {{value: {{said: now}}}}}}]}}
          - answer: {{do: retry}}
        expect: {{state: done, values: {{copy: now}}}}
    """
    outcome = await played(tmp_path, text)
    assert outcome.good, (outcome.error, said(outcome))
