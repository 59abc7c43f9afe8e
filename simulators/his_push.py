"""The HIS pushes: orders, changes, registrations and demographics, made from templates with invented values."""

from __future__ import annotations

import http.client
import queue
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from simulators.his_soap import NAMESPACE, TYPES, read_result, write_call

DATA = Path(__file__).parent / "data"
KINDS = {
    "order": ("AddRisAppBillRt", "MES0138"),
    "update": ("UpdateOrdersRt", "MES0169"),
    "patient": ("PatientRegistryRt", "MES0201"),
    "registry": ("RisRegistry", ""),
}
"""What can be pushed: its operation, and the service code of this demonstration (none: known by its element)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to push. Empty ids are made up; `fields` sets further elements by their name."""

    kind: str
    layout: str = "a"
    patient: str = ""
    name: str = ""
    order_id: str = ""
    message_id: str = ""
    visit: str = ""
    status: str = ""
    items: int = 1
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a message was answered. http 0: no answer; result `0`, `-1`, `fault` or empty."""

    message_id: str
    order_id: str
    http: int
    result: str
    content: str
    seconds: float

    @property
    def ok(self) -> bool:
        return self.http == 200 and self.result == "0"


def build(message: Message) -> str:
    """The business XML."""
    template = f"order-{message.layout}.xml" if message.kind == "order" else f"{message.kind}.xml"
    root = etree.parse(DATA / template, etree.XMLParser(remove_comments=True)).getroot()
    values = {
        "MessageID": message.message_id,
        "PATPatientID": message.patient,
        "PATName": message.name,
        "PAADMVisitNumber": message.visit,
        "OEORIStatusCode": message.status,
        **dict(message.fields),
    }
    for name, value in values.items():
        for element in root.iter(name) if value else ():
            element.text = value
    _items(root, message)
    return etree.tostring(root, encoding="unicode")


def push(
    kind: str,
    url: str,
    count: int = 1,
    connections: int = 1,
    envelope: str = "hip",
    soap: str = "1.1",
    retry: float = 0.0,
    timeout: float = 30.0,
    **message: Any,
) -> list[Pushed]:
    """Push `count` messages over `connections`; the answers in the order of the messages.

    message: fields of `Message`; from the second message on, given ids get `-n` behind them. retry: seconds for which a
    message without an answer, or answered 503, is sent again, as a HIS does.
    """
    work: queue.SimpleQueue[tuple[int, Message]] = queue.SimpleQueue()
    for index, one in enumerate(_series(Message(kind, **message), count)):
        work.put((index, one))
    answers: dict[int, Pushed] = {}
    senders = [
        threading.Thread(target=_send_all, args=(work, answers, url, (envelope, soap), retry, timeout), daemon=True)
        for _ in range(min(connections, count))
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return [answers[index] for index in range(count)]


def _series(first: Message, count: int) -> Iterator[Message]:
    base = str(time.time_ns() // 1000)
    for number in range(1, count + 1):
        tail = f"-{number}" if number > 1 else ""
        yield replace(
            first,
            message_id=first.message_id + tail if first.message_id else f"{base}{number:05d}",
            order_id=first.order_id + tail if first.order_id else f"{base}||{number}",
            patient=first.patient or (f"0009{number:06d}" if count > 1 else ""),
        )


def _items(root: Any, message: Message) -> None:
    """Give each order item its id; more than one by copies of the first."""
    ids = [message.order_id] + [f"{message.order_id}.{number}" for number in range(2, message.items + 1)]
    if message.kind == "order":
        item = root.find(".//OrderList/Order") if message.layout == "b" else root.find(".//OrderList")
        for _ in ids[1:]:
            item.addnext(etree.fromstring(etree.tostring(item, with_tail=False)))
    for element, text in zip(root.iter("OEORIOrderItemID"), ids, strict=False):
        element.text = text
    for element, text in zip(root.iter("RISRExamID"), ids, strict=False):
        element.text = text.replace("||", "-")


def _send_all(
    work: queue.SimpleQueue[tuple[int, Message]],
    answers: dict[int, Pushed],
    url: str,
    form: tuple[str, str],
    retry: float,
    timeout: float,
) -> None:
    line = _Line(url, timeout)
    while True:
        try:
            index, message = work.get_nowait()
        except queue.Empty:
            line.close()
            return
        operation, code = KINDS[message.kind]
        body = write_call(form[1], form[0], operation, code, build(message))
        action = code or f"{NAMESPACE}/{operation}"
        headers = {"Content-Type": TYPES[form[1]], "SOAPAction": f'"{action}"'}
        answers[index] = _send(line, body, headers, message, retry)


def _send(line: _Line, body: bytes, headers: dict[str, str], message: Message, retry: float) -> Pushed:
    began = time.monotonic()
    while True:
        status, text = line.post(body, headers)
        result, content = read_result(text) if status else ("", text.decode())
        spent = time.monotonic() - began
        if status not in (0, 503) or spent >= retry:
            return Pushed(message.message_id, message.order_id, status, result, content, spent)
        time.sleep(0.1)


class _Line:
    """One kept connection, opened again after it broke."""

    def __init__(self, url: str, timeout: float) -> None:
        self._parts = urlsplit(url)
        self._timeout = timeout
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """(status, body); (0, kind of error) when no answer came."""
        try:
            connection = self._connection = self._connection or self._connect()
            connection.request("POST", self._parts.path or "/", body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return 0, type(error).__name__.encode()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=self._timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
