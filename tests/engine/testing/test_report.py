"""What is told of tests: lines, JSON, JUnit."""

from __future__ import annotations

import json
from pathlib import Path

from lxml import etree

from engine.testing.report import as_json, junit, printable, summary, text_of
from tests.engine.testing.bench import GIVEN, result

TEST = f"  - {{test: t, {GIVEN}, expect: {{state: done}}}}\n"


async def test_a_good_test_is_one_line(tmp_path: Path):
    good = await result(tmp_path, TEST)
    assert text_of(good).startswith("good  tests.yaml: t (")
    assert "\n" not in text_of(good)
    assert as_json([good])["good"] is True
    assert summary([good], 1.25) == "1 tests, 0 bad, 1.2 s"


async def test_a_bad_one_has_line_diff_and_the_step(tmp_path: Path):
    bad = await result(tmp_path, TEST.replace("done", "dead"))
    text = text_of(bad)
    assert "tests.yaml:4:" in text
    assert "- expected: dead\n" in text
    assert "+ got:      done" in text
    assert "r run 1: done at step kept" in text
    row = json.loads(json.dumps(as_json([bad])))["tests"][0]
    assert (row["good"], row["failures"][0]["expected"]) == (False, "dead")
    suite = etree.fromstring(junit([bad]))[0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    assert "expected: dead" in str(suite.findtext(".//failure"))


async def test_kills_are_counted_and_named(tmp_path: Path):
    done = await result(tmp_path, TEST.replace("{state: done}", "{events: [created, ended]}"), "each")
    assert f"killed at {done.kills} points" in text_of(done)
    done.outcomes[3].error = "something"
    assert f"when the engine is killed at {done.outcomes[3].killed}" in text_of(done)
    assert summary([done], 1).startswith(f"1 tests, {done.kills} kills, 1 bad")


def test_xml_holds_no_control_characters():
    assert printable("a\x00\x1b\ud800\n") == "a???\n"
