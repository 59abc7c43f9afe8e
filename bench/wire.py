"""Raw MLLP and HTTP on both sides of the engine, as lean as it goes: no client library is measured with it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import cast

from bench.messages import Route

START, END = b"\x0b", b"\x1c\r"


class Framed(asyncio.Protocol, ABC):
    """Bytes in, whole messages out: `got` for each."""

    transport: asyncio.Transport

    def __init__(self, route: Route) -> None:
        self.cut = mllp_end if route == "mllp" else http_end
        self._rest = b""
        self.ready = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.ready = True
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        data = self._rest + data if self._rest else data
        end = self.cut(data)
        while end:
            self.got(data[:end])
            data = data[end:]
            end = self.cut(data) if data else 0
        self._rest = data

    @abstractmethod
    def got(self, message: bytes) -> None: ...


def mllp_end(data: bytes) -> int:
    """Length of the first whole frame, 0 when there is none."""
    return data.find(END) + len(END) if END in data else 0


def http_end(data: bytes) -> int:
    """Length of the first whole request or answer, 0 when there is none. All have a Content-Length."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return 0
    place = data[:head].lower().find(b"content-length:")
    line = data.find(b"\r\n", place)
    end = head + 4 + int(data[place + 15 : line])
    return end if end <= len(data) else 0


def sender(route: Route, port: int) -> Callable[[bytes], bytes]:
    """A body as it goes over the wire."""
    if route == "mllp":
        return lambda body: START + body + END
    soap = 'SOAPAction: ""\r\n' if route == "soap" else ""
    media = "text/xml" if route == "soap" else "application/xml"
    head = (
        f"POST /orders HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{soap}Content-Type: {media}; charset=utf-8\r\n"
        "Content-Length: %d\r\n\r\n"
    ).encode()
    return lambda body: head % len(body) + body


def accepted(route: Route, answer: bytes) -> bool:
    """Whether an answer says that the engine has the message."""
    if route == "mllp":
        return b"\rMSA|AA|" in answer
    if not answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 202 ")):
        return False
    return route == "http" or b"ResultCode&gt;0&lt;" in answer or b"<ResultCode>0<" in answer


_ACK = b"\x0bMSH|^~\\&|LAB|WARD|WAYBILL|WARD|20260105083000||ACK^A01^ACK|A%09d|P|2.5\rMSA|AA|WB#%09d\r\x1c\r"
_OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/xml; charset=utf-8\r\nContent-Length: 31\r\n\r\n"
    b"<Result><Code>0</Code></Result>"
)


def answer(route: Route, number: int) -> bytes:
    """What the sink answers to a message."""
    return _ACK % (number, number) if route == "mllp" else _OK
