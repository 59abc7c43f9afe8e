"""Pictures follow the recipe, the master stays."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw

from engine.message import Refused
from records import ink, picture, skew
from tests.records import pictures as draw


def master(folder: Path, page: Image.Image, form: str = "PNG") -> str:
    return str(draw.write(folder, f"master.{form.lower()}", draw.bytes_of(page, form, dpi=(300, 300))))


def corner(mode: str = "L") -> Image.Image:
    """A white page, black in its upper left quarter."""
    page = Image.new("L", (400, 600), 255)
    ImageDraw.Draw(page).rectangle((0, 0, 199, 299), fill=0)
    return page.convert(mode)


def at(path: str, x: float, y: float) -> bool:
    """Whether it is black there, in parts of the picture."""
    with Image.open(path) as opened:
        return bool(opened.convert("L").getpixel((int(x * opened.width), int(y * opened.height))) < 128)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("rotate", "black"), [(0, (0.25, 0.25)), (90, (0.75, 0.25)), (180, (0.75, 0.75)), (270, (0.25, 0.75))]
)
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_quarter_turns_are_clockwise(tmp_path: Path, rotate: int, black: tuple[float, float], form: str) -> None:
    path = master(tmp_path, corner(), form)
    made = picture.render(path, {"rotate": rotate}, str(tmp_path))
    assert (made["width"], made["height"]) == ((600, 400) if rotate % 180 else (400, 600))
    for word in ("thumb", "view"):
        quarters = [(x, y) for x in (0.25, 0.75) for y in (0.25, 0.75) if at(made[word], x, y)]
        assert quarters == [black]


def test_pictures_have_the_size_of_the_screen(tmp_path: Path) -> None:
    path = master(tmp_path, Image.new("RGB", (2480, 3508), "white"), "JPEG")
    before = hashlib.sha256(Path(path).read_bytes()).digest()
    made = picture.render(path, {}, str(tmp_path))
    assert (made["width"], made["height"]) == (2480, 3508)
    for word, longest in (("thumb", 240), ("view", 1600)):
        with Image.open(made[word]) as opened:
            assert max(opened.size) == longest
            assert opened.mode == "RGB"
    assert hashlib.sha256(Path(path).read_bytes()).digest() == before


def test_a_crop_is_of_the_turned_page(tmp_path: Path) -> None:
    path = master(tmp_path, corner())
    made = picture.render(path, {"rotate": 90, "crop": [0.5, 0.0, 0.5, 0.5]}, str(tmp_path))
    assert (made["width"], made["height"]) == (300, 200)
    assert all(at(made["view"], x, y) for x in (0.1, 0.9) for y in (0.1, 0.9))


def test_deskew_takes_the_measured_angle_out(tmp_path: Path) -> None:
    page = draw.text_page(900, size=(1240, 1754)).rotate(-2.5, Image.Resampling.BICUBIC, fillcolor=250)
    measured = skew.measure(ink.of(page, 150))
    for mode in ("L", "1", "RGB"):
        out = str(tmp_path / "out.png")
        picture.full(master(tmp_path, page.convert(mode, dither=Image.Dither.NONE)), {"deskew": measured}, out)
        with Image.open(out) as straight:
            assert straight.mode == mode
            assert abs(skew.measure(ink.of(straight.convert("L"), 150))) <= 0.2


def test_contrast_takes_the_shade_out(tmp_path: Path) -> None:
    fall = np.tile(np.linspace(120, 220, 620).astype(np.uint8), (877, 1))
    page = ImageChops.multiply(draw.text_page(), Image.fromarray(fall))
    path, out = master(tmp_path, page), str(tmp_path / "out.png")
    picture.full(path, {"contrast": 100}, out)
    with Image.open(out) as clear:
        light = np.asarray(clear)
    assert np.percentile(light, 50) > 235
    assert np.percentile(light[:, :300], 2) < 90
    picture.full(path, {"contrast": 50}, out)
    with Image.open(out) as half:
        assert np.asarray(page).mean() < np.asarray(half).mean() < light.mean()
    picture.full(master(tmp_path, page.convert("RGB")), {"contrast": 100}, out)
    with Image.open(out) as coloured:
        assert coloured.mode == "RGB"


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_the_whole_page_is_without_loss(tmp_path: Path, mode: str) -> None:
    page = draw.text_page(mode=mode)
    for name in ("out.png", "out.tif"):
        made = picture.full(master(tmp_path, page), {}, str(tmp_path / name))
        assert made == {"width": 620, "height": 877, "dpi": 300}
        with Image.open(tmp_path / name) as whole:
            assert whole.mode == mode
            assert whole.tobytes() == page.tobytes()
            assert round(whole.info["dpi"][0]) == 300


def test_a_wrong_recipe_or_a_broken_master_is_refused(tmp_path: Path) -> None:
    path = master(tmp_path, corner())
    with pytest.raises(Refused, match="WB-8011"):
        picture.render(path, {"rotate": 1}, str(tmp_path))
    Path(path).write_bytes(Path(path).read_bytes()[:200])
    with pytest.raises(Refused, match="WB-8021"):
        picture.render(path, {}, str(tmp_path))
