"""Senders that note what was answered and when, and peers that note what arrived: threads of the test."""

from __future__ import annotations

import http.client
import itertools
import json
import re
import socket
import socketserver
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

from simulators.his_soap import read_result, write_call

START, END = b"\x0b", b"\x1c\r"
ID = re.compile(rb"WB[A-Z]\d+-\d{6}")
Answer = Literal["taken", "refused", "nothing"]
"""refused: politely, to be sent again; nothing: the connection broke, and nobody knows."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One message. at: monotonic seconds at which its answer was here."""

    id: str
    answer: Answer
    at: float
    text: str = field(default="", repr=False)


class Sender(threading.Thread):
    """Sends one message after the other on one connection, of one patient. What broke is not sent again."""

    def __init__(self, port: int, name: str = "X0") -> None:
        super().__init__(daemon=True, name=name)
        self.port = port
        self.sent: list[Sent] = []
        self.pause = 0.0
        self._end = threading.Event()
        self._numbers = itertools.count(1)

    def run(self) -> None:
        while not self._end.is_set():
            self.once()
            if self.sent[-1].answer != "taken":
                self._end.wait(0.05)
            elif self.pause:
                self._end.wait(self.pause)
        self.close()

    def once(self, again: str = "") -> Sent:
        """The next message, or one that was refused, once more."""
        number = next(self._numbers)
        name = again or f"WB{self.name}-{number:06d}"
        try:
            answer, text = self.send(name, number)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            answer, text = "nothing", type(error).__name__
        self.sent.append(Sent(name, answer, time.monotonic(), text))
        return self.sent[-1]

    def end(self) -> None:
        self._end.set()
        if self.is_alive():
            self.join(60)
            assert not self.is_alive(), f"sender {self.name} hangs"

    def taken(self, before: float = float("inf")) -> list[str]:
        """The ids whose good answer was here before that moment, in order."""
        return [one.id for one in self.sent if one.answer == "taken" and one.at < before]

    def refused(self) -> list[Sent]:
        return [one for one in self.sent if one.answer == "refused"]

    def send(self, name: str, number: int) -> tuple[Answer, str]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def reachable(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), 5).close()
        except OSError:
            return False
        return True


class MllpSender(Sender):
    """AA is taken; AE is refused."""

    _line: socket.socket | None = None

    def send(self, name: str, number: int) -> tuple[Answer, str]:
        message = (
            f"MSH|^~\\&|TEST|A|WAYBILL|B|20260101120000||ADT^A08|{name}|P|2.5\r"
            f"EVN|A08|20260101120000\rPID|1||{self.name}^^^T||Test^{number}\r"
        )
        self._line = self._line or socket.create_connection(("127.0.0.1", self.port), 30)
        self._line.sendall(START + message.encode() + END)
        answer = b""
        while not answer.endswith(END):
            got = self._line.recv(65536)
            if not got:
                raise ConnectionResetError
            answer += got
        said = next(part for part in answer.split(b"\r") if part.startswith(b"MSA")).split(b"|")
        assert said[2].decode() == name, "the acknowledgement is another message's"
        return ("taken" if said[1] == b"AA" else "refused"), answer.decode()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class HttpSender(Sender):
    """2xx is taken; 503 with Retry-After is refused."""

    path, kind = "/orders", "application/json"

    def __init__(self, port: int, name: str = "X0", *, size: int = 0) -> None:
        super().__init__(port, name)
        self._size = size
        self._line: http.client.HTTPConnection | None = None

    def body(self, name: str, number: int) -> bytes:
        filler = "x" * self._size if number % 10 == 0 else ""
        return json.dumps({"id": name, "n": number, "filler": filler}).encode()

    def send(self, name: str, number: int) -> tuple[Answer, str]:
        self._line = self._line or http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._line.request("POST", self.path, self.body(name, number), {"Content-Type": self.kind, "SOAPAction": ""})
        answer = self._line.getresponse()
        body = answer.read()
        if answer.will_close:
            self.close()
        return self.judge(answer, body)

    def judge(self, answer: http.client.HTTPResponse, body: bytes) -> tuple[Answer, str]:
        if answer.status == 503:
            assert answer.headers["Retry-After"], "a sender that is refused is told when to come again"
            return "refused", body.decode()
        assert answer.status in (200, 202), f"answered {answer.status}: {body.decode()[:300]}"
        return "taken", body.decode()

    def close(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


class ScanSender(HttpSender):
    """An order that waits for a file in the folder of its id."""

    path = "/scans"


class SoapSender(HttpSender):
    """ResultCode 0 is taken; a SOAP fault is refused."""

    path, kind = "/his", "text/xml; charset=utf-8"

    def body(self, name: str, number: int) -> bytes:
        xml = (
            f"<Request><Header><SourceSystem>T</SourceSystem><MessageID>{name}</MessageID></Header><Body>"
            f"<AddRisAppBillRt><N>{number}</N></AddRisAppBillRt></Body></Request>"
        )
        return write_call("1.1", "operation", "AddRisAppBillRt", "", xml)

    def judge(self, answer: http.client.HTTPResponse, body: bytes) -> tuple[Answer, str]:
        result, text = read_result(body)
        if result == "fault":
            return "refused", text
        assert result == "0", f"answered {answer.status} {result}: {text[:300]}"
        return "taken", text


class Peer:
    """What arrived, in order."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.at: list[float] = []  # when each came, monotonic seconds
        self.port = 0
        self._server: Any = None

    def arrived(self, data: bytes) -> str:
        found = ID.search(data)
        assert found is not None
        self.at.append(time.monotonic())
        self.got.append(found[0].decode())
        return found[0].decode()

    def between(self, start: float, end: float) -> list[str]:
        """What came in that time."""
        return [name for name, at in zip(self.got, self.at, strict=False) if start <= at < end]

    def serve(self, server: Any) -> None:
        self._server = server
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A daemon that was killed: expected."""


class _Web(_Threads, ThreadingHTTPServer):
    pass


class MllpPeer(Peer):
    """Acknowledges with AA."""

    def __init__(self) -> None:
        super().__init__()
        peer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                frame = b""
                while piece := self.request.recv(65536):
                    frame += piece
                    while END in frame:
                        message, _, frame = frame.partition(END)
                        name = peer.arrived(message)
                        head = "MSH|^~\\&|LAB|B|WAYBILL|A|20260101120000||ACK|1|P|2.5"
                        try:
                            self.request.sendall(START + f"{head}\rMSA|AA|{name}\r".encode() + END)
                        except OSError:
                            return

        self.serve(_Threads(("127.0.0.1", 0), Handler))


class HttpPeer(Peer):
    """Answers 200."""

    def __init__(self) -> None:
        super().__init__()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                peer.arrived(body)
                try:
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except OSError:
                    self.close_connection = True

            do_PUT = do_POST

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        server = _Web(("127.0.0.1", 0), Handler)
        self.serve(server)
