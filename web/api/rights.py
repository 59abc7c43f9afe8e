"""Which role may open which screen and do what there (SCREENS.md).

A right is a word; a screen's right is its name. Whoever lacks `names` sees `示**` in lists.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.ops.users import ROLES

EVERYONE = frozenset(ROLES)

RIGHTS: dict[str, frozenset[str]] = {
    "today": EVERYONE,
    "worklist": frozenset({"OP", "PH", "AD"}),
    "patients": frozenset({"OP", "CL", "PH", "AD"}),
    "sign": frozenset({"PH"}),
    "engine": frozenset({"OP", "AN", "AD"}),
    "messages": frozenset({"OP", "AN", "AU"}),
    "runs": frozenset({"OP", "AN"}),
    "attention": frozenset({"OP", "AN"}),
    # A rule may name any of these as those whose alert it is.
    "alerts": frozenset({"OP", "AD", "AN"}),
    "unmatched": frozenset({"OP", "CL", "SC"}),
    "documents": frozenset({"OP", "CL", "PH", "AD"}),
    "scan": frozenset({"SC", "CL", "AD"}),
    "problems": frozenset({"SC", "CL", "OP", "AD"}),
    "tomorrow": frozenset({"CL", "SC"}),
    "records": frozenset({"CL", "PH", "AD"}),
    "duplicates": frozenset({"CL"}),
    "repair": frozenset({"CL", "AD"}),
    "lists": frozenset({"AD"}),
    "users": frozenset({"AD"}),
    # Rights that are no screens: to change filed documents; to print sheets and take in pages.
    "edit": frozenset({"CL", "AD"}),
    "capture": frozenset({"SC"}),
    # Rights that are no screens: to stop, start, pause, probe and reload; patients' names in lists.
    "operate": frozenset({"OP", "AN", "AD"}),
    "names": frozenset({"OP", "CL", "PH", "AD", "SC"}),
}

SCREENS = (
    "today",
    "worklist",
    "patients",
    "sign",
    "engine",
    "messages",
    "runs",
    "attention",
    "alerts",
    "unmatched",
    "scan",
    "problems",
    "tomorrow",
    "records",
    "duplicates",
    "repair",
    "lists",
    "users",
    "documents",
)


def rights_of(roles: Iterable[str]) -> frozenset[str]:
    """The rights that these roles give together."""
    mine = set(roles)
    return frozenset(right for right, allowed in RIGHTS.items() if allowed & mine)


def nav_of(rights: Iterable[str]) -> list[str]:
    """The screens in the order of the navigation."""
    mine = set(rights)
    return [screen for screen in SCREENS if screen in mine]
