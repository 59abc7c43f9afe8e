"""Table files: what lint says of each fault, with its line; which tables the daemon may fill itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.site.problems import Invalid
from engine.transform.tables import load, site_folder


def table(folder: Path, text: str) -> Path:
    path = folder / "t.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("target: {as: hl7}\nfields:\n  PID: {value: a}", 3, "`PID` is no place in an HL7 message"),
        ("target: {as: hl7}\nfields:\n  MSH-2: {value: a}", 3, "the message's own separators"),
        ("target: {as: xml}\nfields: {a: {value: a}}", 1, "needs either a `base` or a `root`"),
        ("target: {as: xml, root: r}\nfields:\n  a//b: {value: a}", 3, "is no path in a xml document"),
        ("target: {as: json}\nfields:\n  '@a': {value: a}", 3, "is no path in a json document"),
        ("target: {as: json}\nfields:\n  a: {value: a}\n  a/b: {value: a}", 4, "lies inside `a`, which is a text"),
        ("target: {as: rows}\nfields: {a: {value: a}}", 1, "`for_each` belongs to `as: rows`"),
        ("target: {as: json}\nfield: {a: {value: a}}\nfields: {a: {value: b}}", 2, "unknown key `field`"),
        (
            "target: {as: json}\nfields: {a: {value: b}}\nrepeat:\n  - {for_each: $(a), fields: {b: {value: c}}}",
            4,
            "`at`",
        ),
        ("target: {as: hl7}\nrepeat:\n  - {for_each: $(a), at: OBX, fields: {OBX-1: {value: c}}}", 3, "`at`"),
        ("target: {as: json}\nrepeat: {}", 2, "`repeat` is not a list"),
        ("target: {as: json}\nfields: [a]", 2, "`fields` is not a mapping"),
        ("target: {as: xml, root: r}\nfields:\n  a: {value: b, as: any}", 3, "`as: any` is for json and rows"),
        ("a: {from: $(v), table: {file: none.csv}}", 1, "none.csv: No such file"),
        ("target: {as: json}", 1, "the table has no field"),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(Invalid) as caught:
        load(table(tmp_path, text), {})
    problem = caught.value.problems[0]
    assert problem.place.line == line
    assert said in problem.text
    assert problem.advice


def test_a_field_may_be_called_target(tmp_path: Path) -> None:
    assert list(load(table(tmp_path, "target: {value: a, as: int}\nfields: {value: b}"), {})) == ["target", "fields"]


def test_patterns_that_may_take_long_are_for_a_worker(tmp_path: Path) -> None:
    assert load(table(tmp_path, "F: {from: $(v), match: '([0-9]+)岁'}"), {}).simple
    for pattern in ("(a+)+b", "(aa?)+b", "(a|aa)+b"):
        assert not load(table(tmp_path, f"F: {{from: $(v), match: '{pattern}'}}"), {}).simple
    inner = "target: {as: json}\nrepeat: [{for_each: $(v), at: x, fields: {a: {from: $(item), match: 'a*a*b'}}}]"
    assert not load(table(tmp_path, inner), {}).simple


def test_look_up_tables_lie_below_transforms(tmp_path: Path) -> None:
    (tmp_path / "routes.yaml").write_text("")
    (tmp_path / "transforms/lookups").mkdir(parents=True)
    for name in ("x.csv", "transforms/lookups/x.csv"):
        (tmp_path / name).write_text("a,b\n1,2\n")
    path = table(tmp_path / "transforms", "F: {from: $(v), table: {file: transforms/lookups/x.csv}}")
    assert load(path, {}).files == (str(tmp_path / "transforms/lookups/x.csv"),)
    assert site_folder(path) == tmp_path
    path.write_text("F: {from: $(v), table: {file: x.csv}}")
    with pytest.raises(Invalid, match="outside of `transforms/`"):
        load(path, {})


def test_the_tables_of_the_guide_can_be_read(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs/transforms.md").read_text(encoding="utf-8")
    blocks = [block.partition("```")[0] for block in guide.split("```yaml\n")[1:]]
    tables = [block for block in blocks if "from:" in block and "lookups/" not in block]
    assert len(tables) == 2
    for block in tables:
        assert load(table(tmp_path, block), {}).fields
