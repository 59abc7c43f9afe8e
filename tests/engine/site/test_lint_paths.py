"""Paths that find nothing are told with line, column and the nearest name; what is not certain is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.registry import Registry
from engine.site.lint_paths import check, implausible
from engine.site.load import read_site
from engine.site.nodes import Place

ROOT = Path(__file__).parents[3]
CLOSED = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="order"><xs:complexType>
<xs:sequence><xs:element name="id" type="xs:string"/><xs:element name="item" minOccurs="0"><xs:complexType><xs:sequence>
<xs:element name="code" type="xs:string"/></xs:sequence><xs:attribute name="no"/></xs:complexType></xs:element>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
SITE = """\
connections:
  source: {type: memory_in}
  sink: {type: memory_out}
policies: {default: {first: 1s}}
routes:
  r:
    receive: {from: source, check: {xsd: transforms/o.xsd}, identity: [IDENTITY]}
    labels: {a: {path: LABEL, optional: true}}
    steps:
      - {id: row, transform: {map: transforms/t.yaml}}
      - {id: out, when: {present: WHEN}, call: {to: sink, operation: send, body: BODY}}
"""
GOOD = {"IDENTITY": "//id", "LABEL": "/order/item/@no", "WHEN": "//item[2]", "BODY": "$(row/number)"}


def said(folder: Path, table: str = "number: {from: $(body/id)}", text: str = SITE, **changed: str) -> list[str]:
    for name, path in {**GOOD, **changed}.items():
        text = text.replace(name, f"'{path}'")
    (folder / "transforms").mkdir(exist_ok=True)
    (folder / "routes.yaml").write_text(text, encoding="utf-8")
    (folder / "transforms/o.xsd").write_text(CLOSED)
    (folder / "transforms/t.yaml").write_text(table, encoding="utf-8")
    site, problems = read_site(folder, Registry())
    assert [problem.line() for problem in problems] == []
    return [problem.line() for problem in check(site, folder)]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("IDENTITY", "/order/id"),
        ("IDENTITY", "id"),
        ("IDENTITY", "//*/id"),
        ("IDENTITY", "count(//idd)"),
        ("IDENTITY", "//id | //idd"),
        ("LABEL", "//item/code/text()"),
        ("LABEL", "//idd/ancestor::x"),
        ("WHEN", "$(body/item/code)"),
        ("WHEN", "$(meta/anything)"),
        ("BODY", "$(body//code)"),
    ],
)
def test_what_may_be_there_is_left_alone(tmp_path: Path, name: str, path: str) -> None:
    found = said(tmp_path, **{name: path})
    assert found == [] or "| //idd" in path  # one branch that is certainly empty is told


@pytest.mark.parametrize(
    ("name", "path", "line"),
    [
        ("IDENTITY", "//idd", ("routes.yaml:7:72: WB-6501 the path //idd finds nothing: the document has no `idd`; "
            "did you mean `id`?")),
        ("IDENTITY", "/id", "routes.yaml:7:72: WB-6501 the path /id finds nothing: the document has no `id`"),
        ("LABEL", "//item/cod", ("routes.yaml:8:24: WB-6501 the path //item/cod finds nothing: `item` has no `cod`; "
            "did you mean `code`?")),
        ("LABEL", "//item/@nr", "routes.yaml:8:24: WB-6501 the path //item/@nr finds nothing: `item` has no `@nr`"),
        ("WHEN", "//code/item", "routes.yaml:11:35: WB-6501 the path //code/item finds nothing: `code` has no `item`"),
        ("BODY", "$(row/nummber)", ("routes.yaml:11:89: WB-6501 the path $(row/nummber) finds nothing: the step that "
            "makes `row` makes no `nummber`; did you mean `number`?")),
        ("BODY", "$(body/PID-41)", "routes.yaml:11:89: WB-6502 `PID-41`: PID has 40 fields"),
    ],
)  # fmt: skip
def test_what_cannot_be_there_is_told(tmp_path: Path, name: str, path: str, line: str) -> None:
    (found,) = said(tmp_path, **{name: path})
    assert found.startswith(line)


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ("number: {from: $(body/idd)}", "transforms/t.yaml:1:16: WB-6501 the path $(body/idd) finds nothing"),
        ("number: {from: $(ordr/id)}", "transforms/t.yaml:1:16: WB-6011 the value `ordr` is made by no step"),
        ("number: {from: $(body/idd), required: no}", ""),
        ("number: {from: '$(body/idd|default:x)'}", ""),
        ("number: {from: $(run/key)}", ""),
    ],
)
def test_paths_in_mapping_tables(tmp_path: Path, table: str, found: str) -> None:
    lines = said(tmp_path, table)
    assert [line[: len(found)] for line in lines] == ([found] if found else [])


def test_without_a_schema_samples_tell(tmp_path: Path) -> None:
    text = SITE.replace(", check: {xsd: transforms/o.xsd}", "")
    assert said(tmp_path, text=text, IDENTITY="//anything") == []
    (tmp_path / "transforms/samples").mkdir()
    (tmp_path / "transforms/samples/r-1.xml").write_text("<order><id/><item no='1'/></order>")
    (found,) = said(tmp_path, text=text, IDENTITY="//idd")
    assert "finds nothing: no sample has `idd`; did you mean `id`?" in found
    (tmp_path / "transforms/samples/r-2.json").write_text("{}")
    assert said(tmp_path, text=text, IDENTITY="//idd") == []


def test_the_demonstration_is_clean_and_a_slip_in_it_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "transforms", tmp_path / "transforms")
    text = (ROOT / "routes.yaml").read_text(encoding="utf-8")
    site, _ = read_site(ROOT, Registry())
    assert check(site, ROOT) == []
    slip = text.replace("{path: //OEORIOrderItemID}", "{path: //OEORIOrderItmID}", 1).replace(
        "$(order/id)", "$(order/idd)"
    )
    (tmp_path / "routes.yaml").write_text(slip, encoding="utf-8")
    site, _ = read_site(tmp_path, Registry())
    first, second = check(site, tmp_path)
    assert "did you mean `OEORIOrderItemID`?" in first.advice
    assert (second.text.split()[2], second.place.line > first.place.line) == ("$(order/idd)", True)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("PID-3[2].1", ""),
        ("ZPI-99", ""),
        ("OBR", ""),
        ("PDI-3", "HL7 v2 has no segment `PDI`"),
        ("OBX-34", "OBX has 33 fields"),
        ("PID.3", "is no place in an HL7 message"),
    ],
)
def test_places_in_hl7(path: str, found: str) -> None:
    problems = list(implausible(path, Place("f", 1, 1)))
    assert [found in problem.text for problem in problems] == ([True] if found else [])


def test_an_xpath_on_hl7(tmp_path: Path) -> None:
    text = """\
connections: {lab: {type: mllp_in, listen: 127.0.0.1:0}}
policies: {default: {first: 1s}}
routes:
  r:
    receive: {from: lab}
    labels: {a: {path: //PID, optional: true}, b: {path: PID-3.1}}
    steps:
      - {id: each, split: {by: OBR, identity: [OBR-2]}}
      - {id: x, set: {labels: {a: $(body/OBR-99)}}}
"""
    (tmp_path / "routes.yaml").write_text(text)
    site, problems = read_site(tmp_path, Registry())
    assert [problem.line() for problem in problems] == []
    assert [p.text for p in check(site, tmp_path)] == [
        "the XPath //PID finds nothing in HL7",
        "`OBR-99`: OBR has 55 fields",
    ]
