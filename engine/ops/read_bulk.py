"""A few runs in short, to show what an act over many would be done to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from engine.ops import read
from engine.store.schema import run


@dataclass(frozen=True, slots=True)
class Example:
    """A run without anything of a patient: its order's number says which it is."""

    run_id: str
    route: str
    state: str
    step: str | None
    order_id: str
    reason: str


def examples(conn: Connection, ids: Sequence[str]) -> list[Example]:
    """In the order of the ids."""
    columns = (run.c.seq, run.c.id, run.c.route, run.c.state, run.c.step, run.c.reason)
    rows = {row.id: row for row in conn.execute(select(*columns).where(run.c.id.in_(ids)))}
    labels = read.labels_of(conn, [row.seq for row in rows.values()], names=False)
    return [
        Example(one, row.route, row.state, row.step, read.text_of(labels.get(row.seq), read.ORDER), row.reason)
        for one in ids
        if (row := rows.get(one)) is not None
    ]
