"""TCP peers that misbehave: a thread for each connection, which does what a function says with the bare socket."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from typing import Literal

from simulators.his_soap import read_call, write_answer
from simulators.hl7 import END, START

Protocol = Literal["mllp", "http", "soap"]
Behaviour = Callable[["Talk"], None]


class Talk:
    """One connection. `read` gives the next request, empty when the peer ended; `good` its proper answer."""

    def __init__(self, protocol: Protocol, line: socket.socket, number: int) -> None:
        self.protocol = protocol
        self.line = line
        self.number = number
        """1 for the first connection of the peer."""
        self.ended = threading.Event()
        self._left = b""

    def read(self) -> bytes:
        while True:
            whole = _whole(self.protocol, self._left)
            if whole:
                request, self._left = self._left[:whole], self._left[whole:]
                return request
            piece = self.line.recv(65536)
            if not piece:
                return b""
            self._left += piece

    def good(self, request: bytes, text: str = "ok") -> bytes:
        if self.protocol == "mllp":
            found = re.search(rb"MSH(?:\|[^|]*){8}\|([^|]*)", request)
            return acknowledged(found[1].decode() if found else "")
        if self.protocol == "soap":
            answer = write_answer(read_call(request.partition(b"\r\n\r\n")[2]), "0", text)
            return http(answer, "text/xml; charset=utf-8")
        return http(text.encode(), "text/plain")

    def reset(self) -> None:
        """End with RST."""
        self.line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.line.close()


def http(body: bytes, kind: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def acknowledged(control_id: str, code: str = "AA") -> bytes:
    text = f"MSH|^~\\&|LAB|B|WAYBILL|A|20260101||ACK|1|P|2.5\rMSA|{code}|{control_id}\r"
    return START + text.encode() + END


def _whole(protocol: Protocol, data: bytes) -> int:
    """The length of the first request, 0 while it is not complete."""
    if protocol == "mllp":
        return data.find(END) + len(END) if END in data else 0
    head, found, _ = data.partition(b"\r\n\r\n")
    if not found:
        return 0
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    whole = len(head) + 4 + (int(length[1]) if length else 0)
    return whole if len(data) >= whole else 0


class Rough:
    """Listens until `close`; `requests` is what was read whole."""

    def __init__(self, protocol: Protocol, behave: Behaviour) -> None:
        self.protocol: Protocol = protocol
        self.behave = behave
        self.made = 0
        self._talks: list[Talk] = []
        rough = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                rough.made += 1
                talk = Talk(rough.protocol, self.request, rough.made)
                rough._talks.append(talk)
                with contextlib.suppress(OSError):
                    rough.behave(talk)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        for talk in self._talks:
            talk.ended.set()
        self._server.shutdown()
        self._server.server_close()


# --- behaviours, by what a person would say of the peer


def well(talk: Talk) -> None:
    while request := talk.read():
        talk.line.sendall(talk.good(request))


def silent(talk: Talk) -> None:
    """Accepts, and neither reads nor answers."""
    talk.ended.wait(60)


def mute(talk: Talk) -> None:
    """Reads, and never answers."""
    talk.read()
    talk.ended.wait(60)


def hangs_up(talk: Talk) -> None:
    """Closes when it has read."""
    talk.read()


def resets(talk: Talk) -> None:
    talk.read()
    talk.reset()


def breaks_off(talk: Talk) -> None:
    """Closes in the middle of its answer."""
    answer = talk.good(talk.read())
    talk.line.sendall(answer[: len(answer) // 2])


def garbage(talk: Talk) -> None:
    talk.read()
    noise = b"\x00\xff not what you asked for \r\n\r\n" * 5
    talk.line.sendall(START + noise + END if talk.protocol == "mllp" else noise)
    talk.ended.wait(60)


def another_s(talk: Talk) -> None:
    """Answers another message."""
    talk.read()
    talk.line.sendall(acknowledged("ANOTHER"))
    talk.ended.wait(60)


def dribbles(talk: Talk) -> None:
    """Answers a byte at a time, for longer than anybody waits."""
    for byte in talk.good(talk.read()):
        talk.line.sendall(bytes([byte]))
        if talk.ended.wait(0.2):
            return


def endless(talk: Talk) -> None:
    """An answer without end."""
    talk.read()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n"
    talk.line.sendall(START + b"MSH|^~\\&|" if talk.protocol == "mllp" else head)
    piece = b"x" * 65536
    while not talk.ended.is_set():
        talk.line.sendall(piece if talk.protocol == "mllp" else b"10000\r\n" + piece + b"\r\n")


def twice(talk: Talk) -> None:
    """Each answer comes two times."""
    while request := talk.read():
        answer = talk.good(request, f"answer to {_id(request)}")
        talk.line.sendall(answer + answer)


def slowly(talk: Talk) -> None:
    """In small pieces, in time."""
    while request := talk.read():
        answer = talk.good(request)
        for start in range(0, len(answer), 16):
            talk.line.sendall(answer[start : start + 16])
            time.sleep(0.001)


def _id(request: bytes) -> str:
    found = re.search(rb"M\d+", request)
    return found[0].decode() if found else ""
