"""Recipes: what does nothing is nothing, and what means nothing is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.message import Refused
from records import recipe

PART = st.floats(0, 1)
RECIPES = st.fixed_dictionaries(
    {},
    optional={
        "rotate": st.sampled_from([0, 90, 180, 270, 360, -90]),
        "deskew": st.floats(-20, 20),
        "contrast": st.integers(0, 100),
        "crop": st.none() | st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.1, 2), st.floats(0.1, 2)),
    },
)


@given(RECIPES)
def test_a_clean_recipe_stays_as_it_is(given: dict[str, Any]) -> None:
    used = recipe.clean(given)
    assert recipe.clean(used) == used
    assert recipe.key(used) == recipe.key(given)
    assert (recipe.key(given) == "") == (used == {})
    assert len(recipe.key(given)) in (0, 16)


@pytest.mark.parametrize(
    "nothing",
    [{}, {"rotate": 0}, {"rotate": 360}, {"crop": None}, {"crop": [0, 0, 1, 1]}, {"deskew": 0.001}, {"contrast": 0}],
)
def test_what_does_nothing_has_no_key(nothing: dict[str, Any]) -> None:
    assert recipe.clean(nothing) == {}
    assert recipe.key(nothing) == ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"rotate": 45}, {"rotate": "90"}, {"rotate": True}, {"deskew": 21}, {"deskew": float("nan")},
        {"contrast": 101}, {"contrast": -1}, {"crop": [0, 0, 1]}, {"crop": "all of"}, {"crop": [0.5, 0.5, 0.001, 0.5]},
        {"crop": [2, 2, 1, 1]}, {"zoom": 2},
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="WB-8011"):
        recipe.clean(wrong)


def test_a_crop_that_leaves_the_page_ends_at_its_edge() -> None:
    assert recipe.clean({"crop": [-0.1, 0.5, 0.6, 0.9]}) == {"crop": [0.0, 0.5, 0.5, 0.5]}


def test_the_size_of_a_page_follows_its_recipe() -> None:
    assert recipe.turned({}, 100, 200) == (100, 200)
    assert recipe.turned({"rotate": 90}, 100, 200) == (200, 100)
    assert recipe.turned({"rotate": 270, "crop": [0, 0, 0.5, 1], "deskew": 2}, 100, 200) == (100, 100)
