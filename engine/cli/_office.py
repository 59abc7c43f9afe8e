"""How a command writes: the running daemon does it, or the command takes the daemon's lock and does it itself."""

from __future__ import annotations

import argparse
import fcntl
import getpass
import os
import socket
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, create_engine

from engine.message import Refused
from engine.runtime.control import Told, ask, find, stream
from engine.store.sql import raw

T = TypeVar("T")

BUSY = "WB-7410"
NO_STORE = "WB-7411"
NO_DAEMON = "WB-7413"
DESK_WAITS = 120.0
"""Seconds between two words of the desk: a reload lets calls end."""


def state_argument(parser: argparse.ArgumentParser) -> None:
    """The option that all these commands have."""
    parser.add_argument("--state", metavar="DIR", type=Path, help="the state folder (default: WAYBILL_STATE or var/)")


def state_of(options: argparse.Namespace) -> Path:
    """The state folder: the option, the environment, or `var/` in the site."""
    chosen = options.state or os.environ.get("WAYBILL_STATE")
    return Path(chosen).resolve() if chosen else Path(options.site).resolve() / "var"


def by_whom() -> str:
    """Who is at the keyboard, for the audit: the system's user."""
    return f"os:{getpass.getuser()}"


def write(state: Path, name: str, /, **arguments: Any) -> Any:
    """Do `users.add`, `show.looked`, ...: a writer function of `engine.ops` by name. Raises `Refused`."""
    try:
        return ask(state, name, arguments)
    except ConnectionError:
        operation = find(name)
        with alone(state) as store:
            return store.write_now(lambda conn: operation(conn, **arguments))


def desk(state: Path, act: str, /, **arguments: Any) -> Any:
    """Ask the desk of the running daemon, without showing progress. `Refused` when none runs."""
    return desk_with_progress(state, act, lambda done, most, text: None, **arguments)


def desk_with_progress(state: Path, act: str, told: Told, /, **arguments: Any) -> Any:
    """As `desk`; told: called with what is done, of how much, and what."""
    try:
        return ask(state, f"desk.{act}", arguments, told, DESK_WAITS)
    except ConnectionError:
        raise Refused(NO_DAEMON, f"no daemon runs on {state}: `waybill run` starts one") from None


def lines(state: Path, act: str, /, **arguments: Any) -> Generator[Any, None, None]:
    """What an act of the desk that streams tells, as it comes, until it ends or the command does."""
    try:
        for answer in stream(state, f"desk.{act}", arguments):
            if "line" in answer:
                yield answer["line"]
    except ConnectionError:
        raise Refused(NO_DAEMON, f"no daemon runs on {state}: `waybill run` starts one") from None


class Hand:
    """Writes many times: through the daemon, or with its lock held all the while. store: None beside a daemon."""

    def __init__(self, state: Path, store: Any) -> None:
        self._state = state
        self.store = store

    def __call__(self, name: str, /, **arguments: Any) -> Any:
        if self.store is None:
            return ask(self._state, name, arguments)
        operation = find(name)
        return self.store.write_now(lambda conn: operation(conn, **arguments))


@contextmanager
def hand(state: Path) -> Iterator[Hand]:
    """For commands that write in pieces."""
    if runs(state):
        yield Hand(state, None)
        return
    with alone(state) as store:
        yield Hand(state, store)


def runs(state: Path) -> bool:
    """Whether a daemon answers here."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(5)
        try:
            link.connect(str(state / "control.sock"))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


@contextmanager
def alone(state: Path) -> Iterator[Any]:
    """The store, opened under the daemon's lock; `Refused` when someone else has it."""
    from engine.store.database import Store

    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(state / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            text = f"a daemon or another command holds {state}/lock but does not answer: it is starting or stopping"
            raise Refused(BUSY, text) from None
        store = Store(state / "waybill.sqlite", None)
        store.open()
        try:
            yield store
        finally:
            store.close()
    finally:
        os.close(lock)


def read(state: Path, query: Callable[[Connection], T]) -> T:
    """Ask the store, beside a running daemon as well; changes nothing."""
    path = state / "waybill.sqlite"
    if not path.is_file():
        raise Refused(NO_STORE, f"there is no store in {state}: give --site or --state")
    url = URL.create("sqlite", database=path.resolve().as_uri(), query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as conn:
            raw(conn).row_factory = sqlite3.Row  # as in the daemon
            conn.exec_driver_sql("PRAGMA query_only = ON")
            return query(conn)
    finally:
        engine.dispose()
