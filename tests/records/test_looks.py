"""The look of a page stays over scans, and tells pages apart."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image

from records import ink, looks, skew
from tests.records import pictures as draw

PAGES = [draw.text_page(words, size=(1240, 1754), seed=words) for words in (900, 880, 300, 200, 80)]


def look(page: Image.Image) -> str:
    found = ink.of(page, 150)
    return looks.look(found, skew.measure(found))


def bits(a: str, b: str) -> int:
    return (int(a, 16) ^ int(b, 16)).bit_count()


def scanned_again(page: Image.Image, seed: int) -> Image.Image:
    rng = random.Random(seed)
    moved = page.rotate(
        rng.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor=250, translate=(rng.randint(-12, 12), 9)
    )
    noise = np.random.default_rng(seed).normal(rng.uniform(-20, 0), 8, (1754, 1240))
    return Image.fromarray(np.clip(np.asarray(moved) * 0.9 + noise, 0, 255).astype(np.uint8))


def test_two_scans_of_a_page_look_alike() -> None:
    apart = [bits(look(page), look(scanned_again(page, seed))) for page in PAGES for seed in (1, 2)]
    assert max(apart) <= 10
    assert sum(distance <= 6 for distance in apart) >= 8


def test_two_pages_do_not() -> None:
    known = [look(page) for page in PAGES]
    assert min(bits(a, b) for a in known for b in known if a != b) > 6
    assert len(set(known)) == len(PAGES)


def test_an_empty_page_has_no_look() -> None:
    assert look(Image.new("L", (1240, 1754), 250)) == ""
