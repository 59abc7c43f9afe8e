"""Pieces of a file that is what it was; a watch whose older request gives way to the newer."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred

from channels._agent import words
from channels._agent.files import Files, piece
from channels._agent.server import Asked, Bytes
from channels._agent.sessions import Session
from channels._folder.scan import Limits, stamp_from
from channels._folder.share import Near
from engine.message import Refused
from tests.contracts.base import until
from tests.contracts.fakes import World, make_world


@pytest.fixture(name="world")
def fixture_world(reactor: Any, tmp_path: Path) -> World:
    (tmp_path / "share" / "p").mkdir(parents=True)
    return make_world(reactor, tmp_path)


def files_of(world: World) -> Files:
    root = world.services.state.parent / "share"
    return Files("it", Near("it", root, Limits(0.0, 100, 1 << 30), 5.0, world.services), 0.02, 5.0, world.services)


def scan(session: Session, wait: float, gone: bool = False, **more: Any) -> Asked:
    fields = {"folders": ["p"], "trouble": "", "wait": wait, "reported": [], "changed": [], **more}
    return Asked(fields, session, cast(Any, SimpleNamespace(_disconnected=gone)))


def test_a_file_comes_in_pieces_with_the_hash_of_all_at_the_end(tmp_path: Path) -> None:
    data = b"x" * words.PIECE + b"rest"
    (tmp_path / "a.pdf").write_bytes(data)
    stamp = stamp_from((tmp_path / "a.pdf").stat())
    first, last = piece(tmp_path, "a.pdf", stamp, 0), piece(tmp_path, "a.pdf", stamp, words.PIECE)
    assert first.data + last.data == data
    assert words.HASH_OF_FILE not in first.headers
    assert last.headers[words.HASH_OF_FILE] == hashlib.sha256(data).hexdigest()
    assert last.headers[words.HASH_OF_PIECE] == hashlib.sha256(b"rest").hexdigest()


def test_a_file_that_changed_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"first")
    size, mtime, inode = stamp_from(file.stat())
    for other in ((size + 1, mtime, inode), (size, mtime + 1, inode), (size, mtime, inode + 1)):
        assert piece(tmp_path, "a.pdf", other, 0) == Bytes(words.CHANGED)
    file.unlink()
    assert piece(tmp_path, "a.pdf", (size, mtime, inode), 0) == Bytes(words.CHANGED)


@pytest.mark.parametrize("path", ["../a", "p\\a", "a:b", "NUL.pdf", "Com1", "a.", "a ", "", ".."])
def test_a_name_that_some_system_takes_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(Refused):
        piece(tmp_path, path, (1, 2, 3), 0)


async def test_a_request_waits_for_news_and_what_is_known_is_told_once(world: World, reactor: Any) -> None:
    files, session = files_of(world), Session()
    waiting = Deferred.fromCoroutine(files.answer("scan", scan(session, 30)))
    (world.services.state.parent / "share" / "p" / "a.txt").write_bytes(b"text")
    found = cast(dict[str, Any], await waiting)
    ((path, stamp, reason),) = found["settled"]
    assert (path, reason) == ("p/a.txt", "")
    known = scan(session, 0, reported=[[path, stamp, True]])
    assert cast(dict[str, Any], await files.answer("scan", known))["settled"] == []
    assert len(cast(dict[str, Any], await files.answer("scan", scan(Session(), 30)))["settled"]) == 1


async def test_a_newer_request_ends_the_patience_of_the_older(world: World, reactor: Any) -> None:
    files, session = files_of(world), Session()
    older = Deferred.fromCoroutine(files.answer("scan", scan(session, 60)))
    await until(reactor, lambda: session.state["watch it"].nap is not None)
    newer = Deferred.fromCoroutine(files.answer("scan", scan(session, 0)))
    assert await older == {"settled": [], "gone": [], "trouble": ""}
    assert await newer == {"settled": [], "gone": [], "trouble": ""}


async def test_who_has_hung_up_is_not_waited_for(world: World) -> None:
    assert await files_of(world).answer("scan", scan(Session(), 60, gone=True))


async def test_unknown_acts_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="WB-3304"):
        await files_of(world).answer("remove", scan(Session(), 0))
