"""An edited body is read as the route reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.message import Refused
from engine.ops import editing
from tests.engine.runtime.house import one_route, order
from tests.engine.world import write_site


@pytest.fixture(name="state")
def fixture_state(tmp_path: Path) -> Path:
    site = write_site(
        tmp_path / "site", one_route("      - {id: go, call: {to: sink, operation: op, body: $(body)}}\n")
    )
    shutil.copytree(site, tmp_path / "var" / "revisions" / "r1")
    return tmp_path / "var"


def test_labels_or_the_first_finding(state: Path) -> None:
    assert editing.check(state, "r", "r1", order(7).encode(), "application/xml") == {"id": ["7", False]}
    with pytest.raises(Refused, match="WB-1001"):
        editing.check(state, "r", "r1", b"<order>", "application/xml")


def test_a_revision_that_is_not_kept(state: Path) -> None:
    for name, revision in (("r", "r2"), ("other", "r1")):
        with pytest.raises(Refused, match="WB-7505"):
            editing.check(state, name, revision, order(7).encode(), "application/xml")


@pytest.mark.parametrize(
    ("kind", "body", "kept"),
    [
        ("xml", b"<?xml version='1.0'?>\n<a> x</a>", ("xml", b"<a> x</a>")),
        ("json", b'{ "a": 1 }', ("json", b'{"a":1}')),
        ("text", "示例".encode(), ("text", "示例".encode())),
        ("hl7", b"MSH|^~\\&|A\nPID|1", ("hl7", b"MSH|^~\\&|A\rPID|1\r")),  # a screen has line feeds only
    ],
)
def test_a_part_stays_of_its_kind(kind: str, body: bytes, kept: tuple[str, bytes]) -> None:
    assert editing.as_part(kind, body) == kept


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("xml", b"<a>"),
        ("xml", b"<!DOCTYPE a><a/>"),
        ("json", b"{"),
        ("hl7", b"PID|1"),
        ("text", b"\xff"),
        ("blob", b"a"),
    ],
)
def test_a_part_that_is_none_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(Refused):
        editing.as_part(kind, body)
