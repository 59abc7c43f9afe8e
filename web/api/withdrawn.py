"""A withdrawn document: who edits the record still reads it; everybody else is told that it is gone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from web.api.auth import Person
from web.api.problems import Denied

WITHDRAWN = "WB-8312"  # the document was withdrawn: it does not belong to this record


def readable(row: Row[Any], person: Person) -> Row[Any]:
    """The row of this document, or the problem 410."""
    if row.state == "withdrawn" and "edit" not in person.rights:
        raise gone()
    return row


def gone() -> Denied:
    """410: it was here."""
    return Denied(410, WITHDRAWN, "This document was withdrawn.")
