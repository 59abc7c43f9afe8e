"""A copy of everything that the engine keeps, made while it runs, and checked before it is taken back.

DIR/manifest.json    what it is, and the hash of SHA256SUMS; written last: without it, it is no backup
DIR/SHA256SUMS       of every file, as `sha256sum -c` reads it
DIR/waybill.sqlite   the database as it was at one moment
DIR/blobs/ab/cd/...  every blob that this database names
DIR/revisions/       the texts that unfinished runs are on
DIR/site/            the site's text, without its secrets
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import URL, create_engine

from engine.message import Refused
from engine.points import point
from engine.store import migrate
from engine.store.clock import now_ms
from engine.store.lease import BlobLease
from engine.store.prune import NAMING, named_in

Tell = Callable[[int, int | None, str], None]

BAD_BACKUP = "WB-7510"
NOT_EMPTY = "WB-7511"
MANIFEST, SUMS, DATABASE = "manifest.json", "SHA256SUMS", "waybill.sqlite"
PAGES = 2000
PIECE = 1024 * 1024
SITE = ("*.yaml", "transforms", "tests")


def back_up(state: Path, site: Path, target: Path, tell: Tell, *, copy: bool = False) -> dict[str, Any]:
    """Make a backup in an empty folder; its manifest. copy: blobs are never hard links."""
    if target.exists() and any(target.iterdir()):
        raise Refused(NOT_EMPTY, f"{target} is not empty")
    if not (state / DATABASE).is_file():
        raise Refused(BAD_BACKUP, f"there is no store in {state}")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    target.chmod(0o700)
    made_at = now_ms()
    sums: dict[str, str] = {}
    with BlobLease(state).to_copy():
        _copy_database(state / DATABASE, target / DATABASE, tell)
        point("backup.database")
        sums[DATABASE] = _hash(target / DATABASE)
        blobs = named_blobs(target / DATABASE, tell)
        sums |= _copy_blobs(state, target, sorted(blobs), tell, copy)
    _copy_texts(state, site, target)
    for path in _files(target):
        name = path.relative_to(target).as_posix()
        if name not in sums and name not in (SUMS, MANIFEST):
            sums[name] = _hash(path)
    point("backup.copied")
    _write(target / SUMS, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())))
    manifest = {
        "schema": migrate.version(target / DATABASE), "made_at": made_at, "files": len(sums), "blobs": len(blobs),
        "bytes": sum((target / name).stat().st_size for name in sums), "sums": _hash(target / SUMS),
    }  # fmt: skip
    _write(target / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return manifest


def check(source: Path, tell: Tell) -> dict[str, Any]:
    """The manifest of a backup whose every file is what it was; `Refused` with the first that is not."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text("utf-8"))
        sums = dict(_sums(source))
        good = _hash(source / SUMS) == manifest["sums"] and DATABASE in sums
        newer = manifest["schema"] is None or manifest["schema"] > migrate.HEAD
        manifest["made_at"] + 0  # a number, which a restore needs
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(BAD_BACKUP, f"{source} is no backup, or it was never finished") from None
    if not good:
        raise Refused(BAD_BACKUP, "the list of files is not what it was when the backup was made")
    for count, (name, digest) in enumerate(sorted(sums.items())):
        tell(count, len(sums), "checking files")
        if not (source / name).is_file():
            raise Refused(BAD_BACKUP, f"{_shown(name)} is missing")
        if _hash(source / name) != digest:
            raise Refused(BAD_BACKUP, f"{_shown(name)} is not what it was when the backup was made")
    if newer:
        raise Refused(BAD_BACKUP, f"it was made by a newer Waybill (schema {manifest['schema']})")
    tell(len(sums), len(sums), "checking the database")
    _check_database(source / DATABASE)
    for name in named_blobs(source / DATABASE, tell):
        if f"blobs/{name[:2]}/{name[2:4]}/{name}" not in sums:
            raise Refused(BAD_BACKUP, f"blob {name[:12]} is missing")
    return manifest


def copy_in(source: Path, state: Path, tell: Tell, change: Callable[[Path], None]) -> None:
    """Take a checked backup into an empty state folder; `change` is done to the database before it counts.

    The database comes last, by a rename: cut off before, there is still no store, and it is done again.
    """
    working = state / ".restoring"
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True, mode=0o700)
    sums = dict(_sums(source))
    for count, name in enumerate(sorted(sums)):
        tell(count, len(sums), "copying")
        if name.startswith(("blobs/", "revisions/")) or name == DATABASE:
            target = working / name if name == DATABASE else state / name
            if name != DATABASE and target.exists() and _hash(target) == sums[name]:
                continue
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _copy(source / name, target)
    point("restore.copied")
    change(working / DATABASE)
    point("restore.changed")
    for left in (f"{DATABASE}-wal", f"{DATABASE}-shm"):
        (state / left).unlink(missing_ok=True)
    (working / DATABASE).replace(state / DATABASE)
    _sync(state)
    shutil.rmtree(working, ignore_errors=True)


def is_empty(path: Path) -> bool:
    """Whether a store has nothing in it yet: it may be replaced."""
    if not path.exists() or path.stat().st_size == 0:
        return True
    with contextlib.closing(sqlite3.connect(path)) as db, contextlib.suppress(sqlite3.OperationalError):
        asked = [f"SELECT 1 FROM {name} LIMIT 1" for name in ("message", "run", "patient")]  # noqa: S608
        return not any(db.execute(sql).fetchone() for sql in asked)
    return True  # it has no tables yet


