"""The bodies of runs that are claimed from the store, read together: one question for all, not one each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from engine.message import Value
from engine.runtime.outcome import Run
from engine.store.sql import Statement
from engine.transform.accept import AcceptSpec, accept
from engine.transform.reading import kind_of

if TYPE_CHECKING:
    from engine.runtime.runtime import Runtime

_BODIES = Statement(
    text(
        "SELECT id, body, content_type, meta FROM message WHERE body IS NOT NULL"
        " AND id IN (SELECT value FROM json_each(:ids))"
    )
)


async def seeds(runtime: Runtime, runs: list[Run]) -> dict[int, Mapping[str, Value]]:
    """By run, for those that have no other value yet. What takes a worker to read (XML) is left to each run."""
    if not runs:
        return {}
    rows = await runtime.store.read(lambda conn: messages(conn, {run.message_id for run in runs}))
    found: dict[int, Mapping[str, Value]] = {}
    for run in runs:
        row = rows.get(run.message_id)
        if row is not None and kind_of(row["content_type"])[0] != "xml":
            value = accept(AcceptSpec(), row["body"], row["content_type"]).value
            found[run.seq] = {"body": value, "meta": json.loads(row["meta"])}
    return found


def messages(conn: Connection, ids: set[str]) -> dict[str, Any]:
    """Messages with a body in their row, by id."""
    return {row["id"]: row for row in _BODIES.all(conn, ids=json.dumps(sorted(ids)))}
