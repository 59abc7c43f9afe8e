"""Days as people write them, in English, Spanish and Chinese."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_MONTHS = (
    "january february march april may june july august september october november december",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
MONTHS = {name: place for line in _MONTHS for place, name in enumerate(line.split(), 1)}
MONTHS |= {name[:3]: place for name, place in MONTHS.items()} | {"sept": 9, "setiembre": 9}

_NAME = "|".join(sorted(MONTHS, key=len, reverse=True))
FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # The year first, as ISO 8601 and Chinese have it. Reading may put gaps between the characters.
        r"(?<!\d)(?P<y>\d{4})\s?[-/.年]\s?(?P<m>\d{1,2})\s?[-/.月]\s?(?P<d>\d{1,2})(?!\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})\.?\s(?:de\s)?(?P<n>{_NAME})\.?,?\s(?:de\s)?(?P<y>\d{{4}})(?!\d)",
        rf"\b(?P<n>{_NAME})\.?\s(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y>\d{{4}})(?!\d)",
        # The day first: so in Spanish, and in most English that is not of the United States.
        r"(?<!\d)(?P<d>\d{1,2})\s?[-/.]\s?(?P<m>\d{1,2})\s?[-/.]\s?(?P<y>\d{4})(?!\d)",
    )
)
EARLIEST = 1900


def found(text: str) -> list[tuple[int, int, str]]:
    """(begin, end, YYYY-MM-DD) of every day in a text, in its order. What is no day of the calendar is left out."""
    plain = "".join(_plain(letter) for letter in text)
    days: list[tuple[int, int, str]] = []
    for form in FORMS:
        for match in form.finditer(plain):
            day = _day(match)
            if day and not any(begin < match.end() and match.start() < end for begin, end, _ in days):
                days.append((match.start(), match.end(), day))
    return sorted(days)


def _plain(letter: str) -> str:
    """One character for one, without its accent, so that places stay."""
    folded = unicodedata.normalize("NFKD", letter)
    return folded[0] if folded else letter


def _day(match: re.Match[str]) -> str:
    parts = match.groupdict()
    month = MONTHS[parts["n"].lower()] if parts.get("n") else int(parts["m"])
    try:
        day = date(int(parts["y"]), month, int(parts["d"]))
    except ValueError:
        return ""
    return day.isoformat() if day.year >= EARLIEST else ""
