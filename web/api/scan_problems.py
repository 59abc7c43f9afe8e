"""PROBLEMS: what of the scan desk needs a look, and trying it again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection

from records import problems
from web.api import models_uploads
from web.api.auth import Person
from web.api.bridge import Bridge
from web.api.guard import Engine, need

router = APIRouter(prefix="/api/v1/scan/problems", tags=["scan"])

Looking = Annotated[Person, Depends(need("problems"))]
FOLDER = "folder"


@router.post("/search")
def search_scan_problems(
    asked: models_uploads.ScanProblemsAsked, person: Looking, bridge: Engine
) -> models_uploads.ScanProblems:
    """Kind by kind, the oldest first."""
    now, folders, rights = bridge.now(), drops(bridge), person.rights

    def query(conn: Connection) -> tuple[problems.Found, dict[str, int]]:
        found = problems.search(conn, folders, asked.after, asked.limit, now, rights)
        return found, problems.counts(conn, folders, now, rights)

    found, counts = bridge.read(query)
    bridge.audit(person, "problems.list", subject=f"{len(found.items)} problems")
    items = [models_uploads.ScanProblem.model_validate(one) for one in found.items]
    return models_uploads.ScanProblems(items=items, next=found.next, counts=counts)


@router.post("/retry")
def retry_scan_problems(
    asked: models_uploads.ScanProblemsRetry, person: Looking, bridge: Engine
) -> models_uploads.ScanProblemsRetried:
    """Try these again; what a person must do first is left."""
    now, ids = bridge.now(), list(dict.fromkeys(asked.ids))
    retried, topics = bridge.store.write_now(lambda conn: problems.retry(conn, ids, now))
    bridge.audit(person, "problems.retry", subject=f"{retried} of {len(ids)}")
    bridge.notify({*topics, "scan", "problems"})
    return models_uploads.ScanProblemsRetried(retried=retried, left=len(ids) - retried)


def drops(bridge: Bridge) -> list[str]:
    """The folders that some route receives files from."""
    site = bridge.site
    if site is None:
        return []
    received = {name for route in site.routes.values() for name in route.receive.from_}
    return [name for name in sorted(received) if name in site.connections and site.connections[name].type == FOLDER]
