"""Rows of a mapping table: each rule, and errors without values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.message import Hl7, Refused, Value, Xml
from engine.site.problems import Invalid
from engine.transform import mapping as module
from engine.transform.mapping import before_the_run, load, mapping


def table(folder: Path, text: str) -> Path:
    path = folder / "t.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def field(folder: Path, row: str, value: Value = None, **more: Value) -> Any:
    made = mapping(table(folder, f"F: {row}"), {"v": value, **more}, {})
    assert isinstance(made, dict)
    return made.get("F")


@pytest.mark.parametrize(
    ("row", "value", "result"),
    [
        ("{from: $(v)}", " a ", "a"),
        ("{from: $(v)}", 5, "5"),
        ("{value: x}", None, "x"),
        ("{value: ''}", None, ""),
        ("{from: $(v), required: no}", "", None),
        ("{from: $(none), required: no}", "", None),
        ("{from: $(v), default: x}", None, "x"),
        ("{from: $(none/path), default: x}", "", "x"),
        ("{from: $(v), as: int}", "007", 7),
        ("{from: $(v), as: decimal}", "099.50", "99.50"),
        ("{from: $(v), match: '([0-9]+)岁', as: int}", "14岁", 14),
        ("{from: $(v), match: '[0-9]+'}", "14", "14"),
        ("{from: $(v), table: {F: '2', M: '1', '*': '0'}}", "F", "2"),
        ("{from: $(v), table: {F: '2', M: '1', '*': '0'}}", "x", "0"),
        ("{from: $(v), date: '%Y%m%d'}", "1988-04-12", "19880412"),
        ("{from: $(v), date: '%Y-%m-%d'}", "19880412", "1988-04-12"),
        ("{from: $(v), date: '%Y-%m-%d'}", "1988/4/2 09:20:31", "1988-04-02"),
        ("{from: $(v), date: '%d.%m.%y, %Y -> %Y-%m-%d'}", "12.04.88", "1988-04-12"),
        ("{from: $(v), max: 3}", "示例甲", "示例甲"),
    ],
)
def test_rules(tmp_path: Path, row: str, value: Value, result: Any) -> None:
    assert field(tmp_path, row, value) == result


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("38岁", 38),
        ("14周岁", 14),
        ("3月", 0),
        ("11个月", 0),
        ("20天", 0),
        ("5岁3月", 5),
        ("2月10天", 0),
        ("38", 38),
        ("7Y", 7),
    ],
)
def test_ages(tmp_path: Path, text: str, years: int) -> None:
    assert field(tmp_path, "{from: $(v), as: age_years}", text) == years


@pytest.mark.parametrize(
    ("row", "value", "rule"),
    [
        ("{from: $(v)}", "", "is required and empty"),
        ("{from: $(none)}", "", "is required and empty"),
        ("{from: $(v), as: int}", "14岁", "is not a whole number"),
        ("{from: $(v), as: int}", "٣", "is not a whole number"),
        ("{from: $(v), as: decimal}", "甲", "is not a number"),
        ("{from: $(v), as: decimal}", "NaN", "is not a number"),
        ("{from: $(v), as: age_years}", "不详", "is not an age"),
        ("{from: $(v), match: '[0-9]+'}", "甲", "does not match"),
        ("{from: $(v), table: {F: '2'}}", "甲", "is not in the table (F)"),
        ("{from: $(v), date: '%Y'}", "甲", "is not a date"),
        ("{from: $(v), max: 2}", "示例甲", "is longer than 2 characters"),
        ("{from: $(v)}", {"a": "甲"}, "is not one text"),
        ("{from: $(v)}", Xml("<甲/>".encode()), "is not one text"),
    ],
)
def test_errors_name_field_and_rule_and_no_value(tmp_path: Path, row: str, value: Value, rule: str) -> None:
    with pytest.raises(Refused) as caught:
        field(tmp_path, row, value)
    assert caught.value.code == "WB-2008"
    assert caught.value.reason.startswith("t.yaml: F: ")
    assert rule in caught.value.reason
    assert "甲" not in caught.value.reason


def test_several_found_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="WB-2002"):
        field(tmp_path, "{from: $(body//a)}", body=Xml(b"<r><a>1</a><a>2</a></r>"))


@pytest.mark.parametrize(
    "text",
    [
        "F: {}",
        "F: {from: $(v), value: x}",
        "F: {value: x, match: '['}",
        "F: {form: $(v)}",
        "F: {from: $(v), required: maybe}",
        "[a]",
        "{}",
    ],
)
def test_a_wrong_table_is_found_by_lint_and_refused_at_run(tmp_path: Path, text: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(Invalid):
        load(path, {})
    with pytest.raises(Refused, match=r"WB-2003 t\.yaml:[0-9]+:"):
        mapping(path, {}, {})


def test_lint_finds_every_wrong_row(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        load(table(tmp_path, "A: {}\nB: {x: 1, value: y}\n"), {})
    assert len(caught.value.problems) == 2


HEAD = "MSH|^~\\&|A|B|C|D|20260105083000||ADT^A01|1|P|2.5\r"
CHANGES = """
target: {as: hl7, base: $(body)}
fields:
  MSH-3: {value: WAYBILL}
  PID-5.1: {from: $(body/PID-5.1), max: 9}
  PV1-3.1: {from: $(body/PV1-3.1), table: {2WEST: W2, 3EAST: '', '*': other}}
  PV1-40.2: {from: '$(body/PV1[1]-2)'}
