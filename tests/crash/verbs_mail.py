"""A mail server as a thread of the test: it takes every letter and counts them by subject."""

from __future__ import annotations

import re
import socketserver
import threading
from collections import Counter


class Mail:
    """`letters` counts what was taken, before it is said so."""

    def __init__(self) -> None:
        self.letters: Counter[str] = Counter()
        mail = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 test")
                for line in self.rfile:
                    word = line[:4].decode("ascii", "replace").strip().upper()
                    if word == "DATA":
                        self.say("354 go on")
                        mail.take(self.rest())
                    elif word == "QUIT":
                        self.say("221 bye")
                        return
                    self.say("250 test")

            def say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

            def rest(self) -> str:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line.decode("utf-8", "replace"))
                return "".join(lines)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, letter: str) -> None:
        found = re.search(r"(?im)^Subject: *(\S+)", letter)
        self.letters[found[1] if found else ""] += 1

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
