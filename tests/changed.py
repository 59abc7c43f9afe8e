"""A text with other words in it."""

from __future__ import annotations

import re
from collections.abc import Mapping


def changed(text: str, changes: Mapping[str, object], of: str = "the text") -> str:
    """Each old word in its new form, in one walk: a new word that holds another old one stays as it is.

    Done one after the other, a port 25751 that was put in was taken for 2575 once in a thousand runs.
    """
    for old in changes:
        assert old in text, f"{of} has no {old!r} any more"
    return re.sub("|".join(map(re.escape, changes)), lambda found: str(changes[found[0]]), text)
