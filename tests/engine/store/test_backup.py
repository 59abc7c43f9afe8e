"""Backup and its check: one moment while others write, every file known by its hash, cut off at any point."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from engine.message import Refused
from engine.store import backup
from engine.store.database import Store
from engine.store.lease import BlobLease
from tests.engine.ops import seed
from tests.engine.store.full import full_state, old_blob


def quiet(_done: int, _all: int | None, _what: str) -> None: ...


def make(tmp_path: Path) -> tuple[Path, Path]:
    """A state folder and its backup."""
    state, site, target = tmp_path / "var", tmp_path / "site", tmp_path / "backup"
    full_state(state)
    old_blob(state)
    (site / "transforms").mkdir(parents=True)
    (site / "secrets").mkdir()
    (site / "routes.yaml").write_text("routes: {}\n")
    (site / "transforms" / "a.xsl").write_text("<x/>")
    (site / "secrets" / "key").write_text("hush")
    backup.back_up(state, site, target, quiet)
    return state, target


def test_everything_that_is_named_and_no_secret(tmp_path: Path) -> None:
    _, target = make(tmp_path)
    names = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    assert {"site/routes.yaml", "site/transforms/a.xsl", "revisions/r1/routes.yaml", "waybill.sqlite"} < names
    assert len([name for name in names if name.startswith("blobs/")]) == 1
    assert not any("secret" in name for name in names)
    manifest = backup.check(target, quiet)
    assert (manifest["blobs"], manifest["files"]) == (1, 5)
    assert target.stat().st_mode & 0o077 == 0


def test_what_a_link_leads_to_and_what_is_included(tmp_path: Path) -> None:
    """A revision is a link to its copy; an included file may lie anywhere; a link into the secrets is left out."""
    state, site = tmp_path / "nightly #1 50%25?" / "var", tmp_path / "site"
    full_state(state)
    (state / "revisions" / "site-1").mkdir()
    (state / "revisions" / "site-1" / "routes.yaml").write_text("routes: {}\n")
    (state / "revisions" / "old").symlink_to("site-1", target_is_directory=True)
    (state / "revisions" / "gone").symlink_to("site-0", target_is_directory=True)
    for name in ("transforms", "secrets", "parts/lab"):
        (site / name).mkdir(parents=True)
    (site / "routes.yaml").write_text("include: [parts/lab/more.yaml, ../out.yaml]\nroutes: {}\n")
    (site / "parts" / "lab" / "more.yaml").write_text("routes: {}\n")
    (tmp_path / "out.yaml").write_text("x: y\n")
    (site / "secrets" / "key").write_text("hush")
    (site / "transforms" / "key.xsl").symlink_to(site / "secrets" / "key")
    (site / "transforms" / "all").symlink_to(site / "secrets", target_is_directory=True)
    (site / "transforms" / "gone.xsl").symlink_to(site / "transforms" / "none.xsl")
    target, taken = tmp_path / "what? #2", tmp_path / "100%" / "var"
    backup.back_up(state, site, target, quiet)
    assert not any(path.is_file() and b"hush" in path.read_bytes() for path in target.rglob("*"))
    assert (target / "site" / "parts" / "lab" / "more.yaml").is_file()
    assert not (target / "site" / "out.yaml").exists()
    backup.check(target, quiet)
    backup.copy_in(target, taken, quiet, lambda _: None)
    assert (taken / "revisions" / "old" / "routes.yaml").is_file()
    store = Store(taken / "waybill.sqlite", None, durable=False)
    store.open()
    try:
        assert store.read_now(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM run").scalar())
    finally:
        store.close()


@pytest.mark.parametrize("text", ["[]", '{"sums": 1}', '{"sums": "SUMS", "schema": "x", "made_at": 1}',
                                  '{"sums": "SUMS", "schema": 1, "made_at": "x"}'])  # fmt: skip
def test_a_manifest_that_is_none(tmp_path: Path, text: str) -> None:
    import hashlib

    _, target = make(tmp_path)
    sums = hashlib.sha256((target / "SHA256SUMS").read_bytes()).hexdigest()
    (target / "manifest.json").write_text(text.replace("SUMS", sums))
    with pytest.raises(Refused, match="WB-7510"):
        backup.check(target, quiet)


def test_the_sums_are_read_by_the_usual_tool(tmp_path: Path) -> None:
    import subprocess

    _, target = make(tmp_path)
    done = subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=target, check=False, capture_output=True)
    assert done.returncode == 0, done.stdout


def test_one_moment_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer goes on meanwhile, and the copy is of the moment of its beginning."""
    monkeypatch.setattr(backup, "PAGES", 5)
    state = tmp_path / "var"
    full_state(state, runs=30)
    store = Store(state / "waybill.sqlite", None, durable=False)
    store.open()
    end, written = threading.Event(), list[int]()

    def write() -> None:
        while not end.is_set():
            written.append(store.write_now(lambda conn: seed.message(conn)) is not None)

    writer = threading.Thread(target=write)
    before = store.read_now(lambda conn: conn.exec_driver_sql("SELECT count(*) FROM message").scalar_one())
    told: list[int] = []
    writer.start()
    backup.back_up(state, tmp_path, tmp_path / "backup", lambda done, _all, _what: told.append(done))
    end.set()
    writer.join()
    store.close()
    assert len(told) > 10
    with sqlite3.connect(tmp_path / "backup" / "waybill.sqlite") as db:
        copied = db.execute("SELECT count(*) FROM message").fetchone()[0]
    assert before <= copied < before + len(written)
    backup.check(tmp_path / "backup", quiet)


