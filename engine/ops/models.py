"""Trained classifications of documents: which one is at work. Writer functions, but for `active` and `newest`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from engine.message import Refused
from engine.ops.read_audit import record
from engine.store.clock import now_ms
from engine.store.schema_records import model

ACTS = ("put", "use")
"""What commands may call over the control socket."""

NO_MODEL = "WB-8504"
LEAST = 0.6
"""Of the held-out documents so many must be told right, or a new model is not used."""
WORSE = 0.03
"""A new model may be so much worse than the one at work: its held-out documents are others."""


def put(conn: Connection, blob: str, report: Mapping[str, Any], by: str) -> dict[str, Any]:
    """Keep a trained model, and use it unless its report speaks against it: `{id, state, reason}`."""
    at = now_ms()
    reason = _against(report, active(conn))
    state = "refused" if reason else "active"
    if not reason:
        conn.execute(update(model).where(model.c.state == "active").values(state="old"))
    made = conn.execute(insert(model).values(state=state, blob=blob, report={**report, "reason": reason}, at=at))
    assert made.inserted_primary_key is not None
    record(conn, at, by, "train", subject=f"model {made.inserted_primary_key[0]} {state}")
    return {"id": made.inserted_primary_key[0], "state": state, "reason": reason}


def _against(report: Mapping[str, Any], now: Row[Any] | None) -> str:
    accuracy = float(report.get("accuracy", 0.0))
    if accuracy < LEAST:
        return f"only {accuracy:.0%} of the held-out documents were told right"
    before = float(now.report.get("accuracy", 0.0)) if now is not None else 0.0
    return f"the model at work told {before:.0%} right, this one {accuracy:.0%}" if accuracy < before - WORSE else ""


def use(conn: Connection, id: int, by: str) -> None:  # noqa: A002
    """Put an older or refused model to work, by a person's word."""
    if conn.execute(select(model.c.id).where(model.c.id == id)).first() is None:
        raise Refused(NO_MODEL, "there is no such model")
    conn.execute(update(model).where(model.c.state == "active").values(state="old"))
    conn.execute(update(model).where(model.c.id == id).values(state="active"))
    record(conn, now_ms(), by, "train.use", subject=f"model {id}")


def active(conn: Connection) -> Row[Any] | None:
    """The model at work: id, blob, report, at."""
    return conn.execute(select(model).where(model.c.state == "active").order_by(model.c.id.desc()).limit(1)).first()


def newest(conn: Connection, most: int = 10) -> list[Row[Any]]:
    """The last models, newest first."""
    return list(conn.execute(select(model).order_by(model.c.id.desc()).limit(most)))
