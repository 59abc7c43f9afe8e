"""What use and a scanner do to a page."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageStat

from simulators.paper import page, patient
from simulators.wear import EFFECTS, FAULTS, blank, wear


@pytest.fixture(scope="module")
def clean() -> Image.Image:
    return page("consent", "en", patient("en", 1), 1, dpi=72)[0]


@pytest.mark.parametrize("effect", [*EFFECTS, *FAULTS])
def test_each_effect_changes_the_picture_and_not_its_size(clean: Image.Image, effect: str) -> None:
    worn = wear(clean, 1, 0.8, [effect])
    assert (worn.size, worn.mode) == (clean.size, "L")
    assert ImageChops.difference(worn, clean).getbbox() is not None


def test_the_same_seed_gives_the_same_picture(clean: Image.Image) -> None:
    assert wear(clean, 4).tobytes() == wear(clean, 4).tobytes()
    assert wear(clean, 4).tobytes() != wear(clean, 5).tobytes()


def test_no_effect_leaves_it(clean: Image.Image) -> None:
    assert wear(clean, 1, effects=()).tobytes() == clean.tobytes()


def test_dark_pale_and_blank_are_what_they_say(clean: Image.Image) -> None:
    def mean(image: Image.Image) -> float:
        return ImageStat.Stat(image).mean[0]

    assert mean(wear(clean, 1, 0.5, ["dark"])) < mean(clean) - 60
    assert ImageStat.Stat(wear(clean, 1, 0.5, ["pale"])).extrema[0][0] > 120
    back = blank(1, 0.3, clean.size, clean)
    assert mean(back) > 200
    assert ImageStat.Stat(back).stddev[0] < 20
