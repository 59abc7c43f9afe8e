"""Commands in the pages: each option that is shown is one that the command has."""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import commands
from tests.docs.pages import PAGES, blocks

INLINE = re.compile(r"`(?:sudo [^`]*?)?waybill ([a-z-]+)([^`\n]*)`")
LINE = re.compile(r"^ *(?:\$ |ExecStart=\S*/)?waybill ([a-z-]+)([^#\n]*)", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
PASSED_ON = {"simulate"}
"""Commands whose options belong to another program."""


def shown(page: Path) -> Iterator[tuple[str, str]]:
    """Command and what stands behind it."""
    yield from INLINE.findall(page.read_text("utf-8"))
    for block in blocks(page, every=True):
        yield from LINE.findall(block.text)


def options(command: str) -> set[str]:
    """Every option of a command, those of its acts too."""
    module: Any = importlib.import_module(f"engine.cli.{commands()[command].stem}")
    parser = argparse.ArgumentParser()
    module.arguments(parser)
    return {"--site", "--json", "--help", *_options(parser)}


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield from _options(inner)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_options_exist(page: Path):
    unknown = [
        f"waybill {command} {option}"
        for command, rest in shown(page)
        if command not in PASSED_ON
        for option in OPTION.findall(rest)
        if command not in commands() or option not in options(command)
    ]
    assert not unknown


def test_there_are_such():
    assert ("reload", " --route results --to PREVIOUS") in set(
        shown(next(page for page in PAGES if page.name == "first-route.md"))
    )
    assert len([one for page in PAGES for one in shown(page)]) > 60
    assert "--to" in options("reload")
