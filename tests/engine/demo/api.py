"""A small server that answers as the API does, and a demonstration around it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, cast

from engine.demo.places import DemoFailed, Places
from engine.demo.stand import Stand

NOTHING: tuple[int, Any] = (404, {"code": "WB-7404", "detail": "There is no such thing."})


class Api:
    """Answers by path; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {}
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.headers = {"Set-Cookie": "waybill=x"}
        api = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                data = self.rfile.read(length)
                body = json.loads(data) if data[:1] in (b"{", b"[") else data.decode() or None
                api.asked.append(
                    (self.command, self.path, {name.lower(): text for name, text in self.headers.items()}, body)
                )
                status, value = api.answers.get(self.path, NOTHING)
                data = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
                self.send_response(status)
                for name, text in api.headers.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PATCH = answer

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class FakeStand:
    """Asks a condition a few times, and keeps what is pushed."""

    def __init__(self, folder: Path, places: Places) -> None:
        self.folder, self.places = folder, places
        self.pushed: list[tuple[str, ...]] = []

    def push(self, kind: str, *words: str) -> list[dict[str, Any]]:
        self.pushed.append((kind, *words))
        return [{"result": "0"}]

    def until(self, condition: Callable[[], Any], _: float, complaint: str) -> Any:
        for _n in range(3):
            if found := condition():
                return found
        raise DemoFailed(complaint)


def stand_in(folder: Path, base: str = "http://127.0.0.1:1") -> tuple[Stand, FakeStand]:
    """The same thing as the demonstration takes it, and as a test looks at it."""
    unused = Path("unused")
    places = Places("w", "l", "h", "c", "a", "s", "d", unused, unused, f"{base}/appointments", folder / "scans")
    fake = FakeStand(folder, places)
    return cast("Stand", fake), fake
