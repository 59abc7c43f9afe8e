"""Every code of the sources is explained on one page, and means one thing."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

FILE = Path(__file__).resolve().parents[2] / "tools" / "codes.py"


@pytest.fixture(name="codes", scope="module")
def fixture_codes():
    spec = importlib.util.spec_from_file_location("codes_of_tools", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def source(root: Path, text: str, name: str = "a.py") -> Path:
    (root / "engine").mkdir(exist_ok=True)
    (root / "engine" / name).write_text(text, encoding="utf-8")
    return root


def test_every_code_means_one_thing_and_says_what_to_do(codes):
    assert codes.problems(codes.collect(), codes.table()) == []


def test_the_page_is_current_and_names_every_code(codes, capsys):
    assert codes.main(["--check"]) == 0, capsys.readouterr().out
    page = codes.PAGE.read_text(encoding="utf-8")
    assert not [code for code in codes.collect() if f"| {code} |" not in page]


def test_notes_stand_beside_constants(codes, tmp_path):
    text = 'A = "WB-1001"\n"""It is\nnot XML."""\nB = "WB-1002"  # a DTD\nC, D = "WB-1003", "no code"\nE = "WB-1004"\n'
    found = codes.collect(source(tmp_path, text))
    assert {code: (one.names, one.notes) for code, one in found.items()} == {
        "WB-1001": ({"A"}, {"It is not XML"}),
        "WB-1002": ({"B"}, {"a DTD"}),
        "WB-1003": ({"C"}, set()),
        "WB-1004": ({"E"}, set()),
    }


def test_a_mark_for_the_linter_is_no_note(codes, tmp_path):
    found = codes.collect(source(tmp_path, 'KEY = "WB-1001"  # noqa: S105 - a code\n'))
    assert found["WB-1001"].notes == set()


def test_a_number_used_for_two_things_is_found(codes, tmp_path):
    source(tmp_path, 'NO_XML = "WB-1001"  # no XML\n')
    found = codes.collect(source(tmp_path, 'TOO_LARGE = "WB-1001"  # too large\n', "b.py"))
    told = "\n".join(codes.problems(found, {"WB-1001": {"do": "look"}}))
    assert "NO_XML, TOO_LARGE: renumber one" in told
    assert "2 meanings" in told


def test_a_missing_row_and_a_row_too_many_are_found(codes, tmp_path):
    found = codes.collect(source(tmp_path, 'raise Refused("WB-1001", "no")\n'))
    assert codes.problems(found, {"WB-1002": {"means": "a", "do": "b"}}) == [
        "WB-1001 is used in engine/a.py and has no row in tools/codes.yaml",
        "WB-1002 is in tools/codes.yaml and used nowhere",
    ]


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"do": "look"}, "0 meanings"),
        ({"means": "it is"}, "`do` is missing"),
        ({"means": "it is", "do": "look", "names": ["A", "B"]}, "is not what the sources have"),
        ({"means": "it is", "do": "look", "note": "x"}, "unknown keys"),
    ],
)
def test_a_row_is_complete_and_true(codes, tmp_path, row, wrong):
    found = codes.collect(source(tmp_path, 'raise Refused("WB-1001", "no")\n'))
    assert wrong in "\n".join(codes.problems(found, {"WB-1001": row}))


def test_a_row_of_the_page(codes):
    page = codes.render([codes.Entry("WB-1001", "No XML | at all.", "Look.")])
    assert "| WB-1001 | No XML \\| at all. | Look. |" in page
    assert "## What comes in" in page
    assert "## Files" not in page
