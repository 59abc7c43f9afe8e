"""What the daemon writes to its standard error: one line for each record, as text or as JSON, nothing of a patient.

An exception's own text may quote what it met, so only its kind and place are written. What Twisted logs goes the same
way.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

LONGEST = 2000
"""Characters of one record's text; more is cut."""
FRAMES = 4

Format = Literal["text", "json"]
QUIET = ("asyncio", "uvicorn.access", "hypercorn")

_CODE = re.compile(r"\bWB-\d{4}\b")
_NAMED = {
    "run": re.compile(r"\brun ([0-9a-f]{8}-[0-9a-f-]{27})\b"),
    "route": re.compile(r"\broute ([a-z][a-z0-9_]{0,62})\b"),
    "connection": re.compile(r"\bconnection ([a-z][a-z0-9_]{0,62})\b"),
}
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def setup(environment: Mapping[str, str] = os.environ, stream: TextIO | None = None) -> None:
    """Log as `WAYBILL_LOG` (a level) and `WAYBILL_LOG_FORMAT` (text, json) say."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Json() if environment.get("WAYBILL_LOG_FORMAT", "text") == "json" else Plain())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(_level(environment.get("WAYBILL_LOG", "INFO")))
    for noisy in QUIET:
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _level(word: str) -> int:
    return logging.getLevelNamesMapping().get(word.upper(), logging.INFO)


def twisted() -> None:
    """What Twisted logs from now on is a record like any other; once a process, after the reactor is installed."""
    from twisted.logger import globalLogBeginner

    observer: Any = _event
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)


def _event(event: dict[str, Any]) -> None:
    """Only what went wrong; of it, the kind and the place."""
    level = str(getattr(event.get("log_level"), "name", "info"))
    if level not in ("warn", "error", "critical"):
        return
    failure = event.get("log_failure")
    what = "an error in Twisted"
    if failure is not None:
        frames = [f"{name} line {line}" for name, _, line, *_ in failure.frames[-FRAMES:]]
        what = f"{getattr(failure.type, '__name__', '?')} in {' < '.join(reversed(frames)) or '?'}"
    name = str(event.get("log_namespace", "twisted"))
    logging.getLogger(name).log(logging.WARNING if level == "warn" else logging.ERROR, "%s", what)


def text_of(record: logging.LogRecord) -> str:
    """The record in one line of bounded length."""
    try:
        text = record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit the message
        text = str(record.msg)
    if record.exc_info and record.exc_info[0] is not None:
        text = f"{text}: {_where(record.exc_info)}"
    line = _BREAKS.sub(" ", text).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def _where(exc_info: Any) -> str:
    kind, _, trace = exc_info
    frames = traceback.extract_tb(trace)[-FRAMES:]
    return f"{kind.__name__} in " + (" < ".join(f"{one.name} line {one.lineno}" for one in reversed(frames)) or "?")


class Plain(logging.Formatter):
    """`2026-11-21 14:20:03,120 INFO engine.wiring waybill is up: exam_report`"""

    def format(self, record: logging.LogRecord) -> str:
        return f"{self.formatTime(record)} {record.levelname} {record.name} {text_of(record)}"


class Json(logging.Formatter):
    """One object a line: time, level, logger, text, and code, run, route, connection where the record names them."""

    def format(self, record: logging.LogRecord) -> str:
        text = text_of(record)
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        told: dict[str, str] = {"time": at, "level": record.levelname.lower(), "logger": record.name}
        code = _CODE.search(text)
        if code is not None:
            told["code"] = code[0]
        for name, pattern in _NAMED.items():
            given = getattr(record, name, None)
            found = pattern.search(text)
            if given is not None or found is not None:
                told[name] = str(given)[:100] if given is not None else found[1]  # type: ignore[index]
        told["text"] = text
        return json.dumps(told, ensure_ascii=False)
