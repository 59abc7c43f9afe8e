"""What can be said about a plug-in without running it: whether it is Python, and has its one function."""

from __future__ import annotations

import ast
from pathlib import Path

from engine.site.nodes import Place
from engine.site.problems import BAD_TRANSFORM, Problem

WORD = "transform"
ADVICE = "write `def transform(values: dict, settings: dict)`"


def check(name: str, path: Path) -> list[Problem]:
    """The faults of a plug-in; places are in that file. It is read, never imported."""
    try:
        tree = ast.parse(path.read_bytes(), name)
    except SyntaxError as error:
        place = Place(name, error.lineno or 1, max(error.offset or 1, 1))
        return [Problem(place, BAD_TRANSFORM, f"the plug-in is not Python: {error.msg}", "correct it there")]
    except ValueError as error:  # null bytes; newer Pythons than 3.11.3 call them a SyntaxError
        place = Place(name, 1, 1)
        return [Problem(place, BAD_TRANSFORM, f"the plug-in is not Python: {error}", "save it as text in UTF-8")]
    except (OSError, RecursionError):
        return [Problem(Place(name, 1, 1), BAD_TRANSFORM, "the plug-in cannot be read", "save it as UTF-8")]
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    function = next((node for node in found if node.name == WORD), None)
    if function is None:
        if WORD in {alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom | ast.Import)
                    for alias in node.names}:  # fmt: skip
            return []
        return [Problem(Place(name, 1, 1), BAD_TRANSFORM, f"the plug-in has no function `{WORD}`", ADVICE)]
    given = function.args
    many = len(given.posonlyargs) + len(given.args)
    fits = many - len(given.defaults) <= 2 <= many or given.vararg is not None
    if isinstance(function, ast.AsyncFunctionDef) or not fits or any(d is None for d in given.kw_defaults):
        place = Place(name, function.lineno, function.col_offset + 1)
        return [Problem(place, BAD_TRANSFORM, f"`{WORD}` is not a plain function of two arguments", ADVICE)]
    return []
