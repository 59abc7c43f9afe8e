"""docs/first-route.md, done as it says: its files, its commands, and what they print."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, Block, Command, blocks, files, fits, session

PAGE = DOCS / "first-route.md"
PATIENCE = 90.0
"""Seconds for whatever is waited for, on a busy machine."""
SEEN_UP = {"simulate": "2578", "run": "2577"}
"""The port on which each command that stays listens."""


class Reader:
    """Somebody who follows the page in a folder. The ports of the page are exchanged for free ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with ExitStack() as held:
            free = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
            self.ports = {port: str(free[n].getsockname()[1]) for n, port in enumerate(("2577", "2578"))}
            self.web = f"127.0.0.1:{free[2].getsockname()[1]}"
        self.children: list[subprocess.Popen[bytes]] = []
        self.log = folder / "children.log"

    def own(self, text: str) -> str:
        return re.sub("2577|2578", lambda found: self.ports[found[0]], text)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.own(text), "utf-8")

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WAYBILL_")}
        return {**kept, "WAYBILL_WEB": self.web}

    def command(self, command: Command) -> list[str]:
        words = [self.own(word) for word in command.words]
        assert words[0] == "waybill"
        if "PREVIOUS" in words:
            words[words.index("PREVIOUS")] = self.previous()
        return [sys.executable, "-m", "engine.cli", *words[1:]]

    def previous(self) -> str:
        found = subprocess.run(
            [sys.executable, "-m", "engine.cli", "revisions", "--json"],
            cwd=self.folder, env=self.environment(), capture_output=True, check=True, timeout=PATIENCE,
        )  # fmt: skip
        return next(str(one["revision"]) for one in json.loads(found.stdout) if not one["current"])[:12]

    def follow(self, block: Block) -> None:
        if block.rest:
            edit, name, old, new = block.rest.replace("\\ ", "\0").split(" ")
            assert edit == "edit"
            text = (self.folder / name).read_text("utf-8")
            assert old.replace("\0", " ") in text
            self.write(name, text.replace(old.replace("\0", " "), new.replace("\0", " ")))
        for command in session(block.text):
            if command.stays:
                self.start(command)
            else:
                self.run(command)

    def run(self, command: Command) -> None:
        done = subprocess.run(
            self.command(command), cwd=self.folder, env=self.environment(), timeout=PATIENCE, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        assert fits(command.output, done.stdout), f"{command.line}\n{done.stdout}"
        assert done.returncode == command.status, f"{command.line}\n{done.stdout}"

    def start(self, command: Command) -> None:
        with self.log.open("ab") as log:
            child = subprocess.Popen(
                self.command(command), cwd=self.folder, env=self.environment(), stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self.children.append(child)
        port = int(self.ports[SEEN_UP[command.words[1]]])
        end = time.monotonic() + PATIENCE
        while not listens(port):
            assert child.poll() is None, self.log.read_text()
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def leave(self) -> None:
        for child in reversed(self.children):
            child.send_signal(signal.SIGTERM)
        for child in reversed(self.children):
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()
                raise


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(name="reader")
def fixture_reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    reader.leave()


def test_the_page_works_as_it_says(reader: Reader):
    for name, text in files(PAGE).items():
        reader.write(name, text)
    sessions = [block for block in blocks(PAGE) if block.language == "console"]
    assert len(sessions) >= 6
    for block in sessions:
        reader.follow(block)
    (taken,) = map(json.loads, (reader.folder / "archive.jsonl").read_text("utf-8").splitlines())
    assert "|ARCHIVE|" in taken["text"]
    assert "LIPID PANEL" in taken["text"]
