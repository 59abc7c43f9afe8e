"""Check the text of a site: routes.yaml, what it includes, and its transforms.

Prints each fault as `file:line:column: code what is wrong; what to write`. Starts nothing and reaches nobody.
"""

from __future__ import annotations

import argparse
import sys

from engine.cli.main import FINDINGS, GOOD, show_problems
from engine.registry import Registry
from engine.site.lint import lint
from engine.transform import mapping


def arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing of its own."""


def run(options: argparse.Namespace) -> int:
    """0 when the site has no fault, else 1."""
    problems = lint(options.site, Registry(), mapping.load)
    show_problems(problems, options.json)
    if not options.json:
        count = len(problems)
        sys.stdout.write("good\n" if not count else f"{count} problem{'s' if count > 1 else ''}\n")
    return FINDINGS if problems else GOOD
