"""How a command writes: the running daemon does it, or the command takes the daemon's lock and does it itself."""

from __future__ import annotations

import argparse
import fcntl
import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, create_engine

from engine.message import Refused
from engine.runtime.control import ask, find

T = TypeVar("T")

BUSY = "WB-7410"
NO_STORE = "WB-7411"


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
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", hide_parameters=True)
    try:
        with engine.connect() as conn:
            conn.exec_driver_sql("PRAGMA query_only = ON")
            return query(conn)
    finally:
        engine.dispose()
