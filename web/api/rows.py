"""Rows that an address names, or the problem 404."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from records import tree
from web.api.auth import Person
from web.api.problems import not_found
from web.api.withdrawn import readable


def owner_of(conn: Connection, public_id: str) -> Row[Any]:
    """The patient of this id; of a merged one the patient who stayed."""
    row = tree.owner(conn, public_id)
    if row is None:
        raise not_found()
    return row


def document_of(conn: Connection, public_id: str) -> Row[Any]:
    """The document of this id, whatever its state."""
    row = tree.one(conn, public_id)
    if row is None:
        raise not_found()
    return row


def readable_document(conn: Connection, public_id: str, person: Person) -> Row[Any]:
    """The document of this id, if this person may read it; else the problem 404 or 410."""
    return readable(document_of(conn, public_id), person)