def test_blobs_are_held_while_they_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "var"
    full_state(state)
    seen: list[bool] = []

    def tell(_done: int, _all: int | None, _what: str) -> None:
        with BlobLease(state).to_remove() as may:
            seen.append(may)

    backup.back_up(state, tmp_path, tmp_path / "backup", tell)
    assert seen
    assert not any(seen)


@pytest.mark.parametrize("what", ["waybill.sqlite", "blobs", "site/routes.yaml", "SHA256SUMS", "manifest.json"])
@pytest.mark.parametrize("how", ["changed", "gone"])
def test_whatever_is_changed_or_gone_is_noticed(tmp_path: Path, what: str, how: str) -> None:
    _, target = make(tmp_path)
    path = next((target / "blobs").glob("*/*/*")) if what == "blobs" else target / what
    if how == "gone":
        path.unlink()
    else:
        path.chmod(0o600)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.unlink()
        path.write_bytes(data)
    if what == "manifest.json" and how == "changed":
        path.write_text(path.read_text().replace('"sums": "', '"sums": "0'))
    with pytest.raises(Refused, match="WB-7510"):
        backup.check(target, quiet)


def test_a_name_that_leads_out_is_refused(tmp_path: Path) -> None:
    _, target = make(tmp_path)
    (target / "SHA256SUMS").write_text("ab  ../etc/passwd\n")
    with pytest.raises(Refused, match="WB-7510"):
        backup.check(target, quiet)


def test_a_missing_blob_a_full_folder_and_no_store(tmp_path: Path) -> None:
    state = tmp_path / "var"
    full_state(state)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(Refused, match="WB-7511"):
        backup.back_up(state, tmp_path, tmp_path / "full", quiet)
    with pytest.raises(Refused, match="WB-7510"):
        backup.back_up(tmp_path / "none", tmp_path, tmp_path / "new", quiet)
    next((state / "blobs").glob("??/??/*")).unlink()
    with pytest.raises(Refused, match="is missing"):
        backup.back_up(state, tmp_path, tmp_path / "new", quiet)


def test_copies_where_links_are_not_wanted(tmp_path: Path) -> None:
    state = tmp_path / "var"
    full_state(state)
    for copy, links in ((False, 2), (True, 1)):
        target = tmp_path / f"backup-{copy}"
        backup.back_up(state, tmp_path, target, quiet, copy=copy)
        assert next((target / "blobs").glob("*/*/*")).stat().st_nlink == links


def test_an_empty_store(tmp_path: Path) -> None:
    assert backup.is_empty(tmp_path / "none")
    full_state(tmp_path)
    assert not backup.is_empty(tmp_path / "waybill.sqlite")
    store = Store(tmp_path / "new.sqlite", None)
    store.open()
    store.close()
    assert backup.is_empty(tmp_path / "new.sqlite")


def test_taken_back_the_same(tmp_path: Path) -> None:
    state, target = make(tmp_path)
    changed: list[Path] = []
    backup.copy_in(target, tmp_path / "new", quiet, changed.append)
    assert changed == [tmp_path / "new" / ".restoring" / "waybill.sqlite"]
    assert backup.named_blobs(tmp_path / "new" / "waybill.sqlite") == backup.named_blobs(state / "waybill.sqlite")
    assert (tmp_path / "new" / "revisions" / "r1" / "routes.yaml").read_text() == "routes: {}\n"
    assert not (tmp_path / "new" / ".restoring").exists()
