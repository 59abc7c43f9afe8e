"""What is said to a server, and what becomes of its answers; the whole way is in test_scan_upload."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.cli._sending import PIECE, Away, Server, Turned, send
from engine.message import Refused


class Peer(ThreadingHTTPServer):
    """Takes one file in pieces; `answers` are given first, once each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: list[tuple[int, Any]] = []
        self.got = b""
        self.size = 0
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()


class Handler(BaseHTTPRequestHandler):
    server: Peer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        peer, body = self.server, self.rfile.read(int(self.headers["content-length"]))
        peer.asked.append(f"{self.command} {self.path}")
        peer.tokens.add(self.headers["authorization"])
        if peer.answers:
            return self.say(*peer.answers.pop(0))
        if self.command == "POST":
            peer.size = json.loads(body)["size"]
        else:
            peer.got += body
        state = "done" if len(peer.got) == peer.size else "open"
        return self.say(200, {"id": "u1", "received": len(peer.got), "state": state})

    do_PUT = do_POST

    def say(self, status: int, answer: Any) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(name="peer")
def fixture_peer() -> Iterator[Peer]:
    with Peer() as peer:
        thread = threading.Thread(target=peer.serve_forever, daemon=True)
        thread.start()
        yield peer
        peer.shutdown()
        thread.join()


@pytest.fixture(name="server")
def fixture_server(peer: Peer) -> Iterator[Server]:
    server = Server(f"http://127.0.0.1:{peer.server_port}/below/", "wbt_x")
    yield server
    server.close()


def sent(server: Server, file: Path) -> str:
    return send(server, file, "ward", "image/jpeg", lambda _done, _all: None)


def test_in_pieces(server: Server, peer: Peer, tmp_path: Path) -> None:
    data = hashlib.sha256(b"x").digest() * (PIECE // 16)
    (tmp_path / "a.jpg").write_bytes(data)
    assert sent(server, tmp_path / "a.jpg") == "sent"
    assert peer.got == data
    assert peer.asked[0] == "POST /below/api/v1/scan/uploads"
    assert peer.asked[1:] == [f"PUT /below/api/v1/scan/uploads/u1?offset={at}" for at in (0, PIECE)]
    assert peer.tokens == {"Bearer wbt_x"}
    assert sent(server, tmp_path / "a.jpg") == "known"


def test_begun_anew_when_the_hash_differs_and_gone_on_where_it_is(server: Server, peer: Peer, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"12345")
    peer.got = b"123"
    peer.answers = [(409, {"code": "WB-8603", "detail": "differs"}), (409, {"code": "WB-8605", "detail": "elsewhere"})]
    assert sent(server, tmp_path / "a.jpg") == "sent"
    assert peer.got == b"12345"
    peer.answers = [(409, {"code": "WB-8603", "detail": "differs"})] * 3
    with pytest.raises(Refused, match="WB-8603"):
        sent(server, tmp_path / "a.jpg")


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (503, {"code": "WB-8604", "detail": "full"}, Away),
        (429, {"code": "WB-7005"}, Away),
        (502, b"<html>a proxy", Away),
        (404, b"<html>no such page", Away),
        (200, b"[]", Away),
        (401, {"code": "WB-8610", "detail": "This token is not valid."}, Turned),
        (403, b"", Turned),
        (422, {"code": "WB-7008", "detail": "x"}, Refused),
    ],
)
def test_answers(server: Server, peer: Peer, tmp_path: Path, status: int, answer: Any, kind: type[Exception]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"12345")
    peer.answers = [(status, answer)]
    with pytest.raises(kind):
        sent(server, tmp_path / "a.jpg")


def test_addresses() -> None:
    for url in ("ftp://a", "waybill.example", "http://waybill.example", "https://"):
        with pytest.raises(Refused, match="WB-8620"):
            Server(url, "t")
