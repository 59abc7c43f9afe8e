"""What stands in the pages of docs/: named files, and console sessions with what they print.

A block whose language is followed by a name is a file of the example. A `console` block is a session: `$ COMMAND`, then
its output, where `...` stands for anything and a last line `[1]` is the exit status. `&` at the end of a command leaves
it running. `console edit FILE OLD NEW` is a block before which a reader edits that file, as the prose says.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
_BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block. rest: what stands behind its language; line: of its fence, from 1."""

    language: str
    rest: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Command:
    """One line of a session, what it must print, and its exit status."""

    line: str
    output: str
    status: int = 0

    @property
    def words(self) -> list[str]:
        return shlex.split(self.line.removesuffix("&"))

    @property
    def stays(self) -> bool:
        return self.line.endswith("&")


def blocks(page: Path, *, every: bool = False) -> Iterator[Block]:
    """The fenced blocks that name a language; or every one."""
    text = page.read_text("utf-8")
    for found in _BLOCK.finditer(text):
        if found[1] or every:
            yield Block(found[1], found[2].strip(), found[3], text.count("\n", 0, found.start()) + 1)


def files(page: Path) -> dict[str, str]:
    """The named files of a page, by their path."""
    return {block.rest: block.text for block in blocks(page) if block.rest and block.language != "console"}


def session(text: str) -> Iterator[Command]:
    """The commands of a console block."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        status = re.search(r"^\[(\d+)\]\n\Z", output, re.MULTILINE)
        if status:
            output = output[: status.start()]
        yield Command(line.strip(), output, int(status[1]) if status else 0)


def fits(expected: str, got: str) -> bool:
    """Whether the output is as the page says; `...` is anything."""
    pattern = ".*".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, got.strip(), re.DOTALL) is not None
