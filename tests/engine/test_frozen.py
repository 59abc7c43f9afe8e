"""`@frozen`: what holds when it runs, and what the type checker holds."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import field, replace
from pathlib import Path

import pytest

from engine.frozen import frozen
from engine.message import Blob

WRONG = """
from dataclasses import replace
from engine.message import Blob
blob = Blob("ab", 1)
blob.size = 2
Blob("ab")
reveal_type(replace(blob, size=3))
"""


@frozen
class Thing:
    name: str
    hidden: bytes = field(default=b"", repr=False)


def test_it_is_a_value():
    one, other = Thing("a", b"x"), Thing("a", b"x")
    assert one == other
    assert len({one, other, Thing("b")}) == 2
    assert repr(one) == "Thing(name='a')"
    assert replace(one, name="c") == Thing("c", b"x")
    assert pickle.loads(pickle.dumps(Blob("ab", 1))) == Blob("ab", 1)


def test_it_has_no_other_fields():
    with pytest.raises(AttributeError):
        Thing("a").more = 1  # type: ignore[attr-defined]


def test_the_type_checker_sees_to_it(tmp_path: Path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--cache-dir",
        str(tmp_path / "cache"),
        "--follow-imports=silent",
        str(wrong),
    ]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False).stdout
    assert 'wrong.py:5: error: Property "size" defined in "Blob" is read-only' in told
    assert 'wrong.py:6: error: Missing positional argument "size"' in told
    assert "engine.message.Blob" in told.rpartition("Revealed type")[2]
