"""Shapes of the engine's screens."""

from __future__ import annotations

from web.api.models_engine import Edge


def test_a_way_goes_out_under_the_words_of_the_screens() -> None:
    edge = Edge(from_="a", to="b", way="next", label="")
    assert edge.model_dump() == {"from": "a", "to": "b", "way": "next", "label": ""}
