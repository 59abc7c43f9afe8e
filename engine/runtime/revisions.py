"""Revisions of routes: each is kept with its transforms, so that a run stays on the one that it entered.

`var/revisions/<digest>/` is a copy of a site's text and transforms; `var/revisions/<revision>` leads to the copy in
which this revision of a route was first seen. The routes at work are read from their copy, not from the folder that
people edit: a transform that is half edited changes nothing until it is deployed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from engine.site.load import FILE
from engine.site.model import Route, Site
from engine.site.nodes import Items, Text, load_yaml
from engine.site.problems import Invalid
from engine.site.walk import transform_files
from engine.store.blobs import sync_folder
from engine.store.schema import revision
from engine.store.sql import Statement

log = logging.getLogger(__name__)

TRANSFORMS = "transforms"
PINS = "pins.json"
OPEN = "SELECT route, revision, count(*) FROM run WHERE ended_at IS NULL GROUP BY route, revision"
_LATEST = Statement(
    select(revision.c.revision).where(revision.c.route == bindparam("of"))
    .order_by(revision.c.deployed_at.desc()).limit(1)
)  # fmt: skip

Load = Callable[[Path], Site]


def keep(site: Site, folder: Path) -> Path:
    """Copy the site's text and transforms, unless that very copy is there; the copy's folder. Blocking."""
    files = sorted(set(_files(site)))
    digest = _digest(site.folder, files)
    copy = folder / f"site-{digest}"
    if not _is_whole(copy, files, digest):
        temporary = folder / f".{copy.name}.{os.getpid()}"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True, mode=0o700)
        for name in files:
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(site.folder / name, temporary / name)
        _sync(temporary)
        if copy.exists():
            log.error("the kept copy %s was damaged, and is made anew", copy.name)
            shutil.rmtree(copy)
        temporary.rename(copy)
    for route in site.routes.values():
        _lead(folder / route.revision, copy)
    for made in (folder, folder.parent):  # runs name what lies here: it must not be gone after a loss of power
        sync_folder(made)
    return copy


def _is_whole(copy: Path, files: list[str], digest: str) -> bool:
    """Whether it is there, and still says what it said: else a start would read what nobody wrote."""
    try:
        return copy.is_dir() and _digest(copy, files) == digest
    except OSError:
        return False


def _sync(folder: Path) -> None:
    """Everything below the folder is on the disk."""
    for path in folder.rglob("*"):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def _lead(name: Path, copy: Path) -> None:
    if name.exists():
        return
    name.unlink(missing_ok=True)  # a link that leads nowhere
    try:
        name.symlink_to(copy.name, target_is_directory=True)
    except OSError:  # a file system without links
        shutil.copytree(copy, name)


def _files(site: Site) -> Iterator[str]:
    """The names, below the site's folder, of all that its routes are made of."""
    yield FILE
    included = load_yaml(site.folder / FILE, FILE).get("include")
    for item in included if isinstance(included, Items) else ():
        if isinstance(item, Text):
            yield Path(item).as_posix()
    for path in (site.folder / TRANSFORMS).rglob("*"):
        if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts:
            yield path.relative_to(site.folder).as_posix()
    for route in site.routes.values():
        for part in (route.receive, *(step.settings for step in route.steps)):
            for file in transform_files(part).values():
                if file.is_relative_to(site.folder):
                    yield file.relative_to(site.folder).as_posix()


def _digest(folder: Path, files: Iterable[str]) -> str:
    seen = hashlib.sha256()
    for name in files:
        seen.update(f"{name}\0{hashlib.sha256((folder / name).read_bytes()).hexdigest()}\n".encode())
    return seen.hexdigest()[:24]


def at_work(site: Site, copy: Path, load_site: Load) -> Site:
    """The site as it is put to work: connections as written, routes from the copy. Raises as `load_site`."""
    kept = load_site(copy)
    return dataclasses.replace(site, routes={name: kept.routes[name] for name in site.routes})


def write(conn: Connection, routes: Iterable[Route], now: int, by: str = "") -> None:
    """Note what is deployed now; `by` is who reloaded, empty at a start."""
    for route in routes:
        latest = _LATEST.one(conn, of=route.name)
        if latest is not None and latest["revision"] == route.revision:
            continue
        row = {
            "route": route.name, "revision": route.revision, "deployed_at": now,
            "text": json.dumps(route.source, ensure_ascii=False), "by": by[:60],
        }  # fmt: skip
        again = {"deployed_at": now, "by": by[:60]}
        conn.execute(
            upsert(revision).values(**row).on_conflict_do_update(index_elements=["route", "revision"], set_=again)
        )


def still_used(conn: Connection, site: Site) -> list[tuple[str, str]]:
    """Route and revision of unfinished runs that are not on the current one."""
    current = {(route.name, route.revision) for route in site.routes.values()}
    return [of for of in unfinished(conn) if of not in current]


def unfinished(conn: Connection) -> dict[tuple[str, str], int]:
    """How many runs are not at their end, by route and revision; a dead run is not."""
    return {(name, text): count for name, text, count in conn.exec_driver_sql(OPEN).fetchall()}


def load(wanted: list[tuple[str, str]], folder: Path, load_site: Load) -> dict[tuple[str, str], Route]:
    """The old routes by name and revision. One that cannot be read is left out, and its runs are held with a reason."""
    found: dict[tuple[str, str], Route] = {}
    for name, text in wanted:
        try:
            found[name, text] = kept(name, text, folder, load_site)
        except (Invalid, OSError, KeyError) as error:
            log.error("revision %s of %s cannot be loaded: %s", text[:12], name, type(error).__name__)
    return found


def kept(name: str, text: str, folder: Path, load_site: Load) -> Route:
    """One route as it was; raises Invalid, OSError or KeyError."""
    route = load_site((folder / text).resolve()).routes[name]
    # A later version may tell revisions otherwise; the runs know it by the old name.
    return dataclasses.replace(route, revision=text)


def pins(folder: Path) -> dict[str, str]:
    """Routes that somebody took back to an older revision: a start keeps them there until the next reload."""
    try:
        read = json.loads((folder / PINS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(text) for name, text in read.items()} if isinstance(read, dict) else {}


def pin(folder: Path, pinned: dict[str, str]) -> None:
    """Remember these. Blocking."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = folder / f".{PINS}.{os.getpid()}"
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(pinned, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / PINS)
    sync_folder(folder)


def with_pins(site: Site, pinned: dict[str, str], folder: Path, load_site: Load) -> Site:
    """The site with its pinned routes as they were; a pin that cannot be loaded is said and left out."""
    wanted = [(name, text) for name, text in pinned.items() if name in site.routes]
    routes = dict(site.routes)
    for (name, text), route in load(wanted, folder, load_site).items():
        log.warning("route %s stays at revision %s: it was taken back to it", name, text[:12])
        routes[name] = route
    return dataclasses.replace(site, routes=routes)
