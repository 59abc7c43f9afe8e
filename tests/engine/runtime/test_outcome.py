"""What a step answers shows nothing of a patient when it is printed."""

from __future__ import annotations

import pytest

from engine.message import Xml
from engine.runtime.outcome import Child, Next, Split


@pytest.mark.parametrize(
    "outcome",
    [
        Next(values={"a": "植入甲"}, labels={"name": "植入甲"}),
        Child(Xml("植入甲".encode()), '["植入甲"]', "d", {"name": "植入甲"}),
        Split((Child(Xml("植入甲".encode()), '["植入甲"]', "d", {"name": "植入甲"}),), {"m": "1"}),
        Next(Xml("植入甲".encode())),
    ],
)
def test_no_value_in_the_repr(outcome: object) -> None:
    assert "植入" not in repr(outcome)
    assert str("植入甲".encode())[2:-1] not in repr(outcome)
