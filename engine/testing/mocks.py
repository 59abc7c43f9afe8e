"""Peers by the name of their connection: they answer what the test says, and remember what reached them."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from engine.message import Blob, Failure, Hl7, InDoubt, Refused, Repeat, Request, Response, Unavailable, Value, Xml
from engine.site.conditions import holds
from engine.site.nodes import Items, Map, Node
from engine.testing.model import Answer, Mock

T = TypeVar("T")

NO_ANSWER = "WB-7316"
"""A route called a peer for which the test has no answer."""
FAILURES: Mapping[str, tuple[type[Failure], str]] = {
    "unavailable": (Unavailable, "WB-3001"),
    "in_doubt": (InDoubt, "WB-3002"),
    "refused": (Refused, "WB-3003"),
}


@dataclass
class Sent:
    """One effect as the peer has it. attempts: requests with its key; arrived: how many of them it has done."""

    connection: str
    operation: str
    arguments: Mapping[str, Any]
    key: str
    run: int
    step: str = ""
    attempts: int = 0
    arrived: int = 0
    response: Value = None
    doubts: int = 0


@dataclass
class Peer:
    """What survives the engine: the rules that are left, and what reached the peer."""

    name: str
    rules: list[Mock] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    fallback: Callable[[Request], Value] | None = None

    def say(self, rules: tuple[Mock, ...]) -> None:
        """From now on it answers so."""
        self.rules, self.used = list(rules), {}

    def delivered(self) -> list[Sent]:
        """What it has really got, once per effect."""
        return [one for one in self.sent if one.arrived]

    def entry(self, request: Request) -> Sent:
        """A repeat is the same effect."""
        for one in self.sent:
            if one.key == request.key and one.operation == request.operation:
                return one
        made = Sent(self.name, request.operation, request.arguments, request.key, request.run)
        self.sent.append(made)
        return made


class MockSink:
    """A sink by the channel's own contract: how a repeat is treated, and whose a folder is, the real channel says."""

    def __init__(self, peer: Peer, real: Any, namespaces: Mapping[str, str], keep: Callable[[Path], Blob]) -> None:
        self._peer = peer
        self._real = real
        self._namespaces = namespaces
        self._keep = keep

    async def call(self, request: Request) -> Response:
        """As the first rule says that fits; nothing waits, a peer that is slow is `in_doubt`."""
        entry = self._peer.entry(request)
        entry.attempts += 1
        entry.arguments = request.arguments
        rule = self._rule(request)
        if rule is None:
            value = self._unasked(request)
        elif rule.fail:
            kind, code = FAILURES[rule.fail]
            if rule.fail == "in_doubt":
                entry.arrived += rule.arrived
                entry.doubts += 1
            raise kind(code, f"{self._peer.name}: {rule.reason}")
        else:
            value = self._answer(rule.answer) if rule.answer else None
        entry.arrived += 1
        entry.response = value
        return Response(value, "answered by the test")

    def repeat(self, operation: str, arguments: Mapping[str, Any]) -> Repeat:
        said: Repeat = self._real.repeat(operation, arguments)
        return said

    def owns(self, operation: str, arguments: Mapping[str, Any]) -> str | None:
        """The folder that a call makes a run's own, where the channel has such."""
        owns = getattr(self._real, "owns", None)
        return None if owns is None else owns(operation, arguments)

    async def ask(self, request: Request) -> Response | None:
        """Only a peer that the channel can ask knows what became of a key."""
        if self.repeat(request.operation, request.arguments) != "ask":
            raise Refused("WB-3002", "this peer cannot be asked")
        for one in self._peer.delivered():
            if one.key == request.key:
                return Response(one.response)
        return None

    def _rule(self, request: Request) -> Mock | None:
        for index, rule in enumerate(self._peer.rules):
            if rule.times is not None and self._peer.used.get(index, 0) >= rule.times:
                continue
            if rule.operation not in ("", request.operation) or not self._fits(rule, request):
                continue
            self._peer.used[index] = self._peer.used.get(index, 0) + 1
            return rule
        return None

    def _fits(self, rule: Mock, request: Request) -> bool:
        if rule.when is None:
            return True
        values = {"body": request.arguments.get("body"), "request": dict(request.arguments)}
        return holds(rule.when, values, self._namespaces)

    def _unasked(self, request: Request) -> Value:
        if self._peer.fallback is None:
            where = f"mocks: {{{self._peer.name}: [{{operation: {request.operation}, answer: ...}}]}}"
            raise Refused(NO_ANSWER, f"the test has no answer of {self._peer.name} to {request.operation}: {where}")
        return self._peer.fallback(request)

    def _answer(self, answer: Answer) -> Value:
        if answer.file is not None:
            return value_of(answer.file, self._keep)
        if answer.xml is not None:
            return Xml(answer.xml.strip().encode())
        if answer.json is not None:
            parsed: Value = json.loads(answer.json)
            return parsed
        return str(answer.text) if answer.text is not None else plain(answer.value)


def plain(node: Node | None) -> Value:
    """What is written in YAML as a value: texts, lists and mappings."""
    if isinstance(node, Map):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, Items):
        return [plain(value) for value in node]
    return None if node is None else str(node)


def value_of(path: Path, keep: Callable[[Path], Blob]) -> Value:
    """A file as a value, by its name; what is no text becomes a document."""
    if path.suffix == ".xml":
        return Xml(path.read_bytes().strip())
    if path.suffix == ".json":
        parsed: Value = json.loads(path.read_text("utf-8"))
        return parsed
    if path.suffix == ".hl7":
        return Hl7(hl7_of(path.read_bytes()))
    if path.suffix == ".txt":
        return path.read_text("utf-8")
    return keep(path)


def hl7_of(data: bytes) -> bytes:
    """HL7 as it is kept: editors end lines in their own way."""
    return data.replace(b"\r\n", b"\r").replace(b"\n", b"\r")


def content_type_of(path: Path) -> str:
    """By the file's name."""
    known = {".xml": "application/xml", ".json": "application/json", ".hl7": "application/hl7-v2"}
    return known.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