def named_blobs(path: Path, tell: Tell = lambda *_: None) -> set[str]:
    """Every blob that a database at rest names."""
    query = {"mode": "ro", "immutable": "1", "uri": "true"}
    engine = create_engine(URL.create("sqlite", database=path.resolve().as_uri(), query=query), hide_parameters=True)
    named: set[str] = set()
    try:
        with engine.connect() as conn:
            driver: Any = conn.connection.driver_connection
            driver.row_factory = sqlite3.Row
            for table in NAMING:
                after: int | None = 0
                while after is not None:
                    more, after = named_in(conn, table, after)
                    named |= more
                    tell(len(named), None, "looking for named blobs")
    finally:
        engine.dispose()
    return named


def _uri(path: Path) -> str:
    """A folder's name may hold `?`, `#` and `%`."""
    return path.resolve().as_uri()


def _copy_database(source: Path, target: Path, tell: Tell) -> None:
    """One moment of it: an open read keeps that moment while others write, so no piece has to be copied again."""
    with (
        contextlib.closing(sqlite3.connect(f"{_uri(source)}?mode=ro", uri=True, isolation_level=None)) as read,
        contextlib.closing(sqlite3.connect(target, isolation_level=None)) as written,
    ):
        target.chmod(0o600)
        read.execute("BEGIN")
        read.execute("SELECT count(*) FROM alembic_version").fetchall()
        read.backup(written, pages=PAGES, progress=lambda _, left, total: _copied(tell, left, total), sleep=0.001)
        read.execute("COMMIT")
        written.execute("PRAGMA journal_mode = DELETE")  # one file, whole; the engine sets its own again
    _sync_file(target)


def _copied(tell: Tell, left: int, total: int) -> None:
    point("backup.pages")
    tell(total - left, total, "copying the database")


def _check_database(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(f"{_uri(path)}?mode=ro&immutable=1", uri=True)) as db:
        try:
            found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            broken = db.execute("PRAGMA foreign_key_check").fetchone()
        except sqlite3.DatabaseError as error:
            raise Refused(BAD_BACKUP, f"the database cannot be read ({type(error).__name__})") from None
    if found != "ok" or broken is not None:
        raise Refused(BAD_BACKUP, "the database is damaged")


def _copy_blobs(state: Path, target: Path, names: list[str], tell: Tell, copy: bool) -> dict[str, str]:
    sums = {}
    for count, name in enumerate(names):
        tell(count, len(names), "copying blobs")
        place = f"blobs/{name[:2]}/{name[2:4]}/{name}"
        (target / place).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            _link(state / place, target / place, copy)
        except FileNotFoundError:
            raise Refused(BAD_BACKUP, f"blob {name[:12]} is missing: see waybill verify") from None
        if _hash(target / place) != name:
            raise Refused(BAD_BACKUP, f"blob {name[:12]} is damaged: see waybill verify")
        sums[place] = name
    return sums


def _link(source: Path, target: Path, copy: bool) -> None:
    """A blob is never changed, so another name for it is as good as a copy, as long as the disk lives."""
    if not copy:
        with contextlib.suppress(OSError):
            target.hardlink_to(source)
            return
    _copy(source, target)


def _copy_texts(state: Path, site: Path, target: Path) -> None:
    if (state / "revisions").is_dir():  # a revision is a link to the copy that it is in: here each is a folder
        shutil.copytree(state / "revisions", target / "revisions", ignore=partial(_left_out, site=site))
    (target / "site").mkdir(mode=0o700, exist_ok=True)
    for path in {*(path for pattern in SITE for path in site.glob(pattern)), *_included(site)}:
        if _is_secret(path, site):
            continue
        to = target / "site" / path.relative_to(site)
        if path.is_dir():
            shutil.copytree(path, to, ignore=partial(_left_out, site=site))
        elif path.is_file():
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, to)


def _included(site: Path) -> Iterator[Path]:
    """The files that `include:` names: they may lie in folders of their own."""
    try:
        top = yaml.load((site / "routes.yaml").read_text("utf-8-sig"), yaml.BaseLoader)  # noqa: S506 (texts only)
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return
    named = top.get("include") if isinstance(top, dict) else None
    for name in named if isinstance(named, list) else ():
        if isinstance(name, str) and not Path(name).is_absolute() and ".." not in Path(name).parts:
            yield site / name


def _left_out(folder: str, names: list[str], *, site: Path) -> set[str]:
    """Hidden things, secrets, and links that lead nowhere."""
    hidden = shutil.ignore_patterns("__pycache__", ".*")(folder, names)
    paths = {name: Path(folder) / name for name in names}
    return hidden | {name for name, path in paths.items() if _is_secret(path, site) or not path.exists()}


def _is_secret(path: Path, site: Path) -> bool:
    """A link may lead there."""
    return path.resolve().is_relative_to((site / "secrets").resolve())


def _files(folder: Path) -> Iterator[Path]:
    for root, _folders, names in os.walk(folder):
        yield from (path for name in names if (path := Path(root) / name).is_file())


def _sums(source: Path) -> Iterator[tuple[str, str]]:
    for line in (source / SUMS).read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        if not name or name.startswith("/") or ".." in Path(name).parts:
            raise ValueError("no name of a file in the backup")
        yield name, digest


def _shown(name: str) -> str:
    return name if len(name) < 60 else f"{name[:60]}..."


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> None:
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    shutil.copyfile(source, temporary)
    temporary.chmod(0o400 if "blobs" in target.parts else 0o600)
    _sync_file(temporary)
    temporary.replace(target)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(text, "utf-8")
    _sync_file(temporary)
    temporary.replace(path)
    _sync(path.parent)


def _sync_file(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
