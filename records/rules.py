"""Rules by which values are found on pages: a pattern, the label that stands before it, the zone of the page."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Any

from engine.site.patterns import fault
from engine.site.settings import option

LONGEST = 200


class Form(enum.StrEnum):
    """text: as it stands. date: any way of writing a day, kept as YYYY-MM-DD. department: a name of the list."""

    TEXT = "text"
    DATE = "date"
    DEPARTMENT = "department"


@dataclass(frozen=True, slots=True)
class Rule:
    """One value that is looked for. With `after` only behind one of these labels; with `zone` only inside it."""

    name: str = option(
        "what it is kept as, for example `laboratory_number`; `date`, `department`, `author`: of the form"
    )
    pattern: str = option("a regular expression for the whole value; empty: up to the next gap", default="")
    form: Form = option("what it is", default=Form.TEXT)
    after: tuple[str, ...] = option("labels that stand before the value, in any language", default=())
    zone: tuple[float, ...] = option("where it must stand: left, top, width, height in parts of the page", default=())

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", self.name):
            raise ValueError("a name has small letters, digits and `_`")
        if len(self.pattern) > LONGEST:
            raise ValueError(f"a pattern has at most {LONGEST} characters")
        if wrong := fault(self.pattern):
            raise ValueError(f"the pattern: {wrong}")
        if self.zone and (len(self.zone) != 4 or not all(0 <= part <= 1 for part in self.zone)):
            raise ValueError("a zone has four numbers from 0 to 1: left, top, width, height")
        if not self.pattern and not self.after and self.form is Form.TEXT:
            raise ValueError("write a `pattern`, or the labels that stand before the value under `after`")

    def plain(self) -> dict[str, Any]:
        """As JSON and YAML have it, without what is empty."""
        said = {"name": self.name, "pattern": self.pattern, "after": list(self.after), "zone": list(self.zone)}
        form = {} if self.form is Form.TEXT else {"form": str(self.form)}
        return {name: value for name, value in said.items() if value} | form


def of(plain: dict[str, Any]) -> Rule:
    """The rule of what `plain` gave."""
    return Rule(
        plain["name"], plain.get("pattern", ""), Form(plain.get("form", "text")), tuple(plain.get("after", ())),
        tuple(plain.get("zone", ())),
    )  # fmt: skip
