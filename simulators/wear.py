"""Makes a clean page look as if it had lived in a folder and gone through a scanner.

The same picture, seed and strength give the same result.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Effect = Callable[[Image.Image, random.Random, float], Image.Image]
Grey = NDArray[np.float32]


def wear(image: Image.Image, seed: int, strength: float = 0.5, effects: Collection[str] | None = None) -> Image.Image:
    """The page after use. strength: 0 (as new) to 1 (barely legible).

    effects: exactly these, of `EFFECTS` and `FAULTS`; without it, some of `EFFECTS` by chance.
    """
    chance = random.Random(f"wear {seed}")
    worn = image.convert("L")
    for name, effect in (EFFECTS | FAULTS).items():
        own = random.Random(f"{name} {seed}")
        if name in effects if effects is not None else name in EFFECTS and chance.random() < LIKELY[name]:
            worn = effect(worn, own, strength)
    return worn


def blank(
    seed: int, strength: float = 0.5, size: tuple[int, int] = (2481, 3507), front: Image.Image | None = None
) -> Image.Image:
    """The empty back of a sheet; front: what shines through, mirrored and very pale."""
    sheet = Image.new("L", size, 250)
    if front is not None:
        shine = front.convert("L").resize(size).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        sheet = Image.blend(sheet, shine.filter(ImageFilter.GaussianBlur(3)), 0.02 + 0.03 * strength)
    return wear(sheet, seed, strength, ("light", "noise", "jpeg"))


def skew(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """Fed askew: up to 3 degrees."""
    return image.rotate(chance.uniform(-3, 3) * strength, Image.Resampling.BICUBIC, fillcolor=250)


def blur(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """A lens that is not clean."""
    return image.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.2) * strength * image.width / 2481))


def light(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """A shadow from one side."""
    across = np.linspace(0, 1, image.width, dtype=np.float32)[None, :]
    down = np.linspace(0, 1, image.height, dtype=np.float32)[:, None]
    shade = 1 - 0.45 * strength * (chance.random() * across + chance.random() * (1 - down)) / 2
    return _picture(_grey(image) * shade.astype(np.float32))


def stains(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """Rings of cups, and spots."""
    small = (max(1, image.width // 8), max(1, image.height // 8))
    mask = Image.new("L", small, 0)
    draw = ImageDraw.Draw(mask)
    for _ in range(1 + round(3 * strength)):
        x, y, r = chance.randrange(small[0] + 1), chance.randrange(small[1] + 1), chance.randrange(12, 45)
        deep = round(40 + 90 * strength * chance.random())
        draw.ellipse((x - r, y - r, x + r, y + r), outline=deep, width=3, fill=deep // 3)
    mask = mask.filter(ImageFilter.GaussianBlur(1.5)).resize(image.size)
    return _picture(_grey(image) - np.asarray(mask, np.float32) * 0.6)


def holes(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """Of a ring binder: dark, for the scanner's lid is."""
    punched = image.copy()
    draw = ImageDraw.Draw(punched)
    r, x = image.width // 70, image.width // 22 + chance.randrange(max(1, image.width // 80))
    for y in (0.37, 0.63):
        middle = round(image.height * y)
        draw.ellipse((x - r, middle - r, x + r, middle + r), fill=round(120 - 80 * strength))
    return punched


def noise(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """Of the sensor, and a few dark specks."""
    made = np.random.default_rng(chance.randrange(2**32))
    tile = made.standard_normal((512, 512), dtype=np.float32) * (12 * strength)
    tile[made.random((512, 512)) < 0.0004 * strength] -= 160
    times = (image.height // 512 + 1, image.width // 512 + 1)
    return _picture(_grey(image) + np.tile(tile, times)[: image.height, : image.width])


def jpeg(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """Saved too small."""
    out = BytesIO()
    image.save(out, "JPEG", quality=round(85 - 45 * strength * chance.uniform(0.5, 1)))
    return Image.open(BytesIO(out.getvalue())).convert("L")


def dark(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """Scanned much too dark."""
    return image.point(lambda value: value * (0.5 - 0.25 * strength))


def pale(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """A copy of a copy: letters hardly darker than the paper."""
    return image.point(lambda value: 255 - (255 - value) * (0.4 - 0.25 * strength))


def cut(image: Image.Image, chance: random.Random, strength: float) -> Image.Image:
    """The sheet slipped: a part of it is beyond the edge, and the lid shows at the other side."""
    far = round(image.width * (0.06 + 0.14 * strength))
    moved = Image.new("L", image.size, 30)
    moved.paste(image, (far if chance.random() < 0.5 else -far, 0))
    return moved


EFFECTS: dict[str, Effect] = {
    "stains": stains, "holes": holes, "skew": skew, "light": light, "blur": blur, "noise": noise, "jpeg": jpeg,
}  # fmt: skip
"""In the order in which they happen."""
FAULTS: dict[str, Effect] = {"dark": dark, "pale": pale, "cut": cut}
"""For which a page is scanned again."""
LIKELY = {"stains": 0.25, "holes": 0.5, "skew": 0.8, "light": 0.6, "blur": 0.7, "noise": 0.9, "jpeg": 0.8}


def _grey(image: Image.Image) -> Grey:
    return np.asarray(image.convert("L"), np.float32)


def _picture(grey: Grey) -> Image.Image:
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
