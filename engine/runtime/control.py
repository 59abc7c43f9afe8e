"""The Unix socket (mode 0600) through which commands talk to the running daemon.

One JSON object a line: `{"act": NAME, "arguments": {...}}` -> `{"ok": true, "result": ...}` or `{"code", "reason"}`.
An act is `<module>.<function>`, a writer function that a module of `engine.ops` names in its `ACTS`, called with the
writer's connection and the arguments; or `desk.<method>`. The desk's may send lines before the last one:
`{"progress": [done, all, text]}` and `{"line": ...}`. A client that goes away ends what it asked of the desk.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure as TwistedFailure

from engine.message import Failure, Refused

NO_SUCH = "WB-7401"
WRONG = "WB-7402"
LINE = 64 * 1024
"""Bytes of a command."""
ANSWER = 64 * 1024 * 1024
"""Bytes of an answer's line."""
DESK = "desk"


LONGEST = 100
"""Bytes of a socket's path that every system takes (`sun_path` holds 108 on Linux)."""


class Short:
    """A path by which a socket can be named: of a long one the way through its opened folder (Linux)."""

    def __init__(self, path: Path) -> None:
        self._folder: int | None = None
        self.text = str(path)
        if len(os.fsencode(self.text)) > LONGEST and Path("/proc/self/fd").is_dir():
            self._folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            self.text = f"/proc/self/fd/{self._folder}/{path.name}"

    def close(self) -> None:
        """The folder need not be open any more."""
        if self._folder is not None:
            os.close(self._folder)
            self._folder = None


class Control:
    """Listens for commands of this machine's user. desk: has `command(act, arguments, tell, line)`; None without."""

    def __init__(self, reactor: Any, path: Path, store: Any, runtime: Any, desk: Any = None) -> None:
        self._reactor = reactor
        self._path = path
        self.store = store
        self.runtime = runtime
        self.desk = desk
        self.clients: set[_Lines] = set()
        self._port: Any = None
        self._short: Short

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        factory = _Commands(self)
        self._short = Short(self._path)
        old = os.umask(0o177)
        try:
            self._port = self._reactor.listenUNIX(self._short.text, factory, mode=0o600)
        finally:
            os.umask(old)

    async def stop(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            await port.stopListening()
            self._path.unlink(missing_ok=True)
            self._short.close()
        for client in list(self.clients):
            client.end()


class _Commands(Factory):
    def __init__(self, control: Control) -> None:
        self.protocol = _Lines
        self.control = control


class _Lines(LineOnlyReceiver):
    delimiter = b"\n"
    MAX_LENGTH = LINE

    def __init__(self) -> None:
        self._asked: set[Deferred[Any]] = set()

    def connectionMade(self) -> None:
        self._control().clients.add(self)

    def connectionLost(self, reason: Any = None) -> None:
        """What is written is written; what the desk was asked ends."""
        del reason
        self._control().clients.discard(self)
        self.end()

    def end(self) -> None:
        for asked in list(self._asked):
            asked.cancel()

    def lineReceived(self, line: bytes) -> None:
        try:
            request = json.loads(line)
            act = str(request["act"])
            arguments = dict(request.get("arguments", {}))
            operation = None if act.startswith(f"{DESK}.") else find(act)
        except (ValueError, RecursionError, KeyError, TypeError, Refused):
            self._send({"code": NO_SUCH, "reason": "no such command"})
            return
        if operation is None:
            self._ask_desk(act.partition(".")[2], arguments)
            return
        control, found = self._control(), operation
        background = getattr(sys.modules[found.__module__], "BACKGROUND", False)
        written: Deferred[Any] = maybeDeferred(
            control.store.write, lambda conn: found(conn, **arguments), background=background
        )
        _ = written.addCallbacks(self._done, self._failed)

    def _ask_desk(self, act: str, arguments: dict[str, Any]) -> None:
        desk = self._control().desk
        if desk is None:
            self._send({"code": NO_SUCH, "reason": "no such command"})
            return
        asked: Deferred[Any] = Deferred.fromCoroutine(desk.command(act, arguments, self._tell, self._line))
        self._asked.add(asked)

        def forget(result: Any) -> Any:
            self._asked.discard(asked)
            return result

        _ = asked.addBoth(forget).addCallbacks(lambda result: self._send({"ok": True, "result": result}), self._failed)

    def _tell(self, done: int, most: int, text: str) -> None:
        self._send({"progress": [done, most, text]})

    def _line(self, line: Any) -> None:
        self._send({"line": line})

    def _done(self, result: Any) -> None:
        self._control().runtime.poke()
        self._send({"ok": True, "result": result})

    def _failed(self, failure: TwistedFailure) -> None:
        error = failure.value
        if isinstance(error, Failure):
            self._send({"code": error.code, "reason": error.reason})
        elif isinstance(error, CancelledError):
            self._send({"code": WRONG, "reason": "the engine is stopping"})
        else:
            self._send({"code": WRONG, "reason": f"{failure.type.__name__ if failure.type else 'error'}"})

    def _send(self, answer: dict[str, Any]) -> None:
        if self.transport is not None and self in self._control().clients:
            try:
                line = json.dumps(answer, ensure_ascii=False)
            except TypeError:  # a function that is no act: its result is for the engine alone
                line = json.dumps({"code": WRONG, "reason": "the result cannot be told"})
            self.sendLine(line.encode())  # type: ignore[no-untyped-call]

    def _control(self) -> Control:
        factory = self.factory
        assert isinstance(factory, _Commands)
        return factory.control


def find(act: str) -> Callable[..., Any]:
    """The writer function of a name like `runs.retry`; `Refused` when there is none."""
    module, _, name = act.partition(".")
    if not re.fullmatch(r"[a-z][a-z_]*", module):
        raise Refused(NO_SUCH, "no such command")
    full = f"engine.ops.{module}"
    try:
        loaded = importlib.import_module(full)
    except ModuleNotFoundError as error:
        raise Refused(NO_SUCH, "no such command") from error
    if name not in getattr(loaded, "ACTS", ()):
        raise Refused(NO_SUCH, "no such command")
    found: Callable[..., Any] = getattr(loaded, name)
    return found


Told = Callable[[int, int, str], None]


def ask(state: Path, act: str, arguments: dict[str, Any], told: Told | None = None, timeout: float = 30) -> Any:
    """From a command: let the daemon do it. Raises `ConnectionError` when none runs, `Refused` with its reason.

    told: called with each line of progress; each of them starts the time limit (seconds) anew.
    """
    for answer in stream(state, act, arguments, timeout):
        if "progress" in answer and told is not None:
            told(*answer["progress"])
        if "ok" in answer:
            return answer.get("result")
    raise Refused(WRONG, "the engine ended before it answered")


def stream(state: Path, act: str, arguments: dict[str, Any], timeout: float | None = None) -> Iterator[dict[str, Any]]:
    """Each line that the daemon answers, as it comes: `progress`, `line`, and last `ok`."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(timeout)
        try:
            short = Short(state / "control.sock")
            try:
                link.connect(short.text)
            finally:
                short.close()
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise ConnectionError("no daemon runs here") from error
        link.sendall(json.dumps({"act": act, "arguments": arguments}).encode() + b"\n")
        with link.makefile("rb") as lines:
            while line := lines.readline(ANSWER):
                answer = json.loads(line)
                if "code" in answer:
                    raise Refused(answer["code"], answer["reason"])
                yield answer
                if "ok" in answer:
                    return
