"""A measurement over its whole length."""

import pytest

from bench.flow import Load, measure, sound
from bench.rig import Rig


@pytest.mark.parametrize(("route", "ordered"), [("mllp", True), ("soap", False)])
def test_the_whole_way(route, ordered, tmp_path):
    """A real daemon, generator and sink: every message arrives, and what it cost is told."""
    with Rig(route, ordered=ordered, parent=tmp_path) as rig:
        row = measure(rig, Load(4, 0.0, 40, warmup=0.1), 1)
        again = measure(rig, Load(2, 0.2, 0, warmup=0.1), row["next"])
    assert (row["accepted"], row["delivered"], row["refused"]) == (40, 40, 0)
    assert sound(row)
    assert sound(again)
    assert row["overtaken"] == 0 or not ordered
    assert row["delivered_per_s"] > 0
    assert row["pss_mb"] > 10
    assert row["written_per_message"] > 0
    assert again["next"] > row["next"] > 40
    assert not list(tmp_path.iterdir())
