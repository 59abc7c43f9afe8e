"""Who reads a withdrawn document."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from web.api.auth import Person
from web.api.problems import Denied
from web.api.withdrawn import readable


def person(*roles: str) -> Person:
    return Person(1, "ana", "Ana", roles, "en", "csrf", "session")


def test_only_who_edits_the_record_reads_it() -> None:
    row: Any = SimpleNamespace(state="withdrawn")
    assert readable(row, person("CL")) is row
    with pytest.raises(Denied) as caught:
        readable(row, person("PH"))
    assert (caught.value.status, caught.value.code) == (410, "WB-8312")
    current: Any = SimpleNamespace(state="current")
    assert readable(current, person("PH")) is current
