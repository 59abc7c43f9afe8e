"""UNMATCHED: files that nothing claims, with those that might."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from fastapi.responses import FileResponse
from sqlalchemy import Connection

from engine.ops import read, read_attention, read_values
from web.api import models_base, models_runs
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.files import send
from web.api.guard import Engine, Number, need
from web.api.problems import not_found

router = APIRouter(prefix="/api/v1/unmatched", tags=["unmatched"])

CHOOSABLE = ("unmatched", "ambiguous", "late")
"""States in which a file can be given to a run: an incomplete one is not."""

Sorter = Annotated[Person, Depends(need("unmatched"))]


@router.get("")
def get_unmatched(person: Sorter, bridge: Engine) -> models_runs.Unmatched:
    """The files that wait for a person's word, each with the runs that it could belong to."""
    items = bridge.read(lambda conn: [_file(bridge, conn, row) for row in read_attention.unmatched(conn)])
    bridge.audit(person, "unmatched.list", subject=f"{len(items)} files")
    return models_runs.Unmatched(items=items)


def _file(bridge: Bridge, conn: Connection, row: read_attention.FileRow) -> models_runs.UnmatchedFile:
    offered = bridge.acts.candidates(conn, row.id) if row.state in CHOOSABLE else []
    labels = read.labels_of(conn, [one["run"] for one in offered], names=False)
    return models_runs.UnmatchedFile(
        id=row.id,
        connection=row.connection,
        path=row.path,
        size=row.size,
        first_seen=models_base.iso(row.first_seen),
        state=row.state,
        reason=row.reason,
        has_content=row.has_content,
        candidates=[_candidate(one, labels.get(one["run"])) for one in offered],
    )


def _candidate(one: dict[str, Any], labels: dict[str, read.Label] | None) -> models_runs.Candidate:
    """The order's number tells the staff which one; else the folder."""
    label = read.text_of(labels, read.ORDER) or str(one["folder"])
    return models_runs.Candidate(run_id=one["run_id"], label=label, why=one["why"])


@router.get("/{id}/content", response_class=FileResponse)
def get_unmatched_content(id: Number, person: Sorter, bridge: Engine) -> Response:  # noqa: A002
    """The file itself; recorded."""
    row = bridge.read(lambda conn: read_attention.file_row(conn, id))
    blob = bridge.read(lambda conn: read_values.find_blob(conn, row.blob)) if row and row.blob else None
    if row is None or blob is None:
        raise not_found()
    bridge.audit(person, "file.open", run=row.run, subject=f"file {id}")
    return send(bridge, read_values.Content("blob", blob.content_type, None, blob, blob.size), f"file-{id}")


@router.post("/{id}/choose", status_code=204)
def choose(id: Number, asked: models_runs.ChooseAsked, person: Sorter, bridge: Engine) -> None:  # noqa: A002
    """Give the file to this run."""
    bridge.act(lambda conn: bridge.acts.choose(conn, id, asked.run_id, person.login, origin=person.origin))


@router.post("/{id}/discard", status_code=204)
def discard(id: Number, asked: models_runs.ReasonAsked, person: Sorter, bridge: Engine) -> None:  # noqa: A002
    """The file belongs to nobody."""
    bridge.act(lambda conn: bridge.acts.discard(conn, id, asked.reason, person.login, origin=person.origin))
