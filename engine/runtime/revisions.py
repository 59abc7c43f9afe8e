"""Revisions of routes: each is kept with its transforms, so that a run stays on the one that it entered."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.site.model import Route, Site
from engine.site.problems import Invalid
from engine.store.schema import revision

log = logging.getLogger(__name__)

OPEN = """
SELECT DISTINCT route, revision FROM run WHERE state IN ('ready', 'running', 'waiting', 'held', 'dead')
"""


def keep(site: Site, folder: Path) -> None:
    """Copy the site's text and transforms to `folder/<revision>/` for each route that is not there yet. Blocking."""
    for route in site.routes.values():
        target = folder / route.revision
        if target.exists():
            continue
        temporary = folder / f".{route.revision}.{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True, mode=0o700)
        for text in site.folder.glob("*.yaml"):
            shutil.copy2(text, temporary)
        if (site.folder / "transforms").is_dir():
            shutil.copytree(site.folder / "transforms", temporary / "transforms")
        temporary.rename(target)


def write(conn: Connection, site: Site, now: int, by: str = "") -> None:
    """Note the deployed revisions; `by` is who reloaded, empty at a start."""
    for route in site.routes.values():
        row = {
            "route": route.name, "revision": route.revision, "deployed_at": now,
            "text": json.dumps(route.source, ensure_ascii=False), "by": by,
        }  # fmt: skip
        conn.execute(upsert(revision).values(**row).on_conflict_do_nothing())


def still_used(conn: Connection, site: Site) -> list[tuple[str, str]]:
    """Route and revision of unfinished runs that are not on the current one."""
    rows = conn.exec_driver_sql(OPEN).fetchall()
    current = {(route.name, route.revision) for route in site.routes.values()}
    return [(name, text) for name, text in rows if (name, text) not in current]


def load(
    wanted: list[tuple[str, str]], folder: Path, load_site: Callable[[Path], Site]
) -> dict[tuple[str, str], Route]:
    """The old routes by name and revision. One that cannot be read is left out, and its runs are held with a reason."""
    found: dict[tuple[str, str], Route] = {}
    for name, text in wanted:
        try:
            route = load_site(folder / text).routes[name]
        except (Invalid, OSError, KeyError) as error:
            log.error("revision %s of %s cannot be loaded: %s", text[:12], name, type(error).__name__)
            continue
        found[name, text] = route
    return found
