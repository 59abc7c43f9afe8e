"""Test files are found, read together and checked against the site."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.problems import Invalid
from engine.testing import reading
from tests.engine.testing.bench import GIVEN, cases, house


def test_files_of_a_site_or_those_that_are_named(tmp_path: Path):
    folder = tmp_path / reading.FOLDER
    folder.mkdir()
    for name in ("b.yaml", "a.yaml", "notes.txt"):
        (folder / name).touch()
    assert [path.name for path in reading.files_of(tmp_path, [])] == ["a.yaml", "b.yaml"]
    assert reading.files_of(tmp_path, [tmp_path / "x.yaml"]) == [tmp_path / "x.yaml"]


def test_what_stands_beside_the_tests_is_shared_and_may_be_replaced(tmp_path: Path):
    found = cases(house(tmp_path), f"""
      - {{test: one, {GIVEN}, expect: {{state: done}}}}
      - {{test: two, mocks: {{peer: [{{fail: refused}}]}}, {GIVEN}, expect: {{state: dead}}}}
    """)  # fmt: skip
    assert [one.case.route for one in found] == ["r", "r"]
    assert [one.case.mocks["peer"][0].fail for one in found] == [None, "refused"]


def test_a_file_may_be_one_test(tmp_path: Path):
    made = house(tmp_path)
    path = tmp_path / "one.yaml"
    path.write_text(f"test: alone\nroute: r\n{GIVEN}\nexpect: {{state: done}}\n")
    (found,) = reading.load_cases(made.site, made.registry, [path])
    assert (found.case.test, found.path) == ("alone", path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"  - {{test: t, route: q, {GIVEN}, expect: {{}}}}", "WB-6020 there is no route `q`"),
        ("  - {test: t, given: {connection: nobody, body: x}, expect: {}}", "WB-6008 there is no connection `nobody`"),
        ("  - {test: t, given: {connection: source, body: x}, expect: {}}", "WB-6021 no route receives ``"),
        (f"  - {{test: t, mocks: {{pear: []}}, {GIVEN}, expect: {{}}}}", "WB-6008 there is no connection `pear`"),
        (f"  - {{test: t, {GIVEN}, expect: {{sent: {{pear: []}}}}}}", "WB-6008 there is no connection `pear`"),
        (f"  - {{test: t, {GIVEN}, expect: {{runs: [{{route: q}}]}}}}", "WB-6020 there is no route `q`"),
        (f"  - {{test: t, {GIVEN}, expect: {{state: done, runs: []}}}}", "WB-6004 `runs` and the keys of one run"),
        (f"  - {{test: t, {GIVEN}, expect: {{}}}}\n  - {{test: t, {GIVEN}, expect: {{}}}}", "WB-6012 two tests `t`"),
    ],
)
def test_what_a_test_names_must_be_there(tmp_path: Path, text: str, fault: str):
    with pytest.raises(Invalid) as error:
        cases(house(tmp_path), text)
    assert fault in str(error.value)
    assert "tests.yaml:" in str(error.value)


def test_every_fault_of_every_file_is_told(tmp_path: Path):
    made = house(tmp_path)
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("tests: [{test: t}]\nroot: r\n")
    with pytest.raises(Invalid) as error:
        reading.load_cases(made.site, made.registry, [tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert {Path(one.place.file).name for one in error.value.problems} == {"a.yaml", "b.yaml"}
