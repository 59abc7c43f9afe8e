"""Plug-ins: what they are given, what they may return, and that nothing they raise is repeated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.message import Hl7, Refused, Value, Xml
from engine.transform.plugin import plugin
from engine.transform.xslt import RunHeader

HEADER = RunHeader("u", 1, "2026-11-20T11:30:00+08:00", 2, "ab" * 32)


def run(folder: Path, body: str, values: dict[str, Value] | None = None, top: str = "") -> Any:
    path = folder / "p.py"
    path.write_text(f"{top}\ndef transform(values, settings):\n    {body}\n", encoding="utf-8")
    return plugin(path, values or {}, HEADER, {"unit": "mm"})


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("return values['v'].upper() + settings['unit']", "ABCmm"),
        ("return {'a': [1, 2.5, None, True]}", {"a": [1, 2.5, None, True]}),
        ("return values['x']", Xml(b"<a/>")),
        ("return {'run': values['run']['key'][:2], 'at': values['run']['at'][:4]}", {"run": "ab", "at": "2026"}),
        ("from engine.message import Hl7; return Hl7(b'MSH')", Hl7(b"MSH")),
    ],
)
def test_values(tmp_path: Path, body: str, made: Value) -> None:
    assert run(tmp_path, body, {"v": "abc", "x": Xml(b"<a/>")}) == made


def test_it_cannot_change_the_values_of_the_run(tmp_path: Path) -> None:
    values: dict[str, Value] = {"v": {"a": ["甲"]}}
    assert run(tmp_path, "values['v']['a'].append(1); values['w'] = 2; return None", values) is None
    assert values == {"v": {"a": ["甲"]}}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError(values['v'])", "WB-2401 p.py: ValueError at line 3"),
        ("import sys; sys.exit(values['v'])", "WB-2401 p.py: SystemExit at line 3"),
        ("return int(values['v'])", "WB-2401 p.py: ValueError at line 3"),
        ("from engine.message import Refused; raise Refused('WB-1', values['v'])", "WB-2401 p.py: Refused at line 3"),
        ("return transform(values, settings)", "WB-2401 p.py: RecursionError at line 3"),
        ("return {1: 2}", "WB-2402 p.py: what it returned has a key that is not a text"),
        ("return [set()]", "WB-2402 p.py: what it returned holds a set, which is no value"),
        ("a = []; a.append(a); return a", "WB-2402 p.py: what it returned is nested too deeply"),
        ("from engine.message import Xml; return Xml(values['v'])", "WB-2402 p.py: what it returned holds XML or HL7"),
    ],
)
def test_type_and_line_and_no_text(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(Refused) as caught:
        run(tmp_path, body, {"v": "示例甲"})
    assert str(caught.value).startswith(said)
    assert "示例" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def transform(:\n", "WB-2003 p.py: SyntaxError at line 1"),
        ("import nothing_of_this_name\n", "WB-2003 p.py: ModuleNotFoundError at line 1"),
        ("transform = 1\n", "WB-2003 p.py: it has no function `transform(values, settings)`"),
    ],
)
def test_what_cannot_be_loaded(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "p.py"
    path.write_text(text)
    with pytest.raises(Refused) as caught:
        plugin(path, {}, HEADER)
    assert str(caught.value) == said


def test_what_it_prints_goes_nowhere(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(
        tmp_path,
        "import sys; print(values['v']); print(values['v'], file=sys.stderr); return ''",
        {"v": "示例甲"},
        "print(1)",
    )
    assert capfd.readouterr() == ("", "")


def test_too_much_memory_is_the_workers_matter(tmp_path: Path) -> None:
    with pytest.raises(MemoryError):
        run(tmp_path, "raise MemoryError")
