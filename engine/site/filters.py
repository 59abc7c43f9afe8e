"""The closed list of filters in `$(name/path|filter)`: each takes one text (or bytes) and gives a text.

`filename` makes one safe folder or file name out of any text: different texts give different names, also on
file systems that ignore case.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import date, datetime

from engine.message import Blob, Refused, Value

BAD_INPUT = "WB-2009"  # a value that a filter, or a text around it, cannot take

NAMES = ("filename", "date", "upper", "lower", "trim", "base64", "sha256", "default")
WITH_ARGUMENT = frozenset({"date", "default"})

MAX_NAME = 120  # bytes of UTF-8: two levels and the site's folder stay below the 260 characters of Windows
_HASH = 32
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")
_SAFE = re.compile(r"[a-z0-9_.\-\u3400-\u4dbf\u4e00-\u9fff]")  # no capitals: see `filename`

_FORMAT = re.compile(r"(?:%[YmdHMS]|[-/.:_ T年月日时分秒])+")


def check(name: str, argument: str | None) -> str:
    """What is wrong with a filter as it is written; empty when nothing is."""
    if name not in NAMES:
        return f"unknown filter `{name}`"
    if name in WITH_ARGUMENT and argument is None:
        return f"the filter `{name}` needs `{name}:{'%Y-%m-%d' if name == 'date' else 'TEXT'}`"
    if name not in WITH_ARGUMENT and argument is not None:
        return f"the filter `{name}` takes nothing after `:`"
    if name == "date" and not _FORMAT.fullmatch(argument or ""):
        return f"`{argument}` is no date format: use %Y %m %d %H %M %S and signs such as - / . : between"
    return ""


def apply(name: str, argument: str | None, value: Value) -> Value:
    """The filtered value; raises `Refused` when the value is of a kind that the filter cannot take."""
    if name == "default":
        return argument if value is None or value == "" else value
    data = _data(name, value)
    if name == "base64":
        return base64.b64encode(data).decode("ascii")
    if name == "sha256":
        return hashlib.sha256(data).hexdigest()
    text = as_text(value, f"the filter `{name}`")
    if name == "date":
        return format_date(text, argument or "")
    return _TEXT[name](text)


def as_text(value: Value, where: str) -> str:
    """One value as text, for a filter or inside a longer text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    kind = "nothing" if value is None else "a document" if isinstance(value, Blob) else "no single text"
    raise Refused(BAD_INPUT, f"{where} needs a text, and the value is {kind}")


def _data(name: str, value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    return as_text(value, f"the filter `{name}`").encode("utf-8", "surrogatepass")


def filename(text: str) -> str:
    """A name that is safe on Windows and elsewhere, never empty, never `.` or `..`, at most MAX_NAME bytes.

    Whatever is not `a-z 0-9 _ . -` or a Chinese character is percent-encoded; capitals too, or `A` and `a` would be one
    folder where case is ignored. A name that Windows reserves, or that ends in a dot, ends in a hash as well; a long
    one is cut and ends in a hash of the whole.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    pieces = [char if _SAFE.fullmatch(char) else _percent(char) for char in text]
    special = not text or text.endswith(".") or _RESERVED.match(text) is not None
    if special and text:
        pieces[-1] = _percent(text[-1])
        pieces[0] = _percent(text[0])
    if pieces and text.startswith("."):
        pieces[0] = _percent(".")  # a hidden file, or `..`
    name = "".join(pieces) + (f"~{digest[:10]}" if special else "")
    if len(name.encode()) <= MAX_NAME:
        return name
    return _cut(pieces, MAX_NAME - _HASH - 1) + "~" + digest[:_HASH]


def _percent(char: str) -> str:
    return "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))


def _cut(pieces: list[str], limit: int) -> str:
    """Whole pieces up to `limit` bytes, so that no percent sign is left without its digits."""
    size, kept = 0, []
    for piece in pieces:
        size += len(piece.encode())
        if size > limit:
            break
        kept.append(piece)
    return "".join(kept)


def parse_date(text: str) -> datetime:
    """A date, or a date with a time, as hospital systems write them; raises ValueError.

    `2026-11-20`, `2026/11/20`, `20261120`, each also followed by `hh:mm`, `hh:mm:ss` or `hhmmss`, with a fraction and
    a zone that are left out.
    """
    match = re.fullmatch(
        r"\s*(\d{4})([-/.]?)(\d{2})\2(\d{2})(?:[T ]?(\d{2}):?(\d{2})(?::?(\d{2})(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?\s*",
        text,
    )
    if match is None:
        raise ValueError("not a date")
    year, month, day, hour, minute, second = (int(match[i] or 0) for i in (1, 3, 4, 5, 6, 7))
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a local time of the sender, as written


def format_date(value: str | date, form: str) -> str:
    """A date in a form of `strftime`, such as `%Y-%m-%d` or `%H:%M:%S`; an empty text stays empty."""
    if value == "":
        return ""
    try:
        moment = parse_date(value) if isinstance(value, str) else value
    except ValueError:
        raise Refused(BAD_INPUT, "the filter `date` needs a date such as 2026-11-20 or 20261120") from None
    # strftime does not fill the year to four digits on every system.
    return moment.strftime(form.replace("%Y", f"{moment.year:04d}"))


_TEXT: dict[str, Callable[[str], str]] = {
    "filename": filename,
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
}
