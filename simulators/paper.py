"""Draws pages of invented paper records: A4 at 300 dpi, with their true text and what a clerk would index them with.

python -m simulators.paper OUT.png KIND en|es|zh SEED [LAYOUT]
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from PIL import Image, ImageDraw, ImageFont

from simulators.paper_text import AMBIGUOUS, HELD_OUT, KINDS, LANGUAGES, LAYOUTS, Content, Patient, Section
from simulators.paper_text import content as content_of
from simulators.paper_text import patient as patient

__all__ = ["AMBIGUOUS", "HELD_OUT", "KINDS", "LANGUAGES", "LAYOUTS", "Page", "Patient", "page", "patient"]

FONTS = Path("/usr/share/fonts/truetype")
CHINESE = "droid/DroidSansFallbackFull.ttf"
"""Of the Debian package fonts-droid-fallback; it has no Latin letters."""
DPI = 300
INK = 25
Page = tuple[Image.Image, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Style:
    """How a layout looks. Sizes in points, margins in millimetres."""

    font: str
    bold: str
    size: float = 11
    margin: float = 20
    head: Literal["centre", "left", "right"] = "centre"
    fields: Literal["two", "list", "grid"] = "two"
    section: Literal["plain", "bar", "rule"] = "plain"
    table: Literal["grid", "rules", "plain"] = "rules"
    bullet: str = ""


SANS, SERIF, MONO, DEJAVU, DEJAVU_SERIF = (
    Style(f"{name}-Regular.ttf" if "liberation" in name else f"{name}.ttf", f"{name}-Bold.ttf")
    for name in (
        "liberation/LiberationSans", "liberation/LiberationSerif", "liberation/LiberationMono", "dejavu/DejaVuSans",
        "dejavu/DejaVuSerif",
    )
)  # fmt: skip
STYLES = (
    Style(SANS.font, SANS.bold),
    Style(DEJAVU.font, DEJAVU.bold, 10, 17, "left", "grid", "bar", "grid"),
    Style(SERIF.font, SERIF.bold, 12, 25, "right", "list", "plain", "plain"),
    Style(SANS.font, SANS.bold, 10.5, 18, "left", "two", "rule", "grid", "- "),
    Style(DEJAVU_SERIF.font, DEJAVU_SERIF.bold, 10, 22, "centre", "grid", "rule", "rules"),
    Style(MONO.font, MONO.bold, 10, 16, "left", "list", "plain", "rules", "* "),
)


def page(
    kind: str, language: str, patient: Patient, seed: int, layout: int = 0, *,
    number: int = 1, pages: int = 1, dpi: int = DPI,
) -> Page:  # fmt: skip
    """(picture, true text in reading order, {kind, language, layout, title, date, department, department_name,
    laboratory_number, author, patient, page, pages}). Pages of one seed and layout are of one document."""
    words = content_of(kind, language, patient, seed, layout, number=number, pages=pages)
    drawn = Drawing(STYLES[layout], dpi)
    if number == 1:
        drawn.head(words)
    else:
        drawn.line(f"{words.title}   {patient.name}   {patient.number}", bold=True)
        drawn.gap(2)
    if words.trace and number == 1:
        drawn.trace(random.Random(f"trace {seed}"))
    for section in words.sections:
        drawn.section(section)
    drawn.foot(words.foot)
    return drawn.image, "\n".join(drawn.said), dict(words.about)


class Drawing:
    """One sheet that is filled from above. said: every line that was drawn, in reading order."""

    def __init__(self, style: Style, dpi: int) -> None:
        self.style, self.dpi = style, dpi
        self.width, self.height = round(8.27 * dpi), round(11.69 * dpi)
        self.image = Image.new("L", (self.width, self.height), 255)
        self.draw = ImageDraw.Draw(self.image)
        self.left, self.right = self.mm(style.margin), self.width - self.mm(style.margin)
        self.y, self.end = self.mm(15), self.height - self.mm(22)
        self.said: list[str] = []

    def mm(self, length: float) -> int:
        """Millimetres as pixels."""
        return round(length / 25.4 * self.dpi)

    def gap(self, length: float) -> None:
        """Room, in millimetres."""
        self.y += self.mm(length)

    def head(self, words: Content) -> None:
        """Letterhead, title and the labelled values."""
        where = self.style.head
        self.line(words.hospital, 1.35, bold=True, where=where)
        self.line(words.street, 0.9, where=where)
        self.rule()
        self.gap(4)
        self.line(words.title, 1.7, bold=True, where="centre" if where != "left" else "left")
        self.gap(4)
        if self.style.fields == "list":
            for label, value in words.fields:
                self.line(f"{label}: {value}")
        else:
            self._pairs(words.fields)
        self.gap(5)

    def _pairs(self, fields: tuple[tuple[str, str], ...]) -> None:
        middle, step = (self.left + self.right) // 2, self._step(1)
        for place in range(0, len(fields), 2):
            row = [f"{label}: {value}" for label, value in fields[place : place + 2]]
            for x, text in zip((self.left, middle), row, strict=False):
                if self.style.fields == "grid":
                    box = (x, self.y, x + middle - self.left, self.y + round(step * 1.25))
                    self.draw.rectangle(box, outline=INK, width=max(1, self.dpi // 150))
                self._write(x + self.mm(1.5), self.y + round(step * 0.12), text, 1, False)
            self.said.append("  ".join(row))
            self.y += round(step * 1.25)

    def section(self, section: Section) -> None:
        """Its heading and what is below it, as far as the sheet has room."""
        if self.y > self.end - self.mm(14):
            return
        if self.style.section == "bar":
            box = (self.left, self.y, self.right, self.y + self._step(1.1))
            self.draw.rectangle(box, fill=214)
        self.line(section.head, 1.1, bold=True)
        if self.style.section == "rule":
            self.rule()
        self.gap(1)
        for text in section.lines:
            self.paragraph(self.style.bullet + text)
        if section.columns:
            self._table(section)
        self.gap(4)

    def paragraph(self, text: str) -> None:
        """A sentence, broken where the line ends."""
        for part in self._broken(text, self.right - self.left):
            self.line(part)

    def _broken(self, text: str, room: int) -> list[str]:
        """By words, and by characters where there are none."""
        lines, line = [], ""
        words = [text] if not any(_chinese(letter) for letter in text) else list(text)
        for word in words if len(words) > 1 else text.split(" "):
            glue = "" if len(words) > 1 or not line else " "
            # A line does not begin with a full stop.
            if line and word not in "，。？：；" and self._length(line + glue + word, 1, False) > room:
                lines.append(line)
                line = word
            else:
                line += glue + word
        return [*lines, line]

    def _table(self, section: Section) -> None:
        room = (self.right - self.left) // len(section.columns)
        for number, row in enumerate((section.columns, *section.rows)):
            step = round(self._step(1) * 1.15)
            if self.y + step > self.end:
                return
            for place, cell in enumerate(row):
                x = self.left + place * room
                if self.style.table == "grid":
                    self.draw.rectangle(
                        (x, self.y, x + room, self.y + step), outline=INK, width=max(1, self.dpi // 150)
                    )
                self._write(x + self.mm(1), self.y + round(step * 0.08), cell, 1, number == 0)
            self.said.append("  ".join(row))
            self.y += step
            if self.style.table == "rules" and number == 0:
                self.rule()

    def line(self, text: str, scale: float = 1, *, bold: bool = False, where: str = "left") -> None:
        """One line of text at the place where the sheet is filled to."""
        step = self._step(scale)
        if self.y + step > self.end:
            return
        length = self._length(text, scale, bold)
        x = {"left": self.left, "centre": (self.width - length) // 2, "right": self.right - length}[where]
        self._write(x, self.y, text, scale, bold)
        self.said.append(text)
        self.y += step

    def rule(self) -> None:
        """A line across."""
        self.draw.line((self.left, self.y, self.right, self.y), fill=INK, width=max(1, self.dpi // 120))
        self.gap(1.2)

    def trace(self, chance: random.Random) -> None:
        """Three leads of a heart's current."""
        for _ in range(3):
            points, x = [], float(self.left)
            while x < self.right:
                for dx, dy in (
                    (4, 0),
                    (1, -1),
                    (1, 0),
                    (2, 0),
                    (0.5, 1),
                    (0.7, -9),
                    (0.7, 11),
                    (0.6, -2),
                    (3, 0),
                    (2, -2),
                ):
                    x += self.mm(dx) * chance.uniform(0.95, 1.05)
                    points.append((x, self.y + self.mm(12 + dy)))
            self.draw.line(points, fill=INK, width=max(1, self.dpi // 120))
            self.gap(22)

    def foot(self, text: str) -> None:
        """The page's number."""
        self._write((self.width - self._length(text, 0.9, False)) // 2, self.height - self.mm(15), text, 0.9, False)
        self.said.append(text)

    def _step(self, scale: float) -> int:
        return round(self.style.size * scale * 1.5 * self.dpi / 72)

    def _length(self, text: str, scale: float, bold: bool) -> int:
        return round(sum(self._font(cjk, scale, bold).getlength(part) for cjk, part in _runs(text)))

    def _write(self, x: float, y: float, text: str, scale: float, bold: bool) -> None:
        # Both fonts stand on one line, whatever their heights.
        base = y + self.style.size * scale * 1.15 * self.dpi / 72
        for cjk, part in _runs(text):
            font = self._font(cjk, scale, bold)
            thick = self.dpi // 300 if cjk and bold else 0
            self.draw.text((x, base), part, fill=INK, font=font, anchor="ls", stroke_width=thick)
            x += font.getlength(part)

    def _font(self, cjk: bool, scale: float, bold: bool) -> ImageFont.FreeTypeFont:
        name = CHINESE if cjk else self.style.bold if bold else self.style.font
        return _font(name, round(self.style.size * scale * self.dpi / 72))


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / name), size)


def _runs(text: str) -> list[tuple[bool, str]]:
    return [(cjk, "".join(part)) for cjk, part in groupby(text, key=_chinese)]


def _chinese(letter: str) -> bool:
    return ord(letter) >= 0x2E80


def main(arguments: list[str]) -> int:
    """Draw one page; exit status 2 on wrong use."""
    if len(arguments) not in (4, 5) or arguments[2] not in LANGUAGES:
        print(__doc__)
        return 2
    target, kind, language, seed = arguments[:4]
    layout = int(arguments[4]) if len(arguments) == 5 else 0
    image, text, about = page(kind, language, patient(language, int(seed)), int(seed), layout)
    image.save(target, dpi=(DPI, DPI))
    print(text)
    print({name: value for name, value in about.items() if name != "patient"})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
