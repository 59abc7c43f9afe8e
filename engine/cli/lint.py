"""Check the text of a site: routes.yaml, what it includes, and its transforms.

Prints each fault as `file:line:column: code what is wrong; what to write`. Starts nothing and reaches nobody.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from types import ModuleType

from engine.cli.main import FINDINGS, GOOD, show_problems
from engine.registry import Registry, names
from engine.site.json_schema import Schema, schema
from engine.site.lint import lint
from engine.transform import mapping


def arguments(parser: argparse.ArgumentParser) -> None:
    """What is printed instead of the faults."""
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of routes.yaml, for editors")


def run(options: argparse.Namespace) -> int:
    """0 when the site has no fault, else 1."""
    if getattr(options, "schema", False):
        sys.stdout.write(schema_text())
        return GOOD
    problems = lint(options.site, Registry(), mapping.load)
    show_problems(problems, options.json)
    if not options.json:
        count = len(problems)
        sys.stdout.write("good\n" if not count else f"{count} problem{'s' if count > 1 else ''}\n")
    return FINDINGS if problems else GOOD


def schema_text() -> str:
    """`docs/routes.schema.json`: the grammar with every channel and verb of this installation."""
    registry = Registry()
    channels = _modules(names("channels"), registry.channel)
    made: Schema = schema(channels, _modules(names("engine.steps"), registry.verb))
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def _modules(words: tuple[str, ...], find: Callable[[str], ModuleType]) -> dict[str, ModuleType]:
    """The modules that hold settings; the others are no channels or verbs."""
    found: dict[str, ModuleType] = {}
    for word in words:
        try:
            found[word] = find(word)
        except LookupError:
            continue
    return found
