"""A real `waybill agent` in a process of its own, over TLS on loopback, with what an engine needs to reach it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from channels._agent.pair import pair
from channels._agent.settings import Agent
from channels._tls.settings import Tls
from engine.site.settings import Secret, SitePath

ROOT = Path(__file__).parents[2]


class AgentProcess:
    """serve: lines of `agent.yaml` under `serve:`. The port stays the same over restarts."""

    def __init__(self, folder: Path, serve: str, **more: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.pairing = pair(folder, ["127.0.0.1"], again=True)
        self.serve = serve
        self.more = more
        self.port = 0
        self.kill_at = folder / "kill"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text("utf-8")

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def settings(self, **more: Any) -> Agent:
        """The engine's side."""
        tls = Tls(ca=SitePath(self.folder / "tls" / "agent.pem"))
        return Agent(**{"url": f"https://127.0.0.1:{self.port or 1}", "secret": Secret("agent"), "tls": tls, **more})

    def config(self) -> Path:
        lines = {
            "listen": f"127.0.0.1:{self.port}",
            "tls": "{certificate: tls/agent.pem, key: tls/agent.key}",
            "secret": "{secret: agent_secret}",
            **self.more,
        }
        text = "".join(f"{key}: {value}\n" for key, value in lines.items() if value)
        path = self.folder / "agent.yaml"
        path.write_text(f"{text}serve:\n{self.serve}", "utf-8")
        return path

    def start(self) -> AgentProcess:
        """Returns when it listens."""
        with (self.folder / "agent.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine.cli", "agent", "--config", str(self.config())],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env={**os.environ, "WAYBILL_KILL": f"@{self.kill_at}", "WAYBILL_LOG": "DEBUG"},
            )  # fmt: skip
        for _ in range(1200):
            found = re.search(r"listens on port (\d+)", self.log)
            if found:
                self.port = int(found[1])
                return self
            assert self.alive, self.log
            time.sleep(0.05)
        raise AssertionError("the agent does not listen")

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def wait(self, seconds: float = 30) -> int:
        """Its end, which something else brings about."""
        assert self._process is not None
        return self._process.wait(seconds)

    def stop(self) -> None:
        if self.alive:
            self.kill()