"""


@pytest.mark.parametrize(
    "rest",
    [
        "PID|1||P1||Example^Zhang\rPV1|1|I|2WEST^201\r",
        "PID|1||P1|| Example ^Zhang\rPV1|1|I|4NORTH^201~2WEST\r",
        "PID|1||P1||Ex\\T\\ample^Zhang~Other^Name\rPV1|1|I|2WEST&x^201\r",
        "PID|1||P1||示例^Zhang\rPV1|1|I|2WEST\rPV1|2|O|1\r",
        "PID|1||P1||Example^Zhang\rPV1|1|I|3EAST^201\r",
        "PID|1||P1||Example of a long name\rPV1|1|I|2WEST\r",
        "PID|1||P1||Exa\x01mple\rPV1|1|I|2WEST\r",
        "PID|1||P1||\rPV1|1|I|2WEST\r",
        "PID|1\rPV1|1\r",
        "PV1|1|I|2WEST\r",
        "",
    ],
)
def test_a_table_of_plain_changes_makes_what_row_by_row_makes(tmp_path: Path, rest: str) -> None:
    path = table(tmp_path, CHANGES)
    quick = load(path, None)
    assert quick.changes is not None
    assert len(quick.changes) == 4
    slow = load(path, None)
    object.__setattr__(slow, "changes", None)

    def made(with_: Any) -> Any:
        try:
            return module._filled_in(with_, path, {"body": Hl7((HEAD + rest).encode())}, {})
        except Refused as refused:
            return refused.code, refused.reason

    assert made(quick) == made(slow)


@pytest.mark.parametrize(
    "row",
    ["{from: $(body/PV1-3.1), match: '.*'}", "{from: $(body/PV1-3.1|upper)}", "{from: a$(body/PV1-3.1)}", "{value: ''}",
     "{from: $(body/PV1-7), date: '%Y'}", "{from: $(body/PV1-3.1), as: er7}"],
)  # fmt: skip
def test_other_tables_go_row_by_row(tmp_path: Path, row: str) -> None:
    path = table(tmp_path, f"target: {{as: hl7, base: $(body)}}\nfields:\n  PV1-5: {row}\n")
    assert load(path, None).changes is None


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("F: {from: $(v)}", True),
        ("F: {from: 'a$(v)b$(run/seq)'}", False),
        ("F: {from: $(v), match: '(a+)+b'}", False),
        ("target: {as: json}\nrepeat: [{for_each: $(run/x), at: l, fields: {b: {value: y}}}]", False),
    ],
)  # fmt: skip
def test_what_may_be_filled_before_there_is_a_run(tmp_path: Path, text: str, fit: bool) -> None:
    made = before_the_run(str(table(tmp_path, text)), {"v": "x"}, {})
    assert made == ({"F": "x"} if fit else None)
