"""The CA simulator in a thread of the test, so that starting one costs milliseconds."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from simulators.ca import Handler, Service, parser
from simulators.ca_jobs import Clerk, Log
from simulators.ca_keys import Authority


class Peer:
    """Serves on a free port until `stop`. `clerk` decides jobs, `hostile` may be set on it."""

    def __init__(self, folder: Path, key: str, phone: str = "ask") -> None:
        options = parser().parse_args(["--state", str(folder)])
        self.authority = Authority(folder, "ecdsa")
        self.clerk = Clerk(folder / "jobs", self.authority, Log(folder / "calls.jsonl", 0), phone, 0.0)
        service = Service(self.clerk, key.encode(), {"D9001": "U-D9001"}, options)
        handler = type("Handler", (Handler,), {"service": service})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
