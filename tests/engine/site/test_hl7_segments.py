"""The table of segments."""

from __future__ import annotations

from engine.site.hl7_segments import FIELDS


def test_names_and_numbers() -> None:
    assert len(FIELDS) > 170
    assert all(len(name) == 3 and name.isupper() and name[0] != "Z" for name in FIELDS)
    assert (FIELDS["PID"], FIELDS["OBX"], FIELDS["QPD"]) == (40, 33, 0)
