"""The Unix socket (mode 0600) through which commands that write talk to the running daemon.

One JSON object a line: `{"act": NAME, "arguments": {...}}` -> `{"ok": ..., "result": ...}` or `{"code", "reason"}`.
An act is a writer function of `engine.ops.acts`, called with the writer's connection and the arguments.
"""

from __future__ import annotations

import importlib
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure as TwistedFailure

from engine.message import Failure, Refused

MODULES = tuple(f"engine.ops.{name}" for name in ("runs", "attention", "files", "users", "signing", "show"))
"""Whose public functions may be called by name, as `runs.retry`."""
LINE = 64 * 1024


class Control:
    """Listens for commands of this machine's user."""

    def __init__(self, reactor: Any, path: Path, store: Any, runtime: Any) -> None:
        self._reactor = reactor
        self._path = path
        self.store = store
        self.runtime = runtime
        self._port: Any = None

    async def start(self) -> None:
        self._path.unlink(missing_ok=True)
        factory = _Commands(self)
        old = os.umask(0o177)
        try:
            self._port = self._reactor.listenUNIX(str(self._path), factory, mode=0o600)
        finally:
            os.umask(old)

    async def stop(self) -> None:
        if self._port is not None:
            await self._port.stopListening()
            self._path.unlink(missing_ok=True)


class _Commands(Factory):
    def __init__(self, control: Control) -> None:
        self.protocol = _Lines
        self.control = control


class _Lines(LineOnlyReceiver):
    delimiter = b"\n"
    MAX_LENGTH = LINE

    def lineReceived(self, line: bytes) -> None:
        try:
            request = json.loads(line)
            operation = find(str(request["act"]))
            arguments = dict(request.get("arguments", {}))
        except (ValueError, RecursionError, KeyError, TypeError, Refused):
            self._send({"code": "WB-7401", "reason": "no such command"})
            return
        control = self._control()
        written: Deferred[Any] = maybeDeferred(control.store.write, lambda conn: operation(conn, **arguments))
        _ = written.addCallbacks(self._done, self._failed)

    def _done(self, result: Any) -> None:
        self._control().runtime.poke()
        self._send({"ok": True, "result": result})

    def _failed(self, failure: TwistedFailure) -> None:
        error = failure.value
        if isinstance(error, Failure):
            self._send({"code": error.code, "reason": error.reason})
        else:
            self._send({"code": "WB-7402", "reason": f"{failure.type.__name__ if failure.type else 'error'}"})

    def _send(self, answer: dict[str, Any]) -> None:
        if self.transport is not None:
            try:
                line = json.dumps(answer, ensure_ascii=False)
            except TypeError:  # a function that is no act: its result is for the engine alone
                line = json.dumps({"code": "WB-7402", "reason": "the result cannot be told"})
            self.sendLine(line.encode())  # type: ignore[no-untyped-call]

    def _control(self) -> Control:
        factory = self.factory
        assert isinstance(factory, _Commands)
        return factory.control


def find(act: str) -> Callable[..., Any]:
    """The writer function of a name like `runs.retry`; `Refused` when there is none."""
    module, _, name = act.partition(".")
    full = f"engine.ops.{module}"
    if full not in MODULES or name.startswith("_"):
        raise Refused("WB-7401", "no such command")
    try:
        found = getattr(importlib.import_module(full), name, None)
    except ModuleNotFoundError:
        found = None
    if not callable(found) or getattr(found, "__module__", "") != full:
        raise Refused("WB-7401", "no such command")
    return found  # type: ignore[no-any-return]


def ask(state: Path, act: str, arguments: dict[str, Any]) -> Any:
    """From a command: let the daemon do it. Raises `ConnectionError` when none runs, `Refused` with its reason."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(30)
        try:
            link.connect(str(state / "control.sock"))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise ConnectionError("no daemon runs here") from error
        link.sendall(json.dumps({"act": act, "arguments": arguments}).encode() + b"\n")
        answer = json.loads(link.makefile("rb").readline(LINE))
    if "code" in answer:
        raise Refused(answer["code"], answer["reason"])
    return answer.get("result")
