"""Plug-ins: a Python file of the site with `def transform(values: dict, settings: dict)`, run only in a worker.

`values` holds `body`, `meta`, `run` and what the steps left (XML as `engine.message.Xml`, HL7 as `Hl7`, JSON as dicts
and lists); `settings` is the step's own map of texts. What it returns is the step's value.
"""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Callable, Mapping
from copy import deepcopy
from os import fspath
from pathlib import Path
from typing import Any

from engine.message import Blob, Hl7, Refused, Value, Xml
from engine.transform.files import BAD_FILE, Compiled
from engine.transform.xslt import RunHeader, StrPath

FAILED = "WB-2401"
"""A plug-in raised something."""
NO_VALUE = "WB-2402"
"""A plug-in returned what is no value."""
DEEPEST = 64
WORD = "transform"

Transform = Callable[[dict[str, Value], dict[str, str]], Value]


def _compile(path: str) -> tuple[Transform, list[str]]:
    name = Path(path).name
    names: dict[str, Any] = {"__name__": f"plugin_{Path(path).stem}", "__file__": path}
    try:
        with _quiet():
            exec(compile(Path(path).read_bytes(), path, "exec"), names)  # noqa: S102 (the site's own code, in a worker)
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001 (whatever its author wrote)
        raise Refused(BAD_FILE, f"{name}: {_where(error, path)}") from None
    transform = names.get(WORD)
    if not callable(transform):
        raise Refused(BAD_FILE, f"{name}: it has no function `{WORD}(values, settings)`")
    return transform, [path]


plugins: Compiled[Transform] = Compiled(_compile)


def plugin(
    path: StrPath, values: Mapping[str, Value], header: RunHeader, settings: Mapping[str, str] | None = None
) -> Value:
    """What a plug-in makes of the values. Raises `Refused` with type and line of what it raised, never its text."""
    transform = plugins.get(fspath(path))
    run = {"id": header.id, "seq": header.seq, "at": header.at, "attempt": header.attempt, "key": header.key}
    try:
        with _quiet():
            made = transform({**deepcopy(dict(values)), "run": run}, dict(settings or {}))
    except MemoryError:
        raise
    except BaseException as error:  # noqa: BLE001 (SystemExit too: it is this step that fails, not the worker)
        raise Refused(FAILED, f"{Path(path).name}: {_where(error, fspath(path))}") from None
    fault = _fault(made, 0)
    if fault:
        raise Refused(NO_VALUE, f"{Path(path).name}: {fault}")
    return made


@contextlib.contextmanager
def _quiet() -> Any:
    """What it prints goes nowhere: it may be a patient's."""
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        yield


class _Nowhere(io.TextIOBase):
    def write(self, text: str) -> int:
        return len(text)


def _where(error: BaseException, path: str) -> str:
    """Type, and the last line of the plug-in itself that was reached."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    line = lines[-1] if lines else error.lineno if isinstance(error, SyntaxError) else None
    return f"{type(error).__name__}{f' at line {line}' if line else ''}"


def _fault(value: Any, depth: int) -> str:
    """Why something is no value; empty when it is one."""
    if value is None or isinstance(value, str | bool | int | float | bytes | Blob):
        return ""
    if isinstance(value, Xml | Hl7):
        data: Any = value.data  # whatever a plug-in's author put there
        return "" if isinstance(data, bytes) else "what it returned holds XML or HL7 that is not bytes"
    if depth >= DEEPEST:
        return "what it returned is nested too deeply"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "what it returned has a key that is not a text"
        return next(filter(None, (_fault(item, depth + 1) for item in value.values())), "")
    if isinstance(value, list):
        return next(filter(None, (_fault(item, depth + 1) for item in value)), "")
    return f"what it returned holds a {type(value).__name__}, which is no value"
